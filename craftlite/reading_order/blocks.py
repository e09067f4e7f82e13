"""Lines gathered to blocks, and blocks put in reading order.

Order of blocks after Breuel, "High Performance Document Layout Analysis", SDIUT 2003: what is above
comes first, and of what lies side by side the left, each in the page's own direction.
"""

from typing import NamedTuple

import numpy as np

from craftlite.reading_order.groups import Chain, Groups, chained
from craftlite.reading_order.vectors import (
    STRAIGHT,
    TINY,
    Bools,
    Floats,
    Indices,
    near,
    span,
    turned,
    unit,
)

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


def _alone(of: Indices, gap: Floats, depth: Floats) -> Bools:
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
    """The boxes' numbers in reading order; where nothing says more, the topmost comes first."""
    directions = np.broadcast_to(main_direction(boxes), boxes.along.shape)
    sides = [np.stack(span(boxes.corners, axis)) for axis in (directions, turned(directions))]
    left, top = sides[0][0], sides[1][0]
    before = _before(sides[0], sides[1])
    rank = np.empty(len(top))
    rank[np.lexsort((left, top))] = np.arange(len(top)) / len(top)
    waits_for = before.sum(axis=0) + rank
    order: list[int] = []
    for _ in range(len(top)):
        chosen = int(waits_for.argmin())
        order.append(chosen)
        waits_for -= before[chosen]
        waits_for[chosen] = np.inf
    return order


def _before(across: Floats, down: Floats) -> Bools:
    """Which boxes (N, N) come before which, of their left and right (2, N), top and bottom (2, N).

    Side by side, that is sharing half of the lower one's height, the left one comes first; sharing
    some width, the upper one.
    """
    middles = across.sum(axis=0), down.sum(axis=0)
    before = np.empty((len(middles[0]),) * 2, bool)
    for row in range(len(before)):  # one at a time, for many boxes fill the memory
        wide, high = (_shared(sides, row) for sides in (across, down))
        right, lower = (middle > middle[row] for middle in middles)
        before[row] = np.where((high > 0.5) & (high > wide), right, (wide > 0) & lower)
    return before


def _shared(sides: Floats, one: int) -> Floats:
    """The share (N,) of the shorter one that intervals (2, N) have in common with a certain one."""
    shared = np.minimum(sides[1], sides[1, one]) - np.maximum(sides[0], sides[0, one])
    lengths = np.maximum(sides[1] - sides[0], TINY)
    return np.asarray(shared / np.minimum(lengths, lengths[one]))


def main_direction(boxes: Boxes) -> Floats:
    """The direction (2,) of the most text: that of the heaviest window of angles."""
    angles = np.arctan2(boxes.along[:, 1], boxes.along[:, 0])
    order = np.argsort(angles, kind="stable")
    passed = np.concatenate([[0], np.cumsum(boxes.weight[order])])
    half = np.arccos(STRAIGHT)
    low = np.searchsorted(angles[order], angles[order] - half)
    high = np.searchsorted(angles[order], angles[order] + half, side="right")
    best = int((passed[high] - passed[low]).argmax())
    window = order[low[best] : high[best]]
    pulls = boxes.along[window] * boxes.weight[window, None]
    return unit(pulls.sum(axis=0))
