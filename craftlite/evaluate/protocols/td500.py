"""The protocol of MSRA-TD500: lines of text in any direction, as rotated boxes.

Yao et al., "Detecting Texts of Arbitrary Orientations in Natural Images", CVPR 2012, section 5.1.
Both boxes are rotated upright about their own centres before they are compared, so that the overlap
does not depend on their angles, which have a separate limit.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.iou import one_to_one
from craftlite.evaluate.score import Floats, Matching, ratio
from craftlite.geometry import Points

MIN_IOU = 0.5
MAX_ANGLE = np.pi / 8


def match(truths: Sequence[Word], outlines: Sequence[Points]) -> Matching:
    """Match the truths of one picture with outlines (K, 2), each as its smallest rectangle.

    Each truth, in order, is matched with the first free detection whose IoU with it is above 0.5
    and whose angle differs by less than 22.5 degrees. A detection that fits only don't-care truths
    in this way is not scored.
    """
    truth_boxes = turned_boxes([word.polygon for word in truths])
    boxes = turned_boxes(outlines)
    truth_scored = np.array([not word.ignore for word in truths], bool)
    fits = (overlaps(truth_boxes, boxes) > MIN_IOU) & (angles(truth_boxes, boxes) < MAX_ANGLE)
    counts = ~fits[~truth_scored].any(axis=0) | fits[truth_scored].any(axis=0)
    return one_to_one(fits, truth_scored, counts)


def turned_boxes(outlines: Sequence[Points]) -> Floats:
    """Return smallest rectangles (N, 5): centre x and y, long side, short side, long angle."""
    boxes = np.zeros((len(outlines), 5))
    for row, points in zip(boxes, outlines, strict=True):
        (x, y), (width, height), degrees = cv2.minAreaRect(points.astype(np.float32))
        if height > width:
            width, height, degrees = height, width, degrees + 90
        row[:] = x, y, width, height, np.deg2rad(degrees)
    return boxes


def overlaps(ones: Floats, others: Floats) -> Floats:
    """Return the IoU (A, B) of boxes that are rotated upright about their centres."""
    halves = [boxes[:, 2:4] / 2 for boxes in (ones, others)]
    low = np.maximum((ones[:, :2] - halves[0])[:, None], (others[:, :2] - halves[1])[None])
    high = np.minimum((ones[:, :2] + halves[0])[:, None], (others[:, :2] + halves[1])[None])
    shared = (high - low).clip(min=0).prod(axis=2)
    areas = [boxes[:, 2] * boxes[:, 3] for boxes in (ones, others)]
    return ratio(shared, areas[0][:, None] + areas[1] - shared)


def angles(ones: Floats, others: Floats) -> Floats:
    """Return differences (A, B) in radians, 0..pi/2, between the directions of the long sides."""
    difference = abs(ones[:, None, 4] - others[None, :, 4]) % np.pi
    return np.minimum(difference, np.pi - difference)
