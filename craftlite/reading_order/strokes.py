"""Words as strokes, with a reading direction and two ends that a line can continue from."""

from typing import NamedTuple

import numpy as np

from craftlite.geometry import Points
from craftlite.reading_order.axes import axes_of, reads_level
from craftlite.reading_order.vectors import Floats, Indices, length, turned, unit

STEEPEST = np.deg2rad(-80)  # text that rises more steeply is read downwards, like vertical text


class Strokes(NamedTuple):
    """N words, or runs of words, in their reading direction.

    start, end: (N, 2) pixels; the middles of their first and last sides.
    enters, leaves: (N, 2) unit vectors, the reading directions at start and end.
    height: (N,) pixels across the reading direction.
    weight: (N,) how certain the direction is, roughly the length in pixels.
    """

    start: Floats
    end: Floats
    enters: Floats
    leaves: Floats
    height: Floats
    weight: Floats

    def take(self, chosen: Indices) -> "Strokes":
        """Return the strokes with these numbers."""
        return Strokes(*(array[chosen] for array in self))


def strokes_of(quads: Points, polygons: tuple[Points, ...]) -> Strokes:
    """Return the strokes of words, given quads (N, 4, 2) and outlines in pixels."""
    corners = quads.astype(np.float64)
    level, steep = axes_of(corners)
    along, across = length(level), length(steep)
    is_level = reads_level(corners, level, steep)
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


def forwards(vectors: Floats) -> Floats:
    """Reverse vectors (..., 2) if reading along them would go backwards or steeply up."""
    angle = np.arctan2(vectors[..., 1], vectors[..., 0])
    back = (angle <= STEEPEST) | (angle > STEEPEST + np.pi)
    return np.asarray(np.where(back[..., None], -vectors, vectors))


def edges(strokes: Strokes, number: int, polygon: Points) -> tuple[Floats, Floats]:
    """Return a word's upper and lower edge (k, 2) in reading direction, as in its outline."""
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
    """Return whether an outline runs along a word and back, with more points than a quad."""
    return len(polygon) > 4 and len(polygon) % 2 == 0


def _follow_curve(strokes: Strokes, number: int, polygon: Floats) -> None:
    """Adapt a word's stroke to its outline (2k, 2): k points along one edge, k back."""
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
