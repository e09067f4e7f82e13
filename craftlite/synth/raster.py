"""Glyph contours and their rasterisation to antialiased pixel coverage."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Points

# Fractional bits of the coordinates in OpenCV's drawing functions.
_BITS = 4
# OpenCV also fills the pixels that an outline only touches, which thickens thin strokes. To limit
# this, letters are drawn enlarged and averaged.
_ENLARGED = ((16, 8), (48, 4), (float("inf"), 2))  # (at most this many pixels per em, factor)


class Contours(NamedTuple):
    """Closed contours of a glyph or of all the ink of a block; y points down.

    points: (P, 2) float32, the points of all contours, concatenated.
    sizes: number of points in each contour.
    holes: for each contour, whether it is a hole in the contours before it.
    """

    points: Points
    sizes: tuple[int, ...]
    holes: tuple[bool, ...]


class Coverage(NamedTuple):
    """Coverage of each pixel, (h, w) float32 in 0..1, and its rows and columns in the picture."""

    alpha: npt.NDArray[np.float32]
    place: tuple[slice, slice]


def contours_of(outlines: Sequence[npt.NDArray[np.floating]], hole: bool = False) -> Contours:
    """Return outlines (K, 2) as contours that are all filled, or all holes."""
    points = np.concatenate([np.zeros((0, 2)), *outlines]).astype(np.float32)
    return Contours(points, tuple(map(len, outlines)), (hole,) * len(outlines))


def joined_contours(parts: Sequence[Contours]) -> Contours:
    """Concatenate the contours of all parts."""
    return Contours(
        np.concatenate([np.zeros((0, 2)), *(part.points for part in parts)]).astype(np.float32),
        tuple(size for part in parts for size in part.sizes),
        tuple(hole for part in parts for hole in part.holes),
    )


def rasterise(contours: Contours, size: tuple[int, int], em: float, margin: int) -> Coverage | None:
    """Rasterise contours within a box around them, clipped to a picture of `size`.

    Args:
        contours: contours in pixels of the picture.
        size: (width, height) of the picture.
        em: pixels per em of the letters.
        margin: extra pixels around the contours, for shadows and outlines.

    Returns:
        The coverage, or None if there are no contours or the box lies outside the picture.
    """
    points, sizes, holes = contours
    if not sizes:
        return None
    low = np.floor(points.min(axis=0)).astype(int) - margin
    high = np.ceil(points.max(axis=0)).astype(int) + margin
    (left, top), (right, bottom) = np.maximum(low, 0).tolist(), np.minimum(high, size).tolist()
    if left >= right or top >= bottom:
        return None
    fine = next(factor for most, factor in _ENLARGED if em <= most)
    canvas = np.zeros(((bottom - top) * fine, (right - left) * fine), np.uint8)
    # Here pixel (0, 0) covers the square from 0 to 1; in OpenCV its centre is at (0, 0).
    at = (points - (left, top)) * fine - 0.5
    fixed = np.rint(at * (1 << _BITS)).astype(np.int32)
    for contour, hole in zip(np.split(fixed, np.cumsum(sizes)[:-1]), holes, strict=True):
        cv2.fillPoly(canvas, [contour], 0 if hole else 255, cv2.LINE_8, _BITS)
    small = cv2.resize(canvas, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    alpha = small.astype(np.float32) / np.float32(255)
    return Coverage(alpha, np.s_[top:bottom, left:right])
