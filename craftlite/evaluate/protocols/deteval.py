"""DetEval by the rules of ICDAR 2013 (Robust Reading, challenge 2, task 1).

Words may be split or merged. Wolf and Jolion, "Object Count/Area Graphs for the Evaluation of
Object Detection and Segmentation Algorithms", IJDAR 2006, in the competition's version: upright
boxes of whole pixels, including their last row and column. There are three passes, each over what
the passes before it left unmatched:

1. one to one: a box that alone covers the truth, if the two overlap no other scored box;
2. one to many: a truth covered by the boxes that lie in it, if two or more touch it;
3. many to one: a box over several truths, if it touches two or more.

A group of one truth and one box scores 1 for both, in any pass; a split truth and each of its boxes
score 0.8; merged truths and their box score 1 each.
"""

from collections.abc import Sequence

import numpy as np

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.overlap import only_ones
from craftlite.evaluate.score import Floats, MatchedGroup, Matching
from craftlite.geometry import Points

MIN_RECALL = 0.8
MIN_PRECISION = 0.4
MAX_DISTANCE = 1.0  # between the centres, relative to the mean of the two diagonals
SPLIT = 0.8
MERGED = 1.0
DIGITS = 4  # sums of ratios are rounded to so many decimals before they are compared


def match(truths: Sequence[Word], outlines: Sequence[Points]) -> Matching:
    """Match the truths of one picture with detected outlines (K, 2), each as its upright box.

    A detection with more than 0.4 of its box in one don't-care box is not scored.
    """
    truth_boxes, boxes = upright([word.polygon for word in truths]), upright(outlines)
    truth_scored = np.array([not word.ignore for word in truths], bool)
    shared = shared_areas(truth_boxes, boxes)
    recall = shared / areas(truth_boxes)[:, None]
    precision = shared / areas(boxes)
    counts = ~(precision[~truth_scored] > MIN_PRECISION).any(axis=0)

    free_truths, free = truth_scored.copy(), counts.copy()
    touching = recall > 0
    truths_touch = (touching & counts).sum(axis=1)
    boxes_touch = (touching & truth_scored[:, None]).sum(axis=0)
    groups: list[MatchedGroup] = []

    def add(truths: list[int], boxes: list[int]) -> None:
        free_truths[truths] = free[boxes] = False
        groups.append(MatchedGroup(tuple(truths), tuple(boxes)))

    alone = (truths_touch == 1)[:, None] & (boxes_touch == 1)
    good = (recall >= MIN_RECALL) & (precision >= MIN_PRECISION)
    near = distances(truth_boxes, boxes) < MAX_DISTANCE
    pairs = only_ones(good) & alone & near & truth_scored[:, None] & counts
    for truth, box in np.argwhere(pairs).tolist():
        add([truth], [box])
    for truth in np.flatnonzero(free_truths & (truths_touch >= 2)).tolist():
        parts = np.flatnonzero((precision[truth] >= MIN_PRECISION) & free)
        if covers(recall[truth, parts], MIN_RECALL):
            add([truth], parts.tolist())
    for box in np.flatnonzero(free & (boxes_touch >= 2)).tolist():
        parts = np.flatnonzero((recall[:, box] >= MIN_RECALL) & free_truths)
        if covers(precision[parts, box], MIN_PRECISION):
            add(parts.tolist(), [box])
    return Matching.of_groups(groups, truth_scored, counts, split=SPLIT, merged=MERGED)


def upright(outlines: Sequence[Points]) -> Floats:
    """Return upright boxes (N, 4): left, top, right, bottom."""
    boxes = [(*points.min(axis=0), *points.max(axis=0)) for points in outlines]
    return np.array(boxes, np.float64).reshape(-1, 4)


def areas(boxes: Floats) -> Floats:
    """Return the areas (N,) of boxes in pixels, including their last row and column."""
    return np.asarray((boxes[:, 2:] - boxes[:, :2] + 1).prod(axis=1))


def shared_areas(ones: Floats, others: Floats) -> Floats:
    """Return the areas (A, B) in pixels that pairs of boxes share."""
    low = np.maximum(ones[:, None, :2], others[None, :, :2])
    high = np.minimum(ones[:, None, 2:], others[None, :, 2:])
    return np.asarray((high - low + 1).clip(min=0).prod(axis=2))


def distances(ones: Floats, others: Floats) -> Floats:
    """Return distances (A, B) of centres, relative to the mean of the two boxes' diagonals."""
    sizes = [boxes[:, 2:] - boxes[:, :2] + 1 for boxes in (ones, others)]
    centres = [boxes[:, :2] + size / 2 for boxes, size in zip((ones, others), sizes, strict=True)]
    apart = np.linalg.norm(centres[0][:, None] - centres[1][None], axis=2)
    diagonals = [np.linalg.norm(size, axis=1) for size in sizes]
    return np.asarray(2 * apart / (diagonals[0][:, None] + diagonals[1]))


def covers(shares: Floats, least: float) -> bool:
    """Return whether shares add up to `least`, to DIGITS decimals."""
    return bool(round(sum(shares.tolist()), DIGITS) >= least)
