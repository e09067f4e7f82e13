"""The protocols by name, and the metric that sums a protocol up over pictures."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Sample, Word
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols import cleval, deteval, deteval_polygon, iou, td500
from craftlite.evaluate.score import Matching, Score, Tally, average_precision, summed
from craftlite.geometry import Points
from craftlite.words import Words


class Protocol(NamedTuple):
    """How one picture is scored, and whether by curved outlines or by quads."""

    measure: Callable[[Sequence[Word], Sequence[Points]], Matching | Tally]
    curved: bool = False

    def outlines(self, detections: Detections) -> Sequence[Points]:
        """What is scored of a picture's detections."""
        return detections.outlines if self.curved else detections.quads


BY_NAME = {
    "iou": Protocol(iou.match),
    "deteval": Protocol(deteval.match),
    "iou-polygon": Protocol(iou.match, curved=True),
    "deteval-polygon": Protocol(deteval_polygon.match, curved=True),
    "td500": Protocol(td500.match),
    "cleval": Protocol(cleval.measure),
}


class Metric:
    """Adds up pictures by one protocol: `update` with each, then `summary`.

    Attributes:
        tallies: of the pictures so far, in their order.
    """

    def __init__(self, protocol: str = "iou") -> None:
        self.protocol = BY_NAME[protocol]
        self.tallies: list[Tally] = []
        self._scores: list[npt.NDArray[np.float32]] | None = []
        self._correct: list[npt.NDArray[np.bool_]] = []

    def update(self, truths: Sequence[Word], detections: Detections) -> Matching | Tally:
        """Adds one picture; returns how its words were matched, or the sums where none are."""
        result = self.protocol.measure(truths, self.protocol.outlines(detections))
        if isinstance(result, Tally):
            self.tallies.append(result)
            self._scores = None
            return result
        self.tallies.append(result.tally())
        if detections.scores is None and len(detections):
            self._scores = None
        if self._scores is not None and detections.scores is not None:
            self._scores.append(detections.scores[result.detection_scored])
            self._correct.append(result.correct[result.detection_scored] > 0)
        return result

    def summary(self) -> Score:
        """The score of the pictures so far."""
        score = summed(self.tallies)
        if not self._scores:
            return score
        precision = average_precision(
            np.concatenate(self._scores).astype(np.float64),
            np.concatenate(self._correct),
            score.truths,
        )
        return summed(self.tallies, precision)


def score(
    samples: Iterable[Sample],
    detect: Callable[[npt.NDArray[np.uint8]], Words],
    protocol: str = "iou",
) -> Score:
    """Scores a detector that is given each picture as stored, (H, W, 3) uint8 RGB."""
    metric = Metric(protocol)
    for sample in samples:
        metric.update(sample.words, Detections.of(detect(sample.pixels())))
    return metric.summary()
