"""Arithmetic on arrays of vectors, and a search for pairs of things near each other."""

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

STRAIGHT = float(np.cos(np.deg2rad(12)))  # cosine of the largest turn within a straight line
TINY = 1e-3  # pixels


def unit(vectors: Floats) -> Floats:
    """Return vectors (..., 2) of length 1 in the same directions."""
    return np.asarray(vectors / length(vectors)[..., None])


def length(vectors: Floats) -> Floats:
    """Return the lengths (...) of vectors (..., 2), at least TINY."""
    return np.maximum(np.hypot(vectors[..., 0], vectors[..., 1]), TINY)


def turned(vectors: Floats) -> Floats:
    """Rotate vectors (..., 2) by a quarter turn clockwise on the screen, towards the next line."""
    return np.stack([-vectors[..., 1], vectors[..., 0]], axis=-1)


def dot(one: Floats, two: Floats) -> Floats:
    """Return the scalar products (...) of vectors (..., 2)."""
    return np.asarray(one[..., 0] * two[..., 0] + one[..., 1] * two[..., 1])


def span(points: Floats, directions: Floats) -> tuple[Floats, Floats]:
    """Return the least and greatest (N,) of points (N, K, 2) along directions (N, 2)."""
    places = dot(points, directions[:, None])
    return places.min(axis=1), places.max(axis=1)


def near(points: Floats, reach: Floats, of: Bools | None = None) -> tuple[Indices, Indices]:
    """Return pairs (i, j), i != j, where j's upright box meets i's, enlarged by i's reach (N,).

    Args:
        points: (N, K, 2), the points of each thing.
        reach: (N,).
        of: (N,), which i to search for; by default all.
    """
    low, high = points.min(axis=1), points.max(axis=1)
    tree = shapely.STRtree(shapely.box(*low.T, *high.T))
    asked = np.arange(len(points)) if of is None else np.flatnonzero(of)
    low, high = low[asked] - reach[asked, None], high[asked] + reach[asked, None]
    one, two = tree.query(shapely.box(*low.T, *high.T))
    others = asked[one] != two
    return asked[one[others]], two[others]
