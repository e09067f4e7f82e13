"""Grouping lines into blocks, and putting blocks in reading order.

Along the page's main direction, blocks are separated by clear gaps (the X-Y cuts of Nagy, Seth and
Viswanathan, "A Prototype Document Image Analysis System", 1992). Where there is no clear gap, the
upper block comes first, and of blocks side by side the left one (Breuel, "High Performance Document
Layout Analysis", 2003).
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

LEADING = 1.6  # largest gap between the lines of a block, in heights
APART = 3.0  # largest gap within one column, in heights
GUTTER = 1.0  # smallest gap between two columns, in heights
SLACK = 0.5  # how far an upper band may reach into the one below, in heights


class Boxes(NamedTuple):
    """N boxes on a page, each with its own direction.

    corners: (N, 4, 2) pixels.
    along: (N, 2) unit vectors, reading directions.
    height: (N,) height of their letters in pixels.
    weight: (N,) how certain the direction is.
    """

    corners: Floats
    along: Floats
    height: Floats
    weight: Floats


def stacks(boxes: Boxes, distance: float) -> list[Chain]:
    """Chain boxes that follow below each other within `distance` heights, from top to bottom."""
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
    # One below one: a box with two boxes side by side below it belongs to neither's column.
    far = np.where(below, gap, np.inf)
    lower = _alone(one, far, bottoms[1] - tops[1])
    upper = _alone(two, far, bottoms[0] - tops[0])
    kept = below & fits & lower & upper
    return chained(one[kept], two[kept], len(boxes.height))


def _alone(of: Indices, gap: Floats, depth: Floats) -> Bools:
    """Return which pairs are the nearest of their first, with no rival within half their depth."""
    count = int(of.max(initial=-1)) + 1
    least = np.full(count, np.inf)
    np.minimum.at(least, of, gap + depth / 2)
    close = gap < least[of]
    return np.asarray(close & (np.bincount(of, close, minlength=count) == 1)[of])


def merged(boxes: Boxes, chains: list[Chain]) -> Boxes:
    """Merge each chain into one box."""
    groups = Groups.from_chains(chains)
    corners, along, height, weight = (array[groups.members] for array in boxes)
    mean = unit(groups.sum(along * weight[:, None]))
    return Boxes(
        surrounding(corners, mean, groups), mean, groups.median(height), groups.sum(weight)
    )


def surrounding(corners: Floats, along: Floats, groups: Groups) -> Floats:
    """Return the smallest rectangles (G, 4, 2) along directions (G, 2), from where reading starts.

    corners: (M, 4, 2), the quads of the groups' members.
    """
    sides = []
    for axis in (along, turned(along)):
        low, high = span(corners, axis[groups.of])
        sides.append((groups.least(low)[:, None] * axis, -groups.least(-high)[:, None] * axis))
    (left, right), (top, bottom) = sides
    return np.stack([left + top, right + top, right + bottom, left + bottom], axis=1)


def in_order(boxes: Boxes) -> list[int]:
    """Return the boxes' numbers in reading order."""
    directions = np.broadcast_to(main_direction(boxes), boxes.along.shape)
    across = np.stack(span(boxes.corners, directions))
    down = np.stack(span(boxes.corners, turned(directions)))
    height = float(np.median(boxes.height))
    order: list[int] = []
    stack = [np.arange(len(boxes.height))]
    while stack:
        of = stack.pop()
        parts = _split(of, across, down, height)
        if len(parts) > 1:
            stack += reversed(parts)
        else:
            order += _topmost_first(of, across, down)
    return order


def _split(of: Indices, across: Floats, down: Floats, height: float) -> list[Indices]:
    """Split boxes, given by left and right, top and bottom (2, N), into parts to read in turn.

    The parts are bands between clear gaps from side to side. Where boxes of a band lie side by
    side, columns begin; the bands above and below belong to the columns as far as the gaps between
    these continue.
    """
    bands = _parts(of, down, -SLACK * height)
    first = next((k for k, band in enumerate(bands) if len(_columns(band, across, height)) > 1), -1)
    if first < 0:
        return bands
    last = first
    while last + 1 < len(bands) and _go_on(bands, first, last + 1, last, across, down, height):
        last += 1
    while first > 0 and _go_on(bands, first - 1, last, first - 1, across, down, height):
        first -= 1
    columns = _columns(np.concatenate(bands[first : last + 1]), across, height)
    after = [np.concatenate(bands[last + 1 :])] if last + 1 < len(bands) else []
    return [*bands[:first], *columns, *after]


def _go_on(
    bands: list[Indices],
    first: int,
    last: int,
    gap: int,
    across: Floats,
    down: Floats,
    height: float,
) -> bool:
    """Return whether the columns continue through these bands, and the gap below one is narrow."""
    distance = down[0, bands[gap + 1]].min() - down[1, bands[gap]].max()
    columns = _columns(np.concatenate(bands[first : last + 1]), across, height)
    return bool(distance < APART * height) and len(columns) > 1


def _columns(of: Indices, across: Floats, height: float) -> list[Indices]:
    """Split boxes at clear gaps from top to bottom."""
    return _parts(of, across, GUTTER * height)


def _parts(of: Indices, sides: Floats, gap: float) -> list[Indices]:
    """Split boxes, in order, where none of their intervals (2, N) covers more than a gap."""
    low, high = sides[:, of]
    order = np.argsort(low, kind="stable")
    reached = np.maximum.accumulate(high[order])
    starts = np.flatnonzero(low[order][1:] > reached[:-1] + gap) + 1
    return np.split(of[order], starts)


def _topmost_first(of: Indices, across: Floats, down: Floats) -> list[int]:
    """Order boxes by which must precede which; in case of doubt, the topmost comes first."""
    before = _before(across[:, of], down[:, of])
    rank = np.empty(len(of))
    rank[np.lexsort((across[0, of], down[0, of]))] = np.arange(len(of)) / len(of)
    waits_for = before.sum(axis=0) + rank
    order: list[int] = []
    for _ in range(len(of)):
        chosen = int(waits_for.argmin())
        order.append(int(of[chosen]))
        waits_for -= before[chosen]
        waits_for[chosen] = np.inf
    return order


def _before(across: Floats, down: Floats) -> Bools:
    """Return which boxes (N, N) precede which, given left and right, top and bottom (2, N).

    If two boxes are side by side, that is, share more than half of the lower one's height, the left
    one comes first. If they share some width, the upper one does.
    """
    middles = across.sum(axis=0), down.sum(axis=0)
    before = np.empty((len(middles[0]),) * 2, bool)
    for row in range(len(before)):  # one at a time, because many boxes would fill the memory
        wide, high = (_shared(sides, row) for sides in (across, down))
        right, lower = (middle > middle[row] for middle in middles)
        before[row] = np.where((high > 0.5) & (high > wide), right, (wide > 0) & lower)
    return before


def _shared(sides: Floats, one: int) -> Floats:
    """Return the overlap (N,) of intervals (2, N) with one of them, relative to the shorter one."""
    shared = np.minimum(sides[1], sides[1, one]) - np.maximum(sides[0], sides[0, one])
    lengths = np.maximum(sides[1] - sides[0], TINY)
    return np.asarray(shared / np.minimum(lengths, lengths[one]))


def main_direction(boxes: Boxes) -> Floats:
    """Return the direction (2,) of most text, from the heaviest window of angles."""
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
