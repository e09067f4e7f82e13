"""Joining words into runs: words that follow each other closely, end to end."""

from typing import NamedTuple

import numpy as np

from craftlite.reading_order.groups import Chain, Groups, chained
from craftlite.reading_order.strokes import Strokes
from craftlite.reading_order.vectors import (
    STRAIGHT,
    Bools,
    Floats,
    Indices,
    dot,
    length,
    near,
    turned,
    unit,
)

NEAR = 0.9  # largest gap in heights between words that are joined in any context
BEND = 45.0  # largest angle in degrees between neighbours of a line
LARGER = 2.2  # largest ratio of neighbours' heights, except for marks
MARK = 0.5  # largest length of a mark, relative to its neighbour's height


class Links(NamedTuple):
    """P pairs of strokes, the second after the first.

    one, two: (P,) their numbers.
    along, down: (P, 2) unit vectors, their common reading direction and across it.
    height: (P,) height of the lower one in pixels.
    gap: (P,) pixels between them along the line; negative if they overlap.
    overlap: (P,) fraction of the lower one's height that the other covers too.
    """

    one: Indices
    two: Indices
    along: Floats
    down: Floats
    height: Floats
    gap: Floats
    overlap: Floats

    def only(self, chosen: Bools | Indices) -> "Links":
        """Return the pairs selected by a mask or by indices."""
        return Links(
            self.one[chosen],
            self.two[chosen],
            self.along[chosen],
            self.down[chosen],
            self.height[chosen],
            self.gap[chosen],
            self.overlap[chosen],
        )


def chains_of(strokes: Strokes) -> list[Chain]:
    """Return runs of words that follow each other closely, as numbers in reading order."""
    one, two = near(np.stack([strokes.start, strokes.end], axis=1), 2 * strokes.height)
    # In both directions, because a hyphen reaches less far than the words beside it.
    links = links_between(strokes, np.concatenate([one, two]), np.concatenate([two, one]))
    heights = strokes.height[links.one], strokes.height[links.two]
    lower = np.where(heights[0] < heights[1], links.one, links.two)
    high = np.maximum(*heights)
    mark = length(strokes.end - strokes.start)[lower] < MARK * high
    gap = links.gap / np.where(mark, (high + links.height) / 2, links.height)
    alike = (high < LARGER * links.height) | mark
    fits = (gap < NEAR) & (gap > -0.6) & (links.overlap > 0.5) & alike
    links, gap = links.only(fits), gap[fits]
    links = links.only(np.argsort(np.maximum(gap, 0) - links.overlap, kind="stable"))
    return chained(links.one, links.two, len(strokes.height))


def links_between(strokes: Strokes, one: Indices, two: Indices) -> Links:
    """Return the pairs whose second may follow the first, judged in their common direction."""
    weights = strokes.weight[one], strokes.weight[two]
    # A square word has no clear direction, and takes its neighbour's.
    vague = [w < 0.1 * np.maximum(*weights) for w in weights]
    bend = dot(strokes.leaves[one], strokes.enters[two])
    kept = (bend > np.cos(np.deg2rad(BEND))) | vague[0] | vague[1]
    one, two = one[kept], two[kept]
    first, second = (w[kept, None] for w in weights)
    along = unit(strokes.leaves[one] * first + strokes.enters[two] * second)
    down = turned(along)
    ends = _rounded(strokes, strokes.end, one, along, vague[0][kept])
    starts = _rounded(strokes, strokes.start, two, -along, vague[1][kept])
    height = np.minimum(strokes.height[one], strokes.height[two])
    offset = abs(dot(starts - ends, down))
    shared = (strokes.height[one] + strokes.height[two]) / 2 - offset
    gap = dot(starts - ends, along)
    links = Links(one, two, along, down, height, gap, np.minimum(shared / height, 1))
    return links.only(
        dot(strokes.start[two] + strokes.end[two], along)
        > dot(strokes.start[one] + strokes.end[one], along)
    )


def _rounded(strokes: Strokes, ends: Floats, of: Indices, outwards: Floats, vague: Bools) -> Floats:
    """Return the ends (P, 2) of strokes; for a square word, the point where the line meets it."""
    middle = (strokes.start[of] + strokes.end[of]) / 2
    half = length(strokes.end[of] - strokes.start[of]) / 2
    return np.where(vague[:, None], middle + outwards * half[:, None], ends[of])


def joined(strokes: Strokes, chains: list[Chain]) -> Strokes:
    """Turn chains into strokes; a straight one has the same direction at both ends."""
    groups = Groups.from_chains(chains)
    first, last = groups.members[groups.starts], groups.members[groups.starts + groups.sizes - 1]
    own = strokes.take(groups.members)
    start, end = strokes.start[first], strokes.end[last]
    chord = end - start
    pulls = groups.sum((own.enters + own.leaves) * own.weight[:, None])
    mean = unit(pulls + np.where(groups.sizes > 1, 0.5, 0)[:, None] * chord)
    turn = np.minimum(dot(own.enters, mean[groups.of]), dot(own.leaves, mean[groups.of]))
    straight = (groups.least(turn) > STRAIGHT)[:, None]
    enters = np.where(straight, mean, strokes.enters[first])
    leaves = np.where(straight, mean, strokes.leaves[last])
    total = groups.sum(own.weight)
    weight = np.where(groups.sizes > 1, np.maximum(length(chord), total), total)
    return Strokes(start, end, enters, leaves, groups.median(own.height), weight)
