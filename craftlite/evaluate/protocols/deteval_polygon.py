"""DetEval on outlines by the rules of Total-Text: recall 0.7 and precision 0.6.

Ch'ng and Chan, "Total-Text", IJDAR 2020, section 5, in the version of the authors' Python scripts
that works on polygons. The peculiarities of those scripts are kept: ratios are rounded to two
decimals; limits are strict in the first pass but not in the others; the many-to-one pass requires a
recall of 0.6, or 0.7 if only one truth is left; the don't-care ratio adds a pixel to the area.
"""

from collections.abc import Sequence

import numpy as np

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.overlap import only_ones, overlap
from craftlite.evaluate.score import Floats, MatchedGroup, Matching, ratio
from craftlite.geometry import Points

MIN_RECALL = 0.7
MIN_PRECISION = 0.6
MAX_DONT_CARE = 0.5
SEVERAL = 0.8  # score of each truth and detection of a split or merged group
DIGITS = 2


def match(truths: Sequence[Word], outlines: Sequence[Points]) -> Matching:
    """Match the truths of one picture with detected outlines (K, 2), in the picture's pixels.

    A detection with more than half its area in one don't-care region is not scored.
    """
    areas = overlap(truths, outlines)
    truth_scored = np.array([not word.ignore for word in truths], bool)
    in_dont_care = areas.shared[~truth_scored] / (areas.detections + 1) > MAX_DONT_CARE
    counts = ~in_dont_care.any(axis=0)

    # Unscored truths and detections are removed, so they do not affect the others.
    rows, columns = np.flatnonzero(truth_scored), np.flatnonzero(counts)
    shared = areas.shared[np.ix_(rows, columns)]
    recall = np.round(ratio(shared, areas.truths[rows]), DIGITS)
    precision = np.round(ratio(shared, areas.detections[columns]), DIGITS)
    groups = [
        MatchedGroup(tuple(rows[truths].tolist()), tuple(columns[detections].tolist()))
        for truths, detections in _groups(recall, precision)
    ]
    return Matching.of_groups(groups, truth_scored, counts, split=SEVERAL, merged=SEVERAL)


def _groups(recall: Floats, precision: Floats) -> list[tuple[list[int], list[int]]]:
    """Return the groups of the three passes over tables (T, D) of rounded ratios."""
    free_truths, free = np.ones(recall.shape[0], bool), np.ones(recall.shape[1], bool)
    groups = []

    def add(truths: list[int], detections: list[int]) -> None:
        free_truths[truths] = free[detections] = False
        groups.append((truths, detections))

    covering, inside = only_ones(recall > MIN_RECALL), only_ones(precision > MIN_PRECISION)
    # The two may be different detections; the one that covers the truth is used.
    for truth, detection in np.argwhere(covering & inside.any(axis=1, keepdims=True)).tolist():
        add([truth], [detection])
    for truth in range(len(recall)):
        if free_truths[truth] and (recall[truth] > 0).sum() >= 2:
            parts = np.flatnonzero((precision[truth] >= MIN_PRECISION) & free)
            if recall[truth, parts].sum() >= MIN_RECALL:
                add([truth], parts.tolist())
    for detection in range(recall.shape[1]):
        if free[detection] and (precision[:, detection] > 0).sum() >= 2:
            parts = np.flatnonzero((recall[:, detection] >= MIN_PRECISION) & free_truths)
            enough = precision[parts, detection].sum() >= MIN_PRECISION
            if enough and (len(parts) > 1 or recall[parts[0], detection] >= MIN_RECALL):
                add(parts.tolist(), [detection])
    return groups
