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


@dataclass
class Candidate:
    """A detector and what it found.

    Attributes:
        name: in tables; no two are the same.
        facts: what it is, for tables and JSON.
        detections: of the samples, in their order.
        model: that found them, with `thresholds`; None where files were read.
        metrics: by protocol, filled by `score_by`.
    """

    name: str
    facts: dict[str, Any]
    detections: Sequence[Detections]
    model: ModelRunner | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    metrics: dict[str, Metric] = field(default_factory=dict)

    def score_by(self, samples: Sequence[Sample], protocol: str) -> None:
        """Scores all samples by a protocol."""
        self.metrics[protocol] = Metric.of(protocol, samples, self.detections)


def rows(candidates: Sequence[Candidate], protocols: Sequence[str]) -> list[dict[str, Any]]:
    """Figures of each detector by each protocol: name, protocol, score, 95 % interval of H-mean."""
    return [
        {"name": one.name, "protocol": protocol}
        | one.metrics[protocol].summary().facts()
        | {
            "hmean_interval": interval(hmeans(one.metrics[protocol].tallies)),
            "pictures_with_false_finds": sum(
                tally.detections > tally.correct for tally in one.metrics[protocol].tallies
            ),
        }
        | one.facts
        for protocol in protocols
        for one in candidates
    ]


def differences(candidates: Sequence[Candidate], protocols: Sequence[str]) -> list[dict[str, Any]]:
    """H-mean of each detector less that of the first, with the paired 95 % interval."""
    result = []
    for protocol in protocols:
        first, *others = candidates
        base = first.metrics[protocol]
        for one in others:
            metric = one.metrics[protocol]
            draws = hmeans(metric.tallies) - hmeans(base.tallies)
            result.append(
                {
                    "name": one.name,
                    "against": first.name,
                    "protocol": protocol,
                    "hmean": metric.summary().hmean - base.summary().hmean,
                    "hmean_interval": interval(draws),
                }
            )
    return result
