"""Areas shared by truths and detections, computed for all pairs of a picture at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from craftlite.data.sample import Word
from craftlite.evaluate.score import Bools, Floats, ratio
from craftlite.geometry import Points, repaired

Shapes = npt.NDArray[np.object_]


class Overlap(NamedTuple):
    """Areas in pixels of T truths (T, 1), of D detections (D,), and of overlaps (T, D)."""

    truths: Floats
    detections: Floats
    shared: Floats

    def iou(self) -> Floats:
        """Return the intersection over union (T, D)."""
        return ratio(self.shared, self.truths + self.detections - self.shared)


def overlap(truths: Sequence[Word], outlines: Sequence[Points]) -> Overlap:
    """Return the areas of truths and outlines (K, 2); self-crossing ones are repaired."""
    truth_shapes, detections = shapes([word.polygon for word in truths]), shapes(outlines)
    shared = np.zeros((len(truths), len(outlines)))
    rows, columns = shapely.STRtree(detections).query(truth_shapes, predicate="intersects")
    parts = shapely.intersection(truth_shapes[rows], detections[columns])
    shared[rows, columns] = shapely.area(parts)
    return Overlap(shapely.area(truth_shapes)[:, None], shapely.area(detections), shared)


def shapes(outlines: Sequence[Points]) -> Shapes:
    """Return valid polygons (N,) of outlines (K, 2); self-crossing ones are repaired."""
    polygons = np.full(len(outlines), None, object)
    lengths = np.array([len(outline) for outline in outlines], int)
    for length in set(lengths.tolist()):
        if length >= 3:
            places = np.flatnonzero(lengths == length)
            points = np.stack([outlines[place] for place in places.tolist()])
            polygons[places] = shapely.polygons(points.astype(np.float64))
    # Fewer than three points leave None, which is invalid like a self-crossing outline.
    for place in np.flatnonzero(~shapely.is_valid(polygons)).tolist():
        polygons[place] = repaired(outlines[place])
    return polygons


def count_repaired(outlines: Sequence[Points]) -> int:
    """Return how many outlines cross themselves or enclose no area, and so need repair."""
    return sum(len(points) < 3 or not shapely.Polygon(points).is_valid for points in outlines)


def only_ones(pairs: Bools) -> Bools:
    """Return the pairs (T, D) that are the only ones in their row and in their column."""
    return np.asarray(pairs & (pairs.sum(axis=1) == 1)[:, None] & (pairs.sum(axis=0) == 1))
