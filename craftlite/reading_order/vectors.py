"""Arithmetic on many vectors at once, and pairs of things that lie near each other."""

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

STRAIGHT = float(np.cos(np.deg2rad(12)))  # of the turn that a straight line may have
TINY = 1e-3  # pixels


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


def near(points: Floats, reach: Floats, of: Bools | None = None) -> tuple[Indices, Indices]:
    """Pairs (i, j), i != j, of which j's upright box meets that of i, enlarged by i's reach (N,).

    Args:
        points: (N, K, 2), those of each.
        reach: (N,).
        of: (N,) which i are asked for; by default all.
    """
    low, high = points.min(axis=1), points.max(axis=1)
    tree = shapely.STRtree(shapely.box(*low.T, *high.T))
    asked = np.arange(len(points)) if of is None else np.flatnonzero(of)
    low, high = low[asked] - reach[asked, None], high[asked] + reach[asked, None]
    one, two = tree.query(shapely.box(*low.T, *high.T))
    others = asked[one] != two
    return asked[one[others]], two[others]
