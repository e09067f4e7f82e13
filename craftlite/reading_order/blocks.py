"""Lines gathered to blocks, and blocks put in reading order.

Order of blocks after Breuel, "High Performance Document Layout Analysis", SDIUT 2003: what is above
comes first, and of what lies side by side the left, each in the page's own direction.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from craftlite.reading_order.groups import Chain, Groups, chained
from craftlite.reading_order.strokes import STRAIGHT, Floats, Indices, near, span, turned, unit

LEADING = 1.6  # heights between the lines of a block
APART = 3.0  # heights between the blocks of a column


class Boxes(NamedTuple):
    """N things on a page, each in a direction of its own.

    corners: (N, 4, 2) pixels.
    along: (N, 2) unit vectors, reading directions.
    height: (N,) pixels of their letters.
    weight: (N,) how sure the direction is.
    """

    corners: Floats
    along: Floats
    height: Floats
    weight: Floats


def stacks(boxes: Boxes, distance: float) -> list[Chain]:
    """What lies below each other within so many heights, one below one, from top to bottom."""
    one, two = near(boxes.corners, distance * boxes.height)
    along = boxes.along[one]
    down = turned(along)
    ratio = abs(np.log(boxes.height[one] / boxes.height[two]))
    parallel = (along * boxes.along[two]).sum(axis=1) > STRAIGHT
    starts, ends = zip(
        span(boxes.corners[one], along), span(boxes.corners[two], along), strict=True
    )
    tops, bottoms = zip(span(boxes.corners[one], down), span(boxes.corners[two], down), strict=True)
    shared = np.minimum(*ends) - np.maximum(*starts)
    gap = tops[1] - bottoms[0]
    height = np.minimum(boxes.height[one], boxes.height[two])
    below = (shared > 0) & (gap > -0.6 * height) & (tops[0] + bottoms[0] < tops[1] + bottoms[1])
    fits = (gap < distance * height) & (ratio < np.log(1.7)) & parallel
    # One below one: what has two things side by side below it is no part of either's column.
    far = np.where(below, gap, np.inf)
    lower = _alone(one, far, bottoms[1] - tops[1])
    upper = _alone(two, far, bottoms[0] - tops[0])
    kept = below & fits & lower & upper
    return chained(one[kept], two[kept], len(boxes.height))


def _alone(of: Indices, gap: Floats, depth: Floats) -> npt.NDArray[np.bool_]:
    """Which pairs are the nearest of their first, with no other as near as half their depth."""
    count = int(of.max(initial=-1)) + 1
    least = np.full(count, np.inf)
    np.minimum.at(least, of, gap + depth / 2)
    close = gap < least[of]
    return np.asarray(close & (np.bincount(of, close, minlength=count) == 1)[of])


def merged(boxes: Boxes, chains: list[Chain]) -> Boxes:
    """Each chain as one box."""
    groups = Groups.from_chains(chains)
    corners, along, height, weight = (array[groups.members] for array in boxes)
    mean = unit(groups.sum(along * weight[:, None]))
    return Boxes(
        surrounding(corners, mean, groups), mean, groups.median(height), groups.sum(weight)
    )


def surrounding(corners: Floats, along: Floats, groups: Groups) -> Floats:
    """The least rectangles (G, 4, 2) along directions (G, 2), from where reading starts.

    corners: (M, 4, 2), those of the groups' members.
    """
    sides = []
    for axis in (along, turned(along)):
        low, high = span(corners, axis[groups.of])
        sides.append((groups.least(low)[:, None] * axis, -groups.least(-high)[:, None] * axis))
    (left, right), (top, bottom) = sides
    return np.stack([left + top, right + top, right + bottom, left + bottom], axis=1)


def in_order(boxes: Boxes) -> list[int]:
    """Boxes in reading order."""
    main = main_direction(boxes)
    directions = np.broadcast_to(main, boxes.along.shape)
    left, right = span(boxes.corners, directions)
    top, bottom = span(boxes.corners, turned(directions))
    wide = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    high = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    wide = wide / np.minimum((right - left)[:, None], right - left)
    high = high / np.minimum((bottom - top)[:, None], bottom - top)
    x, y = left + right, top + bottom
    beside = (high > 0.5) & (high > wide)
    before = np.where(beside, x[:, None] < x, (wide > 0) & (y[:, None] < y))
    waits = before.sum(axis=0)
    order: list[int] = []
    left_over = np.ones(len(x), bool)
    while left_over.any():
        rest = np.flatnonzero(left_over)
        ready = rest[waits[rest] == waits[rest].min()]
        chosen = int(ready[top[ready].argmin()])
        order.append(chosen)
        left_over[chosen] = False
        waits -= before[chosen]
    return order


def main_direction(boxes: Boxes) -> Floats:
    """The direction (2,) of the most text."""
    cosines = boxes.along @ boxes.along.T
    alike = cosines > STRAIGHT
    best = int((alike @ boxes.weight).argmax())
    return unit((boxes.along * (boxes.weight * alike[best])[:, None]).sum(axis=0))
