"""The protocols by name, and the metric that accumulates a protocol over pictures."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Sample, Word
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols import cleval, deteval, deteval_polygon, iou, td500
from craftlite.evaluate.protocols.overlap import count_repaired
from craftlite.evaluate.score import Bools, Matching, Score, Tally, average_precision, summed
from craftlite.geometry import Points
from craftlite.words import Words


class Protocol(NamedTuple):
    """How one picture is scored, as text and as code, and whether by curved outlines or quads."""

    title: str
    measure: Callable[[Sequence[Word], Sequence[Points]], Matching | Tally]
    curved: bool = False

    def outlines(self, detections: Detections) -> Sequence[Points]:
        """Return the outlines of a picture's detections that are scored."""
        return detections.outlines if self.curved else detections.quads


PROTOCOLS = {
    "iou": Protocol("IoU above 0.5, one to one, as ICDAR 2015 and MLT count", iou.match),
    "deteval": Protocol("DetEval on upright boxes, as ICDAR 2013 counts", deteval.match),
    "iou-polygon": Protocol(
        "IoU above 0.5 of outlines, one to one, as for Total-Text and CTW1500",
        iou.match,
        curved=True,
    ),
    "deteval-polygon": Protocol(
        "DetEval on outlines, recall 0.7 and precision 0.6, as Total-Text counts",
        deteval_polygon.match,
        curved=True,
    ),
    "td500": Protocol(
        "IoU above 0.5 of turned boxes whose angles differ by less than 22.5 degrees", td500.match
    ),
    "cleval": Protocol(
        "characters, whatever words or lines they are found in (package cleval)", cleval.measure
    ),
}


class Metric:
    """Accumulates pictures by one protocol: call `update` with each, then `summary`.

    Attributes:
        tallies: of the pictures so far, in their order.
        matchings: likewise; empty for protocols that match no words.
        scores: of the scored detections, (D,) for each picture that has scores.
        correct: (D,) likewise, whether they are correct.
    """

    def __init__(self, protocol: str = "iou") -> None:
        self.protocol = PROTOCOLS[protocol]
        self.tallies: list[Tally] = []
        self.matchings: list[Matching] = []
        self.scores: list[npt.NDArray[np.float32]] = []
        self.correct: list[Bools] = []
        self._all_scored = True

    @classmethod
    def of(
        cls, protocol: str, samples: Iterable[Sample], detections: Iterable[Detections]
    ) -> "Metric":
        """Return the metric of pictures and their detections."""
        metric = cls(protocol)
        for sample, found in zip(samples, detections, strict=True):
            metric.update(sample.words, found)
        return metric

    def update(self, truths: Sequence[Word], detections: Detections) -> None:
        """Add one picture."""
        outlines = self.protocol.outlines(detections)
        result = self.protocol.measure(truths, outlines)
        tally = result.tally() if isinstance(result, Matching) else result
        self.tallies.append(tally._replace(repaired=count_repaired(outlines)))
        self._all_scored &= detections.scores is not None or not len(detections)
        if isinstance(result, Matching):
            self.matchings.append(result)
            if detections.scores is not None:
                self.scores.append(detections.scores[result.detection_scored])
                self.correct.append(result.correct[result.detection_scored] > 0)

    def summary(self) -> Score:
        """Return the score of the pictures so far."""
        score = summed(self.tallies)
        if not self.scores or not self._all_scored:
            return score
        scores = np.concatenate(self.scores).astype(np.float64)
        precision = average_precision(scores, np.concatenate(self.correct), score.truths)
        return replace(score, average_precision=precision)


def score(
    samples: Sequence[Sample],
    detect: Callable[[npt.NDArray[np.uint8]], Words],
    protocol: str = "iou",
) -> Score:
    """Score a detector, which is called with each picture as stored, (H, W, 3) uint8 RGB."""
    found = (Detections.of(detect(sample.pixels())) for sample in samples)
    return Metric.of(protocol, samples, found).summary()
