"""The protocol of ICDAR 2015 (Robust Reading, challenge 4, task 1): one truth, one detection.

It follows the competition's script: don't-care regions first, then greedy matching in file order,
and sums over all pictures. ICDAR MLT is scored likewise. It differs where that script refuses a
submission: a self-crossing detection is repaired and scored. With outlines of more points instead
of quads, this is how Total-Text and CTW1500 are scored by IoU.
"""

from collections.abc import Sequence

import numpy as np

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.overlap import overlap
from craftlite.evaluate.score import Bools, MatchedGroup, Matching, ratio
from craftlite.geometry import Points

MIN_IOU = 0.5
MAX_DONT_CARE = 0.5


def match(truths: Sequence[Word], outlines: Sequence[Points]) -> Matching:
    """Match the truths of one picture with detected outlines (K, 2), in the picture's pixels.

    A detection with more than half its area in one don't-care region is not scored. Then each
    truth, in order, is matched with the first free detection whose IoU with it is above 0.5.
    """
    areas = overlap(truths, outlines)
    truth_scored = np.array([not word.ignore for word in truths], bool)
    in_dont_care = ratio(areas.shared[~truth_scored], areas.detections) > MAX_DONT_CARE
    detection_scored = np.asarray(~in_dont_care.any(axis=0))
    return one_to_one(areas.iou() > MIN_IOU, truth_scored, detection_scored)


def one_to_one(fits: Bools, truth_scored: Bools, detection_scored: Bools) -> Matching:
    """Match each scored truth, in order, with the first free detection that fits it (T, D)."""
    free_truths, free = truth_scored.copy(), detection_scored.copy()
    groups: list[MatchedGroup] = []
    # argwhere runs through the truths in order and, for each, through the detections in order.
    for truth, detection in np.argwhere(fits).tolist():
        if free_truths[truth] and free[detection]:
            free_truths[truth] = free[detection] = False
            groups.append(MatchedGroup((truth,), (detection,)))
    return Matching.of_groups(groups, truth_scored, detection_scored)
