"""Detectors scored side by side on one dataset: rows of figures, and the differences."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from craftlite.data.sample import Sample
from craftlite.evaluate.bootstrap import hmeans, interval
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.runner import ModelRunner
from craftlite.postprocess import Thresholds


@dataclass(frozen=True)
class EvaluationSet:
    """A split of a dataset that is scored on.

    Attributes:
        name: on the screen; no two are the same.
        layout: the dataset's name in the table DATASETS.
        split: its name.
        samples: pictures with their words.
        protocols: that count there, the first before all.
    """

    name: str
    layout: str
    split: str
    samples: Sequence[Sample]
    protocols: Sequence[str]

    def has_words(self) -> bool:
        """Whether any word is to be found, which don't-care regions are not."""
        return any(not word.ignore for sample in self.samples for word in sample.words)


@dataclass
class Candidate:
    """A detector and what it found.

    Attributes:
        name: in tables; no two are the same.
        facts: what it is, for tables and JSON.
        detections: of the samples, in their order.
        model: that found them, with `thresholds`; None where files were read.
        metrics: by protocol, filled by `score_on`.
        note: what to know before its figures are believed; None where there is nothing.
    """

    name: str
    facts: dict[str, Any]
    detections: Sequence[Detections]
    model: ModelRunner | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    metrics: dict[str, Metric] = field(default_factory=dict)
    note: str | None = None

    def score_on(self, data: EvaluationSet) -> None:
        """Scores all samples by each protocol."""
        for protocol in data.protocols:
            self.metrics[protocol] = Metric.of(protocol, data.samples, self.detections)

    def word_protocols(self) -> list[str]:
        """Those of its protocols that match words, which cleval does not."""
        return [name for name, metric in self.metrics.items() if metric.matchings]


def rows(candidates: Sequence[Candidate], protocols: Sequence[str]) -> list[dict[str, Any]]:
    """Figures of each detector by each protocol: name, protocol, score, 95 % interval of H-mean."""
    return [_row(one, protocol) for protocol in protocols for one in candidates]


def _row(one: Candidate, protocol: str) -> dict[str, Any]:
    metric = one.metrics[protocol]
    pictures = {
        "hmean_interval": interval(hmeans(metric.tallies)),
        "pictures_with_false_finds": sum(t.detections > t.correct for t in metric.tallies),
    }
    named = {"name": one.name, "protocol": protocol}
    return named | metric.summary().facts() | pictures | one.facts


def timing_note(rows: Sequence[dict[str, Any]]) -> str | None:
    """How far the milliseconds of detectors can be compared; None where one alone was timed."""
    times = {row["name"]: row["milliseconds"] for row in rows if "milliseconds" in row}
    cached = [name for name, milliseconds in times.items() if milliseconds is None]
    if cached:
        return f"not timed: {', '.join(cached)}, as maps came from the cache; see craftlite bench"
    if len(times) > 1:
        return "timed one after the other in this run; craftlite bench times networks in turn"
    return None


def differences(candidates: Sequence[Candidate], protocols: Sequence[str]) -> list[dict[str, Any]]:
    """H-mean of each detector less that of the first, with the paired 95 % interval."""
    first, *others = candidates
    return [_difference(one, first, protocol) for protocol in protocols for one in others]


def _difference(one: Candidate, first: Candidate, protocol: str) -> dict[str, Any]:
    metric, base = one.metrics[protocol], first.metrics[protocol]
    return {
        "name": one.name,
        "against": first.name,
        "protocol": protocol,
        "hmean": metric.summary().hmean - base.summary().hmean,
        "hmean_interval": interval(hmeans(metric.tallies) - hmeans(base.tallies)),
    }
