"""Detectors scored side by side on one dataset: rows of figures, and their differences."""

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
    """A split of a dataset to score on.

    Attributes:
        name: the displayed name, which is unique.
        layout: the dataset's name in the table DATASETS.
        split: its name.
        samples: pictures with their words.
        protocols: the protocols to score by, the main one first.
    """

    name: str
    layout: str
    split: str
    samples: Sequence[Sample]
    protocols: Sequence[str]

    def has_words(self) -> bool:
        """Return whether there is any word to find, not only don't-care regions."""
        return any(not word.ignore for sample in self.samples for word in sample.words)


@dataclass
class Candidate:
    """A detector and its detections.

    Attributes:
        name: the name in tables, which is unique.
        facts: its properties, for tables and JSON.
        detections: of the samples, in their order.
        model: the model that found them with `thresholds`; None if they were read from files.
        metrics: by protocol, filled by `score_on`.
        note: a caveat about its figures, or None.
    """

    name: str
    facts: dict[str, Any]
    detections: Sequence[Detections]
    model: ModelRunner | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    metrics: dict[str, Metric] = field(default_factory=dict)
    note: str | None = None

    def score_on(self, data: EvaluationSet) -> None:
        """Score all samples by each protocol."""
        for protocol in data.protocols:
            self.metrics[protocol] = Metric.of(protocol, data.samples, self.detections)

    def word_protocols(self) -> list[str]:
        """Return its protocols that match words, that is, all but cleval."""
        return [name for name, metric in self.metrics.items() if metric.matchings]


def rows(candidates: Sequence[Candidate], protocols: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row for each detector and protocol: name, scores, 95 % interval of H-mean."""
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
    """Describe how comparable the detectors' times are; None if only one was timed."""
    times = {row["name"]: row["milliseconds"] for row in rows if "milliseconds" in row}
    cached = [name for name, milliseconds in times.items() if milliseconds is None]
    if cached:
        return f"not timed: {', '.join(cached)}, because maps were cached; see craftlite bench"
    if len(times) > 1:
        return "timed one after the other in this run; craftlite bench interleaves the networks"
    return None


def differences(candidates: Sequence[Candidate], protocols: Sequence[str]) -> list[dict[str, Any]]:
    """Return each detector's H-mean minus that of the first, with the paired 95 % interval."""
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
