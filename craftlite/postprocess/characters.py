"""Splitting words into characters at the saddles between peaks of the region map."""

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Labels, Map, Mask, Points

PROMINENCE = 0.05  # minimum height of a character's peak above the saddle to the next one
LEVEL_STEP = 0.05  # between the levels at which characters may separate


def split_characters(
    scores: Map, body: Mask, origin: tuple[int, int], quad: Points, low: float
) -> Points:
    """Return boxes that split a word's body between its characters.

    Args:
        scores: (h, w) float32, the region map on the word's text pixels and 0 elsewhere.
        body: (h, w) uint8, 1 on the pixels that the word's quad encloses, else 0.
        origin: (x, y) of the top left corner of both in the map, in pixels.
        quad: (4, 2) float32, the word's rectangle in map pixels, clockwise from the corner with the
            smallest x + y.
        low: the score, in 0..1, above which a pixel is text.

    Returns:
        (M, 4, 2) float32, M at least 1, in map pixels, clockwise, in reading order (to the right,
        or down if the word is steep): rectangles inside the quad and parallel to it, each around
        the pixels of the body that are nearest to one character's core.
    """
    y, x = np.nonzero(body)
    owner = _nearest_core(_cores(scores, body, low))[y, x]
    order = np.argsort(owner, kind="stable")
    starts = np.flatnonzero(np.diff(owner[order], prepend=-1))
    axes = _reading_axes(quad)
    frame = (np.stack([x, y], axis=1) + origin)[order] @ axes.T
    # Add half a pixel, since pixels have a width, but never go beyond the word's own rectangle.
    edges = quad @ axes.T
    least = np.maximum(np.minimum.reduceat(frame, starts) - 0.5, edges.min(axis=0))
    most = np.minimum(np.maximum.reduceat(frame, starts) + 0.5, edges.max(axis=0))
    order = np.argsort(least[:, 0] + most[:, 0], kind="stable")
    (left, top), (right, bottom) = least[order].T, most[order].T
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    return (corners.transpose(2, 0, 1) @ axes).astype(np.float32)


def _reading_axes(quad: Points) -> npt.NDArray[np.float64]:
    """Return unit vectors (2, 2): along the word to the right (down if it is steep), and across.

    Starting at the corner with the smallest x + y, a quad's first two sides always point this way.
    """
    sides = np.array([quad[1] - quad[0], quad[2] - quad[1]], np.float64)
    lengths = np.hypot(*sides.T)
    along = sides[lengths.argmax()] / lengths.max()
    return np.array([along, [-along[1], along[0]]])


def _cores(scores: Map, body: Mask, low: float) -> Labels:
    """Return the cores of the characters, numbered from 1; other pixels are 0.

    The whole word starts as one core. The level rises from low, and a core in which two prominent
    parts separate is replaced by these. So touching blobs are split at the saddle between their
    peaks, whatever its height, and ripples lower than PROMINENCE do not split anything.
    """
    scores = np.minimum(scores, 1)
    cores = body.astype(np.int32)
    last = 1
    for level in np.arange(low, scores.max() - PROMINENCE, LEVEL_STEP).tolist():
        # 8 neighbours, because `_nearest_core` also joins pixels that touch at corners.
        count, parts = cv2.connectedComponents((scores > level).view(np.uint8), connectivity=8)
        summits = scores >= level + PROMINENCE
        parent = np.zeros(count, np.int32)
        parent[parts[summits]] = cores[summits]
        splits = np.bincount(parent, minlength=last + 1) >= 2
        splits[0] = False
        if splits.any():
            names = np.where(splits[parent], last + np.arange(count), 0)
            cores = np.where(splits[cores], names[parts], cores).astype(np.int32)
            last += count
    return cores


def _nearest_core(cores: Labels) -> Labels:
    """Return for each pixel the number of the nearest core."""
    away = (cores == 0).view(np.uint8)
    _, zones = cv2.distanceTransformWithLabels(away, cv2.DIST_L2, 5)
    number = np.zeros(zones.max() + 1, np.int32)
    number[zones[away == 0]] = cores[away == 0]
    return number[zones]
