"""The coordinate convention of the whole project, and plane geometry on it.

Points are (x, y) in pixels of the upright picture, float32; x grows to the right and y down. The
corners of a quad run clockwise on the screen from the corner where reading starts.
"""

import numpy as np
import numpy.typing as npt
from shapely import make_valid
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Points = npt.NDArray[np.float32]


def signed_area(points: npt.ArrayLike) -> float:
    """Area of a polygon (K, 2) in square pixels, positive when it runs clockwise on the screen."""
    x, y = np.asarray(points, np.float64).T
    return float(0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def clockwise_from_top_left(quad: npt.ArrayLike) -> Points:
    """The same four corners (4, 2), clockwise, starting from the one with the smallest x + y.

    This is the rule of CRAFT's post-processing for detections, whose reading direction is unknown.
    """
    corners = np.asarray(quad, np.float32)
    if signed_area(corners) < 0:
        corners = corners[::-1]
    ordered: Points = np.roll(corners, -int(corners.sum(axis=1).argmin()), axis=0)
    return ordered


def transform(points: npt.ArrayLike, matrix: npt.NDArray[np.floating]) -> Points:
    """Points (..., 2) mapped by a 3x3 homography."""
    xy = np.asarray(points, np.float64)
    mapped = xy @ matrix[:, :2].T + matrix[:, 2]
    projected: Points = (mapped[..., :2] / mapped[..., 2:]).astype(np.float32)
    return projected


def repaired(points: npt.ArrayLike) -> Polygon:
    """A valid polygon of points (K, 2): one that crosses itself becomes its largest simple part.

    The result is empty where the points enclose no area.
    """
    xy = np.asarray(points, np.float64)
    if len(xy) < 3:
        return Polygon()
    polygon = Polygon(xy)
    return polygon if polygon.is_valid else _largest_part(make_valid(polygon))


def _largest_part(geometry: BaseGeometry) -> Polygon:
    parts = [geometry] if isinstance(geometry, Polygon) else list(getattr(geometry, "geoms", []))
    parts = [p for g in parts for p in (g.geoms if isinstance(g, MultiPolygon) else [g])]
    polygons = [p for p in parts if isinstance(p, Polygon)]
    return max(polygons, key=lambda p: p.area, default=Polygon())
