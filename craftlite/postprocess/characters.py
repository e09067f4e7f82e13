"""The characters of a word, parted where the region map has a saddle between two peaks."""

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Labels, Map, Mask, Points

PROMINENCE = 0.05  # how far a character's peak rises above the level that parts it from the next
LEVEL_STEP = 0.05  # between the levels at which characters may part


def split_characters(
    scores: Map, body: Mask, origin: tuple[int, int], quad: Points, low: float
) -> Points:
    """The boxes that part a word's body between its characters.

    Args:
        scores: (h, w) float32, the region map on the word's text pixels and 0 elsewhere.
        body: (h, w) uint8, 1 on the pixels that the word's quad was laid around, else 0.
        origin: (x, y) of the corner of both in the map, in pixels.
        quad: (4, 2) float32, the word's rectangle in map pixels, clockwise from the corner with the
            smallest x + y.
        low: the score, in 0..1, above which a pixel is text.

    Returns:
        (M, 4, 2) float32, M at least 1, in map pixels, clockwise, in reading order (to the right,
        or down if the word is steep): rectangles inside the quad and with its directions, each
        around the pixels of the body that are nearest to one character's core.
    """
    y, x = np.nonzero(body)
    owner = _nearest_core(_cores(scores, body, low))[y, x]
    order = np.argsort(owner, kind="stable")
    starts = np.flatnonzero(np.diff(owner[order], prepend=-1))
    axes = _reading_axes(quad)
    frame = (np.stack([x, y], axis=1) + origin)[order] @ axes.T
    # Half a pixel more, for a pixel has a width; but never beyond the word's own rectangle.
    edges = quad @ axes.T
    least = np.maximum(np.minimum.reduceat(frame, starts) - 0.5, edges.min(axis=0))
    most = np.minimum(np.maximum.reduceat(frame, starts) + 0.5, edges.max(axis=0))
    order = np.argsort(least[:, 0] + most[:, 0], kind="stable")
    (left, top), (right, bottom) = least[order].T, most[order].T
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    return (corners.transpose(2, 0, 1) @ axes).astype(np.float32)


def _reading_axes(quad: Points) -> npt.NDArray[np.float64]:
    """Unit vectors (2, 2): along the word, to the right (down if it is steep), and across it.

    From the corner with the smallest x + y, a quad's first two sides never run the other way.
    """
    sides = np.array([quad[1] - quad[0], quad[2] - quad[1]], np.float64)
    lengths = np.hypot(*sides.T)
    along = sides[lengths.argmax()] / lengths.max()
    return np.array([along, [-along[1], along[0]]])


def _cores(scores: Map, body: Mask, low: float) -> Labels:
    """The cores of the characters, numbered from 1; other pixels are 0.

    The whole word starts as one core. As the level rises from low, a core in which two prominent
    parts separate gives way to them: blobs that touch part at the saddle between their peaks,
    whatever its height, and a ripple lower than PROMINENCE parts nothing.
    """
    scores = np.minimum(scores, 1)
    cores = body.astype(np.int32)
    last = 1
    for level in np.arange(low, scores.max() - PROMINENCE, LEVEL_STEP).tolist():
        # Cores meet at corners, too, when their nearest pixels are sought: hence 8 neighbours.
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
    """The number of the core that is nearest to each pixel."""
    away = (cores == 0).view(np.uint8)
    _, zones = cv2.distanceTransformWithLabels(away, cv2.DIST_L2, 5)
    number = np.zeros(zones.max() + 1, np.int32)
    number[zones[away == 0]] = cores[away == 0]
    return number[zones]
