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

REACH = 2.0  # short sides of a word in which its neighbours begin
LEVEL = 0.5  # what speaks for the level axis beforehand, as a logarithm of the aspect
VOTE = 1.5  # weight of a neighbour's aspect beside the word's own
SQUARE = 0.35  # logarithm of an aspect below which a word has no long side
STEEPEST = np.deg2rad(-80)  # text that rises more is read downwards, as vertical text is
TINY = 1e-3  # pixels


class Strokes(NamedTuple):
    """N words, or runs of words, in their reading direction.

    head, tail: (N, 4, 2) pixels; the quads of their first and last parts.
    enters, leaves: (N, 2) unit vectors, the reading directions there.
    height: (N,) pixels across the reading direction.
    weight: (N,) how sure the direction is, about its length in pixels.
    """

    head: Floats
    tail: Floats
    enters: Floats
    leaves: Floats
    height: Floats
    weight: Floats


def strokes_of(quads: Points, polygons: tuple[Points, ...]) -> Strokes:
    """The strokes of words' quads (N, 4, 2) and their outlines, in pixels."""
    corners = quads.astype(np.float64)
    level, steep = _axes(corners)
    along, across = length(level), length(steep)
    is_level = _reads_level(corners, level, steep)
    direction = forwards(unit(np.where(is_level[:, None], level, steep)))
    elongation = abs(np.log(along / across))
    strokes = Strokes(
        head=corners,
        tail=corners.copy(),
        enters=direction,
        leaves=direction.copy(),
        height=np.where(is_level, across, along),
        weight=np.maximum(along, across) * np.clip(elongation, 0.02, 1),
    )
    for number, polygon in enumerate(polygons):
        if len(polygon) > 4 and len(polygon) % 2 == 0:
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


def span(points: Floats, directions: Floats) -> tuple[Floats, Floats]:
    """Least and greatest (N,) of points (N, K, 2) along directions (N, 2)."""
    places = np.einsum("nkd,nd->nk", points, directions)
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


def _reads_level(quads: Floats, level: Floats, steep: Floats) -> npt.NDArray[np.bool_]:
    """Which words (N,) are read along their level axis."""
    along, across = length(level), length(steep)
    aspect = np.log(along / across)
    one, two = near(quads, REACH * np.minimum(along, across))
    alike = abs((unit(level)[one] * unit(level)[two]).sum(axis=1)) > np.cos(np.deg2rad(20))
    one, two = one[alike], two[alike]
    between = quads[two].mean(axis=1) - quads[one].mean(axis=1)
    right = abs((between * unit(level)[one]).sum(axis=1))
    down = abs((between * unit(steep)[one]).sum(axis=1))
    beside = (down < 0.35 * np.minimum(across[one], across[two])) & _alike(across, one, two)
    below = (right < 0.35 * np.minimum(along[one], along[two])) & _alike(along, one, two)

    size = np.minimum(along, across)
    gap_beside, gap_below = np.full(len(quads), REACH), np.full(len(quads), REACH)
    gaps = (right - (along[one] + along[two]) / 2) / size[one]
    np.minimum.at(gap_beside, one[beside], np.maximum(gaps[beside], 0))
    gaps = (down - (across[one] + across[two]) / 2) / size[one]
    np.minimum.at(gap_below, one[below], np.maximum(gaps[below], 0))
    stacked = (gap_below < 0.5) & (gap_beside + 0.15 > 2.5 * (gap_below + 0.15))
    opinion = np.clip(aspect, -2, 2) + np.where((abs(aspect) < SQUARE) & stacked, -LEVEL, LEVEL)

    votes = np.where(beside, np.clip(opinion[two], 0, 1), 0)
    votes += np.where(below, np.clip(opinion[two], -1, 0), 0)
    total = opinion + VOTE * np.bincount(one, votes, minlength=len(quads))
    return np.asarray(total > 0)


def _alike(sizes: Floats, one: Indices, two: Indices) -> npt.NDArray[np.bool_]:
    return np.asarray(abs(np.log(sizes[one] / sizes[two])) < np.log(1.8))


def _follow_curve(strokes: Strokes, number: int, polygon: Floats) -> None:
    """Let a word's ends follow its outline (2k, 2): k points along one edge, k back."""
    half = len(polygon) // 2
    upper, lower = polygon[:half], polygon[: half - 1 : -1]
    spine, heights = (upper + lower) / 2, length(lower - upper)
    chord = spine[-1] - spine[0]
    if length(chord) < np.median(heights):
        return
    if chord @ forwards(chord) < 0:
        upper, lower, spine = lower[::-1], upper[::-1], spine[::-1]
    end = max(1, half // 3)
    strokes.head[number] = upper[0], upper[end], lower[end], lower[0]
    strokes.tail[number] = upper[-1 - end], upper[-1], lower[-1], lower[-1 - end]
    strokes.enters[number] = unit(spine[end] - spine[0])
    strokes.leaves[number] = unit(spine[-1] - spine[-1 - end])
    strokes.height[number] = np.median(heights)
