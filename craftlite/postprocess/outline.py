"""Curved outlines of words: the polygon step of CRAFT's post-processing (section 3.4 of the paper).

A word is rotated upright and cut into eleven segments across its reading direction. The highest
column of every second segment is a pivot. The character height, laid across the word's spine at
the five pivots and at two ends beyond the ink, gives a polygon of fourteen points.

Points of the upright word are complex numbers x + iy, so that a quarter turn clockwise on the
screen is a multiplication by i.
"""

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Labels, Mask, Points, transform

Complex = npt.NDArray[np.complex128]
Whole = npt.NDArray[np.intp]

SEGMENTS = 11  # five pivots, with a gap on either side of each
MIN_SIDE = 10  # pixels; a smaller word has no visible curvature
MAX_FULLNESS = 0.7  # if a column fills more of the word's height than this, the word is straight
MIN_ASPECT = 0.25  # segment width / highest pivot; below it the word is too short to bend
HEIGHT_GAIN = 1.45  # makes up for the region map being narrower than the glyphs
REACHES = (0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7)  # of an end beyond its pivot, in character heights


def curved_outline(labels: Labels, label: int, quad: Points, growth: float = 1.0) -> Points | None:
    """Return the polygon that follows a curved word (Baek et al. 2019, section 3.4).

    Args:
        labels: (H, W) int32, the map's connected components.
        label: the word's component, including its links.
        quad: (4, 2) float32, the word's rectangle in map pixels, clockwise.
        growth: the height of the outline, as a multiple of what the published code draws.

    Returns:
        (14, 2) float32 in map pixels, clockwise: seven points along one long side of the word and
        seven back along the other, point i facing point 13 - i. It may leave the map, and it
        crosses itself where the published rules twist it. None if the quad is good enough: the
        word is small, straight, or too short for five pivots.
    """
    width, height = (np.hypot(*(quad[:2] - quad[1:3]).T) + 1).astype(int).tolist()
    if min(width, height) < MIN_SIDE:
        return None
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    from_map = cv2.getPerspectiveTransform(quad, corners)
    # Only as many labels are read as the upright word has pixels. They are looked up as int32,
    # because OpenCV rounds to another neighbour in 8 bits.
    seen = cv2.warpPerspective(labels, from_map, (width, height), flags=cv2.INTER_NEAREST)
    word = np.asarray(seen == label, np.uint8)
    vertical = height > width
    if vertical:
        word = np.ascontiguousarray(word.T)
    filled = word.sum(axis=0)
    # A rectangle that has grown is less full.
    tallest = word.shape[0] * MAX_FULLNESS / max(growth, 1)
    if filled.max() > tallest:  # most words end here, before their extents are computed
        return None
    x = np.flatnonzero(filled >= 2)  # the columns with at least two pixels
    top = word.argmax(axis=0)[x]
    bottom = word.shape[0] - 1 - word[::-1].argmax(axis=0)[x]
    heights = bottom - top + 1
    if heights.max(initial=0) > tallest:
        return None
    spine = _spine(x, x + 0.5j * (top + bottom), heights, word.shape[1], HEIGHT_GAIN * growth)
    if spine is None:
        return None
    outline = _outline(word, *spine).view(np.float64).reshape(-1, 2)
    if vertical:
        # Swapping the axes mirrors the outline; reversing it keeps it clockwise.
        outline = outline[::-1, ::-1]
    to_map = np.asarray(cv2.getPerspectiveTransform(corners, quad), np.float64)
    return transform(outline, to_map)


def _spine(
    x: Whole, centres: Complex, heights: Whole, width: int, gain: float
) -> tuple[list[complex], list[complex]] | None:
    """Return the five pivots, and for each the vector to the lower side, half a character long.

    None if a pivot or the gap before it is missing, or the word is short.
    """
    segment = _segments(x, width)
    bounds = np.searchsorted(segment, np.arange(SEGMENTS + 1))
    sizes = bounds[1:] - bounds[:-1]
    if not sizes[:-1].all():
        return None
    highest = np.lexsort((-heights, segment))[bounds[1:-1:2]]
    *_, middle, _, tallest = sorted(heights[highest].tolist())
    if width / SEGMENTS < tallest * MIN_ASPECT:
        return None
    # Only the last segment can be empty. The published rule then takes its centre for 0, which
    # flips the last arm; this is kept so that results are comparable.
    sums = np.add.reduceat(np.append(centres, 0), bounds[:-1])
    gaps = (sums / np.maximum(sizes, 1))[::2].tolist()
    half_height = middle * gain / 2
    arms = [1j * (b - a) / abs(b - a) * half_height for a, b in pairwise(gaps)]
    return centres[highest].tolist(), arms


def _segments(x: Whole, width: int) -> Whole:
    """Return the segment 0..10 of each column.

    After a gap in the columns, the number rises by one per column until it has caught up with x,
    so that no segment is left out.
    """
    count = np.arange(len(x))
    caught_up: Whole = x * SEGMENTS // width
    return np.minimum.accumulate(caught_up - count) + count


def _outline(word: Mask, pivots: list[complex], arms: list[complex]) -> Complex:
    """Return the fourteen points: along the upper side from start to end, and back below."""
    uppers = [pivot - arm for pivot, arm in zip(pivots, arms, strict=True)]
    lowers = [pivot + arm for pivot, arm in zip(pivots, arms, strict=True)]
    slopes = [(b - a).imag / (b - a).real for a, b in pairwise(pivots)]
    # The published rule adds two neighbouring slopes, since the curve keeps bending at its ends.
    height = 2 * abs(arms[0])
    first = _end(word, uppers[0], lowers[0], -height * complex(1, sum(slopes[:2])))
    last = _end(word, uppers[-1], lowers[-1], height * complex(1, sum(slopes[-2:])))
    return np.array([first[0], *uppers, last[0], last[1], *lowers[::-1], first[1]])


def _end(word: Mask, upper: complex, lower: complex, step: complex) -> tuple[complex, complex]:
    """Move the upper and lower point along `step` until the line between them is clear of the word.

    At the greatest reach they stop in any case.
    """
    for reach in REACHES:
        a, b = upper + reach * step, lower + reach * step
        line = np.zeros_like(word)
        cv2.line(line, (int(a.real), int(a.imag)), (int(b.real), int(b.imag)), 1)
        if not (word & line).any():
            break
    return a, b
