"""Detectors scored side by side on one dataset: rows of figures, and the differences."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from craftlite.data.sample import Sample
from craftlite.evaluate.bootstrap import hmeans, interval
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.runner import ModelRunner
from craftlite.evaluate.score import Matching, Score
from craftlite.postprocess import Thresholds


@dataclass
class Candidate:
    """A detector and what it found.

    Attributes:
        name: in tables; no two are the same.
        facts: what it is, for tables and JSON.
        detections: of the samples, in their order.
        model: that found them, with `thresholds`; None where files were read.
        metrics: by protocol, filled by `judge`.
        matchings: by protocol, of the samples; empty for protocols that count no words.
    """

    name: str
    facts: dict[str, Any]
    detections: Sequence[Detections]
    model: ModelRunner | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    metrics: dict[str, Metric] = field(default_factory=dict)
    matchings: dict[str, list[Matching]] = field(default_factory=dict)

    def score_by(self, samples: Sequence[Sample], protocol: str) -> None:
        """Scores all samples by a protocol."""
        metric = Metric(protocol)
        results = [
            metric.update(sample.words, found)
            for sample, found in zip(samples, self.detections, strict=True)
        ]
        self.metrics[protocol] = metric
        self.matchings[protocol] = [one for one in results if isinstance(one, Matching)]

    def score(self, protocol: str) -> Score:
        """The score by a protocol that it was judged by."""
        return self.metrics[protocol].summary()


def rows(candidates: Sequence[Candidate], protocols: Sequence[str]) -> list[dict[str, Any]]:
    """Figures of each detector by each protocol: name, protocol, score, 95 % interval of H-mean."""
    return [
        {"name": one.name, "protocol": protocol}
        | one.score(protocol).facts()
        | {"hmean_interval": list(interval(hmeans(one.metrics[protocol].tallies)))}
        | {"pictures_with_false_finds": _with_false_finds(one.metrics[protocol])}
        | one.facts
        for protocol in protocols
        for one in candidates
    ]


def _with_false_finds(metric: Metric) -> int:
    """How many pictures have a detection that is not correct."""
    return sum(tally.detections > tally.correct for tally in metric.tallies)


def differences(candidates: Sequence[Candidate], protocols: Sequence[str]) -> list[dict[str, Any]]:
    """H-mean of each detector less that of the first, with the paired 95 % interval."""
    return [
        {
            "name": one.name,
            "against": candidates[0].name,
            "protocol": protocol,
            "hmean": one.score(protocol).hmean - candidates[0].score(protocol).hmean,
            "hmean_interval": list(
                interval(
                    hmeans(one.metrics[protocol].tallies)
                    - hmeans(candidates[0].metrics[protocol].tallies)
                )
            ),
        }
        for protocol in protocols
        for one in candidates[1:]
    ]
