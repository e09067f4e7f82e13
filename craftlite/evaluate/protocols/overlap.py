"""Areas that truths and detections share, for all pairs of a picture at once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from craftlite.evaluate.score import Bools, Floats
from craftlite.geometry import Points, repaired

Shapes = npt.NDArray[np.object_]


def shapes(outlines: Sequence[Points]) -> Shapes:
    """Valid polygons (N,) of outlines (K, 2); those that cross themselves are repaired."""
    polygons = np.full(len(outlines), None, object)
    lengths = np.array([len(outline) for outline in outlines], int)
    for length in set(lengths.tolist()):
        if length >= 3:
            places = np.flatnonzero(lengths == length)
            points = np.stack([outlines[place] for place in places.tolist()])
            polygons[places] = shapely.polygons(points.astype(np.float64))
    # Fewer than three points leave None, which is as little valid as a crossing is.
    for place in np.flatnonzero(~shapely.is_valid(polygons)).tolist():
        polygons[place] = repaired(outlines[place])
    return polygons


def crossing(outlines: Sequence[Points]) -> Bools:
    """Which (N,) of the outlines cross themselves or enclose no area, and so need repair."""
    return np.array(
        [len(points) < 3 or not shapely.Polygon(points).is_valid for points in outlines], bool
    )


def shared_areas(ones: Shapes, others: Shapes) -> Floats:
    """Square pixels (A, B) that each of A polygons shares with each of B."""
    shared = np.zeros((len(ones), len(others)))
    rows, columns = shapely.STRtree(others).query(ones, predicate="intersects")
    shared[rows, columns] = shapely.area(shapely.intersection(ones[rows], others[columns]))
    return shared


def ratio(part: Floats, whole: npt.ArrayLike) -> Floats:
    """part / whole, broadcast; 0 where there is no area to share."""
    whole = np.broadcast_to(whole, part.shape)
    result = np.zeros_like(part)
    np.divide(part, whole, out=result, where=whole > 0)
    return result
