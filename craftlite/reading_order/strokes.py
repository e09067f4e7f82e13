"""Words as strokes, with a reading direction and two ends from which a line goes on.

A quad alone does not show its reading direction. It has two axes, one within 45 degrees of level
and one steeper. The longer one is mostly right, but "I" is tall in a level line, and a single
Chinese character square in a column: the neighbours decide with the word itself.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from craftlite.geometry import Points

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

LEVEL = 0.7  # what speaks for the level axis beforehand, as a logarithm of the aspect
BESIDE = 1.5  # weight of the opinion of a neighbour in the same row or column
ELSEWHERE = 0.5  # that of one elsewhere
AROUND = 2.5  # times its size around a word are its neighbours
SQUARE = 0.35  # logarithm of an aspect below which a word has no long side
STEEPEST = np.deg2rad(-80)  # text that rises more is read downwards, as vertical text is
STRAIGHT = np.cos(np.deg2rad(12))  # of the turn that a straight line may have
TINY = 1e-3  # pixels


class Strokes(NamedTuple):
    """N words, or runs of words, in their reading direction.

    start, end: (N, 2) pixels; the middles of their first and last sides.
    enters, leaves: (N, 2) unit vectors, the reading directions there.
    height: (N,) pixels across the reading direction.
    weight: (N,) how sure the direction is, about as the length in pixels.
    """

    start: Floats
    end: Floats
    enters: Floats
    leaves: Floats
    height: Floats
    weight: Floats

    def take(self, chosen: Indices) -> "Strokes":
        """Those of some numbers."""
        return Strokes(*(array[chosen] for array in self))


def strokes_of(quads: Points, polygons: tuple[Points, ...]) -> Strokes:
    """The strokes of words' quads (N, 4, 2) and their outlines, in pixels."""
    corners = quads.astype(np.float64)
    level, steep = _axes(corners)
    along, across = length(level), length(steep)
    is_level = _reads_level(corners, level, steep)
    axis = forwards(np.where(is_level[:, None], level, steep))
    middle, direction = corners.mean(axis=1), unit(axis)
    elongation = np.clip(abs(np.log(along / across)), 0.02, 1)
    strokes = Strokes(
        start=middle - axis / 2,
        end=middle + axis / 2,
        enters=direction,
        leaves=direction.copy(),
        height=np.where(is_level, across, along),
        weight=np.maximum(along, across) * elongation,
    )
    for number, polygon in enumerate(polygons):
        if is_curve(polygon):
            _follow_curve(strokes, number, polygon.astype(np.float64))
    return strokes


def unit(vectors: Floats) -> Floats:
    """Vectors (..., 2) of length 1 in the same directions."""
    return np.asarray(vectors / length(vectors)[..., None])


def length(vectors: Floats) -> Floats:
    """Lengths (...) of vectors (..., 2), TINY at least."""
    return np.maximum(np.hypot(vectors[..., 0], vectors[..., 1]), TINY)


def turned(vectors: Floats) -> Floats:
    """Vectors (..., 2) turned by a quarter, clockwise on the screen: where the next line lies."""
    return np.stack([-vectors[..., 1], vectors[..., 0]], axis=-1)


def dot(one: Floats, two: Floats) -> Floats:
    """Scalar products (...) of vectors (..., 2)."""
    return np.asarray(one[..., 0] * two[..., 0] + one[..., 1] * two[..., 1])


def span(points: Floats, directions: Floats) -> tuple[Floats, Floats]:
    """Least and greatest (N,) of points (N, K, 2) along directions (N, 2)."""
    places = dot(points, directions[:, None])
    return places.min(axis=1), places.max(axis=1)


def near(points: Floats, reach: Floats) -> tuple[Indices, Indices]:
    """Pairs (i, j), i != j, of which j's upright box meets that of i, enlarged by i's reach (N,).

    points: (N, K, 2), those of each.
    """
    low, high = points.min(axis=1), points.max(axis=1)
    tree = shapely.STRtree(shapely.box(*low.T, *high.T))
    one, two = tree.query(shapely.box(*(low - reach[:, None]).T, *(high + reach[:, None]).T))
    others = one != two
    return one[others], two[others]


def forwards(vectors: Floats) -> Floats:
    """Vectors (..., 2), turned about where reading along them would go backwards or steeply up."""
    angle = np.arctan2(vectors[..., 1], vectors[..., 0])
    back = (angle <= STEEPEST) | (angle > STEEPEST + np.pi)
    return np.asarray(np.where(back[..., None], -vectors, vectors))


def _axes(quads: Floats) -> tuple[Floats, Floats]:
    """The axes (N, 2) of quads, as long as their sides: the one nearer to level, and the other."""
    one = (quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]) / 2
    two = (quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]) / 2
    swap = (abs(unit(one)[:, 1]) > abs(unit(two)[:, 1]))[:, None]
    return np.where(swap, two, one), np.where(swap, one, two)


def _reads_level(quads: Floats, level: Floats, steep: Floats) -> Bools:
    """Which quads (N, 4, 2) with these axes (N, 2) are read along the level one."""
    along, across, middle = length(level), length(steep), quads.mean(axis=1)
    # A stroke as fine as "I" has neighbours as far away as other words have.
    short = np.maximum(np.minimum(along, across), np.median(np.minimum(along, across)) / 2)
    one, two = near(quads, AROUND * np.minimum(np.maximum(along, across), AROUND * short))
    cos, sin = (
        abs(dot(unit(level)[one], unit(level)[two])),
        abs(dot(unit(level)[one], unit(steep)[two])),
    )
    parallel = np.maximum(cos, sin) > np.cos(np.deg2rad(20))
    one, two, crossed = one[parallel], two[parallel], (sin > cos)[parallel]
    between = middle[two] - middle[one]
    right, down = abs(dot(between, unit(level)[one])), abs(dot(between, unit(steep)[one]))
    # The neighbour's sides along the word's own axes.
    wide, high = (np.where(crossed, a[two], b[two]) for a, b in ((across, along), (along, across)))
    as_high, as_wide = _alike(across[one], high), _alike(along[one], wide)
    beside = as_high & (down < 0.35 * np.minimum(across[one], high))
    below = as_wide & (right < 0.35 * np.minimum(along[one], wide))

    # Near 45 degrees neither axis is the level one.
    opinion = np.clip(np.log(along / across), -2, 2)
    opinion += LEVEL * (1 - 2 * unit(level)[:, 1] ** 2)
    gap_beside = _least(one, right - (along[one] + wide) / 2, beside, along)
    gap_below = _least(one, down - (across[one] + high) / 2, below, across)
    is_stack = (gap_below < 0.5) & (gap_beside + 0.15 > 2.5 * (gap_below + 0.15))
    opinion[is_stack & (abs(np.log(along / across)) < SQUARE)] = -LEVEL

    heard = np.clip(np.where(crossed, -opinion[two], opinion[two]), -1, 1)
    votes = BESIDE * np.where((beside & (heard > 0)) | (below & (heard < 0)), heard, 0)
    other = np.where((as_high & ~beside & (heard > 0)) | (as_wide & ~below & (heard < 0)), heard, 0)
    total = opinion + np.bincount(one, votes, minlength=len(level))
    total += np.clip(ELSEWHERE * np.bincount(one, other, minlength=len(level)), -1, 1)
    return np.asarray(total > 0)


def _alike(one: Floats, two: Floats) -> Bools:
    return np.asarray(abs(np.log(one / two)) < np.log(1.8))


def _least(of: Indices, gaps: Floats, chosen: Bools, sizes: Floats) -> Floats:
    """The least of the chosen gaps of each (N,), in its sizes; 2 where there is none."""
    least = np.full(len(sizes), 2.0)
    np.minimum.at(least, of[chosen], np.maximum(gaps[chosen] / sizes[of[chosen]], 0))
    return least


def edges(strokes: Strokes, number: int, polygon: Points) -> tuple[Floats, Floats]:
    """A word's upper and lower edge (k, 2) in reading direction, as long as its outline's."""
    start, end = strokes.start[number], strokes.end[number]
    if is_curve(polygon):
        upper, lower = np.split(polygon.astype(np.float64), 2)
        if np.allclose(start, (upper[0] + lower[-1]) / 2):
            return upper, lower[::-1]
        if np.allclose(start, (upper[-1] + lower[0]) / 2):
            return lower, upper[::-1]
    down = turned(unit(end - start)) * strokes.height[number] / 2
    return np.stack([start - down, end - down]), np.stack([start + down, end + down])


def is_curve(polygon: Points) -> bool:
    """Whether an outline runs along a word and back, with more points than a quad."""
    return len(polygon) > 4 and len(polygon) % 2 == 0


def _follow_curve(strokes: Strokes, number: int, polygon: Floats) -> None:
    """Let a word's ends follow its outline (2k, 2): k points along one edge, k back."""
    half = len(polygon) // 2
    upper, lower = polygon[:half], polygon[: half - 1 : -1]
    spine, height = (upper + lower) / 2, np.median(length(lower - upper))
    if length(spine[-1] - spine[0]) < height:
        return
    if (forwards(spine[-1] - spine[0]) != spine[-1] - spine[0]).any():
        spine = spine[::-1]
    end = max(1, half // 3)
    strokes.start[number], strokes.end[number] = spine[0], spine[-1]
    strokes.enters[number] = unit(spine[end] - spine[0])
    strokes.leaves[number] = unit(spine[-1] - spine[-1 - end])
    strokes.height[number] = height
