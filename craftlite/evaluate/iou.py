"""The protocol of ICDAR 2015 (Robust Reading, challenge 4, task 1): one truth, one detection.

It follows the competition's script: don't-care regions first, then greedy matching in file order,
and sums over all pictures. It differs where that script refuses a submission: a self-crossing
detection is repaired and counted.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import shapely

from craftlite.data.sample import Sample, Word
from craftlite.geometry import Points, repaired
from craftlite.words import Words

MIN_IOU = 0.5
MAX_DONT_CARE = 0.5


@dataclass(frozen=True)
class Matches:
    """What became of the T truths and D detections of one picture.

    Attributes:
        pairs: (M, 2) int64, the (truth, detection) indices that were matched.
        truth_counts: (T,) bool, False for don't-care truths.
        detection_counts: (D,) bool, False for detections that lie in a don't-care region.
        repaired: how many detections crossed themselves or enclosed no area.
    """

    pairs: npt.NDArray[np.int64]
    truth_counts: npt.NDArray[np.bool_]
    detection_counts: npt.NDArray[np.bool_]
    repaired: int


@dataclass(frozen=True)
class Score:
    """Counts over all pictures, don't-care words left out, and the ratios that follow from them."""

    pictures: int = 0
    truths: int = 0
    detections: int = 0
    matched: int = 0
    repaired: int = 0

    @property
    def precision(self) -> float:
        """Share of the detections that match a truth, 0..1; 0 without detections."""
        return self.matched / self.detections if self.detections else 0.0

    @property
    def recall(self) -> float:
        """Share of the truths that are found, 0..1; 0 without truths."""
        return self.matched / self.truths if self.truths else 0.0

    @property
    def hmean(self) -> float:
        """Harmonic mean of precision and recall, 0..1; 0 when both are 0."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def facts(self) -> dict[str, float | int]:
        """The ratios and counts by name."""
        ratios = {"precision": self.precision, "recall": self.recall, "hmean": self.hmean}
        return ratios | asdict(self)


class IoU:
    """Adds up pictures: `update` with each, then `summary`."""

    def __init__(self) -> None:
        self._score = Score()

    def update(self, truths: Sequence[Word], detections: Iterable[Points]) -> Matches:
        """Adds one picture's truths and detected polygons (K, 2), in pixels of that picture."""
        matches = match(truths, list(detections))
        old = self._score
        self._score = Score(
            pictures=old.pictures + 1,
            truths=old.truths + int(matches.truth_counts.sum()),
            detections=old.detections + int(matches.detection_counts.sum()),
            matched=old.matched + len(matches.pairs),
            repaired=old.repaired + matches.repaired,
        )
        return matches

    def summary(self) -> Score:
        """The score of the pictures so far."""
        return self._score


def score(samples: Iterable[Sample], detect: Callable[[npt.NDArray[np.uint8]], Words]) -> Score:
    """Scores a detector that is given each picture as stored, (H, W, 3) uint8 RGB.

    The words' quads are scored, rounded to whole pixels as the competition's files have them.
    """
    metric = IoU()
    for sample in samples:
        metric.update(sample.words, np.rint(detect(sample.pixels()).quads))
    return metric.summary()


def match(truths: Sequence[Word], detections: Sequence[Points]) -> Matches:
    """Pairs the truths of one picture with detected polygons (K, 2).

    A detection with more than half its area in one don't-care region does not count. Then each
    truth, in order, takes the first free detection whose IoU with it is above 0.5.
    """
    truth_shapes = _shapes(word.polygon for word in truths)
    shapes = _shapes(detections)
    truth_counts = np.array([not word.ignore for word in truths], bool)

    shared = shapely.area(shapely.intersection(truth_shapes[:, None], shapes[None, :]))
    areas = shapely.area(shapes)
    in_dont_care = _ratio(shared[~truth_counts], areas) > MAX_DONT_CARE
    detection_counts = np.logical_not(in_dont_care.any(axis=0), dtype=bool)

    iou = _ratio(shared, shapely.area(truth_shapes)[:, None] + areas - shared)
    candidates = (iou > MIN_IOU) & truth_counts[:, None] & detection_counts
    crossing = sum(not _is_simple(points) for points in detections)
    return Matches(_greedy(candidates), truth_counts, detection_counts, crossing)


def _greedy(candidates: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    pairs: list[tuple[int, int]] = []
    used_truths: set[int] = set()
    used_detections: set[int] = set()
    # argwhere runs through the truths in order and, for each, through the detections in order.
    for truth, detection in np.argwhere(candidates).tolist():
        if truth not in used_truths and detection not in used_detections:
            used_truths.add(truth)
            used_detections.add(detection)
            pairs.append((truth, detection))
    return np.array(pairs, np.int64).reshape(-1, 2)


def _shapes(polygons: Iterable[Points]) -> npt.NDArray[np.object_]:
    return np.array([repaired(points) for points in polygons], object)


def _ratio(part: npt.NDArray[np.float64], whole: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """part / whole, 0 where there is no area to share."""
    whole = np.broadcast_to(whole, part.shape)
    ratio = np.zeros_like(part)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def _is_simple(points: Points) -> bool:
    return len(points) >= 3 and shapely.Polygon(points).is_valid
