"""The protocol of ICDAR 2015 (Robust Reading, challenge 4, task 1): one truth, one detection.

It follows the competition's script: don't-care regions first, then greedy matching in file order,
and sums over all pictures. ICDAR MLT counts likewise. It differs where that script refuses a
submission: a self-crossing detection is repaired and counted. With outlines of more points in
place of quads, it is how Total-Text and CTW1500 are scored by IoU.
"""

from collections.abc import Sequence

import numpy as np
import shapely

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.overlap import crossing, ratio, shapes, shared_areas
from craftlite.evaluate.score import Bools, MatchedGroup, Matching
from craftlite.geometry import Points

MIN_IOU = 0.5
MAX_DONT_CARE = 0.5


def match(truths: Sequence[Word], outlines: Sequence[Points]) -> Matching:
    """Pairs the truths of one picture with detected outlines (K, 2), in the picture's pixels.

    A detection with more than half its area in one don't-care region does not count. Then each
    truth, in order, takes the first free detection whose IoU with it is above 0.5.
    """
    truth_shapes, detections = shapes([word.polygon for word in truths]), shapes(outlines)
    truth_scored = np.array([not word.ignore for word in truths], bool)
    shared, areas = shared_areas(truth_shapes, detections), shapely.area(detections)

    in_dont_care = ratio(shared[~truth_scored], areas) > MAX_DONT_CARE
    detection_scored = np.asarray(~in_dont_care.any(axis=0))
    iou = ratio(shared, shapely.area(truth_shapes)[:, None] + areas - shared)
    candidates = (iou > MIN_IOU) & truth_scored[:, None] & detection_scored
    return one_to_one(candidates, truth_scored, detection_scored, crossing(outlines))


def one_to_one(
    candidates: Bools, truth_scored: Bools, detection_scored: Bools, repaired: Bools
) -> Matching:
    """Gives each truth, in order, the first free detection among its candidates (T, D)."""
    found, correct = np.zeros(len(truth_scored)), np.zeros(len(detection_scored))
    groups: list[MatchedGroup] = []
    # argwhere runs through the truths in order and, for each, through the detections in order.
    for truth, detection in np.argwhere(candidates).tolist():
        if not found[truth] and not correct[detection]:
            found[truth] = correct[detection] = 1
            groups.append(MatchedGroup((truth,), (detection,)))
    return Matching(found, correct, truth_scored, detection_scored, tuple(groups), repaired)
