"""The project's coordinate convention, and plane geometry in it.

Points are (x, y) in pixels of the upright picture, float32; x increases to the right and y
downwards. The corners of a quad run clockwise on the screen from the corner where reading starts.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

# Types used throughout. Size: (width, height). Picture: (height, width, 3) RGB. Map, Mask and
# Labels: (height, width) scores, values 0 or 255, and component numbers. Points: (K, 2) points
# (x, y) in pixels. Matrix: a 3x3 transform of points.
Size = tuple[int, int]
Picture = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int32]
Points = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """Return the quad (4, 2) of an upright box."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def heights(quads: Points) -> npt.NDArray[np.float32]:
    """Return the shorter side of each quad (N, 4, 2), in pixels."""
    sides = np.linalg.norm(quads[:, :2] - quads[:, 1:3], axis=2)
    return np.asarray(sides.min(axis=1))


def centred_box(x: float, y: float, width: float, height: float) -> Points:
    """Return the quad (4, 2) of an upright box with the centre (x, y)."""
    return box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def rotated(points: Points, angle: float, about: Points) -> Points:
    """Rotate points (K, 2) clockwise on the screen by an angle in radians about a point (2,)."""
    cos, sin = np.cos(angle), np.sin(angle)
    turned: Points = (points - about) @ np.array([[cos, sin], [-sin, cos]]) + about
    return turned.astype(np.float32)


def hull(points: Points) -> Points:
    """Return the convex hull (M, 2) of points (K, 2), K >= 3; collinear points are unchanged."""
    corners = cv2.convexHull(points)[:, 0].astype(np.float32)
    return clockwise(corners) if len(corners) > 2 else points


def signed_area(points: npt.ArrayLike) -> float:
    """Return a polygon's (K, 2) area in square pixels, positive if clockwise on the screen."""
    x, y = np.asarray(points, np.float64).T
    if len(x) == 0:
        return 0.0
    # Relative to the first corner, which keeps small areas far from the origin exact.
    x, y = x - x[0], y - y[0]
    return float(0.5 * (x[:-1] @ y[1:] - x[1:] @ y[:-1]))


def clockwise(outline: Points) -> Points:
    """Return an outline (K, 2) in clockwise order, with its first corner still the first.

    An annotator's first corner is where reading starts, in either direction of the others.
    """
    if signed_area(outline) >= 0:
        return outline
    return np.concatenate([outline[:1], outline[:0:-1]])


def clockwise_quads(quads: Points) -> Points:
    """Return quads (M, 4, 2), each in clockwise order as by `clockwise`."""
    turned = _cross(quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]) < 0
    result: Points = np.where(turned[:, None, None], quads[:, [0, 3, 2, 1]], quads)
    return result


def edges(outline: Points) -> tuple[Points, Points]:
    """Return the upper and lower edge (k, 2) of an outline (2k, 2), both in reading direction."""
    half = len(outline) // 2
    return outline[:half], outline[half:][::-1]


def points_along(edge: Points, shares: npt.NDArray[np.floating]) -> Points:
    """Return points (N, 2) at fractions (N,) of an edge's (k, 2) length, 0 the start and 1 the end.

    Below 0 and above 1 the edge is extended in a straight line.
    """
    steps = np.hypot(*(edge[1:] - edge[:-1]).T)
    passed = np.concatenate([[0], np.cumsum(steps)])
    places = shares * passed[-1]
    step = np.clip(np.searchsorted(passed, places, side="right") - 1, 0, len(steps) - 1)
    part = (places - passed[step]) / np.maximum(steps[step], 1e-6)
    points: Points = (edge[step] + part[:, None] * (edge[step + 1] - edge[step])).astype(np.float32)
    return points


def extent(outline: Points) -> tuple[float, float]:
    """Return the mean length along and height across the reading direction, in pixels."""
    upper, lower = edges(outline)
    along = np.concatenate([upper[1:] - upper[:-1], lower[1:] - lower[:-1]])
    return float(np.hypot(*along.T).sum() / 2), float(np.hypot(*(lower - upper).T).mean())


def transform(points: npt.ArrayLike, matrix: npt.NDArray[np.floating]) -> Points:
    """Map points (..., 2) by a 3x3 homography."""
    xy = np.asarray(points, np.float64)
    mapped = xy @ matrix[:, :2].T + matrix[:, 2]
    projected: Points = (mapped[..., :2] / mapped[..., 2:]).astype(np.float32)
    return projected


def is_convex(quads: Points) -> npt.NDArray[np.bool_]:
    """Return which quads (M, 4, 2) turn clockwise at every corner; those without area do not."""
    ahead = quads[:, [1, 2, 3, 0]] - quads
    return np.asarray((_cross(ahead, ahead[:, [1, 2, 3, 0]]) > 0).all(axis=1))


def from_square(quads: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return homographies (M, 3, 3) from the unit square, (0, 0) to (1, 1), to quads (M, 4, 2).

    They are not finite for a quad that encloses no area. Closed form: Heckbert, "Fundamentals of
    Texture Mapping and Image Warping", 1989, section 2.2.3.
    """
    one, two, three, four = np.moveaxis(np.asarray(quads, np.float64), 1, 0)
    right, down, skew = two - three, four - three, one - two + three - four
    with np.errstate(divide="ignore", invalid="ignore"):
        area = _cross(right, down)
        g, h = _cross(skew, down) / area, _cross(right, skew) / area
        columns = [
            np.column_stack([two - one + g[:, None] * two, g]),
            np.column_stack([four - one + h[:, None] * four, h]),
            np.column_stack([one, np.ones(len(one))]),
        ]
    return np.stack(columns, axis=2)


def to_square(quads: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return homographies (M, 3, 3) from quads (M, 4, 2) to the unit square.

    The inverse of `from_square`.
    """
    columns = np.moveaxis(from_square(quads), 2, 0)
    # The rows of an inverse are proportional to the cross products of the columns.
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = [np.cross(columns[i - 2], columns[i - 1]) for i in range(3)]
        scale = (columns[0] * rows[0]).sum(axis=1)
        return np.asarray(np.stack(rows, axis=1) / scale[:, None, None])


def _cross(one: npt.NDArray[Any], two: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return cross products (...) of vectors (..., 2), positive if the second lies clockwise."""
    return np.asarray(one[..., 0] * two[..., 1] - one[..., 1] * two[..., 0])


def repaired(points: npt.ArrayLike) -> Polygon:
    """Return a valid polygon for points (K, 2); one that crosses itself becomes its largest part.

    The result is empty if the points enclose no area.
    """
    xy = np.asarray(points, np.float64)
    if len(xy) < 3:
        return Polygon()
    polygon = Polygon(xy)
    if polygon.is_valid:
        return polygon
    # A collection may hold a multipolygon, so take the parts of its parts.
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(polygon)))
    polygons = (part for part in parts if isinstance(part, Polygon))
    return max(polygons, key=lambda part: part.area, default=Polygon())
