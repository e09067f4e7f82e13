"""Words joined to lines: neighbours end to end first, then rows of a table across wide gaps."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from craftlite.reading_order.strokes import (
    Floats,
    Indices,
    Strokes,
    length,
    near,
    span,
    turned,
    unit,
)

Chain = list[int]
NEAR = 0.9  # heights between words that are joined whatever lies around them
WIDE = 60.0  # heights between two cells of a row
LONE = 3.0  # heights between parts of a line beside which no other line has such a gap
CELL = 6.5  # heights; a column of cells is mostly narrower, one of an article wider
PITCH = 3.5  # heights between the lines of a table
BEND = 30.0  # degrees between neighbours of a line
LARGER = 2.2  # times the height of a neighbour


class Links(NamedTuple):
    """P pairs of strokes, the second after the first.

    one, two: (P,) their numbers.
    along, down: (P, 2) unit vectors, their common reading direction and across it.
    height: (P,) pixels, the lower one's.
    gap: (P,) pixels between them along the line; negative where they overlap.
    overlap: (P,) share of the lower one's height that the other has too.
    """

    one: Indices
    two: Indices
    along: Floats
    down: Floats
    height: Floats
    gap: Floats
    overlap: Floats

    def only(self, chosen: npt.NDArray[np.bool_] | Indices) -> "Links":
        """Those of a mask or of indices."""
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
    """Runs of words that follow each other closely, each as their numbers in reading order."""
    one, two = near(strokes.head, 2 * NEAR * strokes.height)
    links = links_between(strokes, one, two)
    ratio = strokes.height[links.one] / strokes.height[links.two]
    gap = links.gap / links.height
    fits = (
        (gap < NEAR) & (gap > -0.6) & (links.overlap > 0.5) & (abs(np.log(ratio)) < np.log(LARGER))
    )
    links = links.only(fits)
    cost = np.maximum(links.gap / links.height, 0) + 1 - links.overlap
    links = links.only(np.argsort(cost, kind="stable"))
    return chained(links.one, links.two, len(strokes.height))


def links_between(strokes: Strokes, one: Indices, two: Indices) -> Links:
    """The pairs that could be neighbours, judged in their common direction."""
    leaves, enters = strokes.leaves[one], strokes.enters[two]
    weights = strokes.weight[one], strokes.weight[two]
    # A square word has no direction to speak of, and takes its neighbour's.
    parallel = (leaves * enters).sum(axis=1) > np.cos(np.deg2rad(BEND))
    vague = np.minimum(*weights) < 0.1 * np.maximum(*weights)
    kept = parallel | vague
    one, two, leaves, enters = one[kept], two[kept], leaves[kept], enters[kept]
    along = unit(leaves * weights[0][kept, None] + enters * weights[1][kept, None])
    down = turned(along)
    ends = span(strokes.tail[one], along)[1]
    starts = span(strokes.head[two], along)[0]
    tops, bottoms = zip(span(strokes.tail[one], down), span(strokes.head[two], down), strict=True)
    height = np.maximum(np.minimum(bottoms[0] - tops[0], bottoms[1] - tops[1]), 1e-3)
    shared = np.minimum(*bottoms) - np.maximum(*tops)
    middles = (
        span(strokes.head[two], along)[0]
        + span(strokes.head[two], along)[1]
        - span(strokes.tail[one], along)[0]
        - ends
    )
    ahead = middles > 0
    links = Links(one, two, along, down, height, starts - ends, shared / height)
    return links.only(ahead)


def joined(strokes: Strokes, chains: Sequence[Chain]) -> Strokes:
    """Chains as strokes of their own."""
    first = np.array([chain[0] for chain in chains], np.intp)
    last = np.array([chain[-1] for chain in chains], np.intp)
    enters, leaves = strokes.enters[first], strokes.leaves[last]
    weight, height = strokes.weight[first].copy(), strokes.height[first].copy()
    for number, chain in enumerate(chains):
        if len(chain) == 1:
            continue
        inner = (strokes.enters[chain] + strokes.leaves[chain]) * strokes.weight[chain, None]
        chord = strokes.tail[chain[-1]].mean(axis=0) - strokes.head[chain[0]].mean(axis=0)
        mean = unit(inner.sum(axis=0) + 0.5 * chord)
        weight[number] = max(float(length(chord)), strokes.weight[chain].sum())
        height[number] = np.median(strokes.height[chain])
        if (strokes.enters[chain] @ mean).min() > np.cos(np.deg2rad(12)):
            enters[number] = leaves[number] = mean
    return Strokes(strokes.head[first], strokes.tail[last], enters, leaves, height, weight)


def join_rows(strokes: Strokes, widths: Floats) -> list[Chain]:
    """Lines of chains: cells of a row of a table or a receipt are joined, columns are not.

    strokes: the chains'; widths: (N,) their lengths in pixels.
    """
    links = _row_links(strokes)
    gutters = _gutters(links, strokes)
    accepted = np.zeros(len(links.one), bool)
    for gutter in range(gutters.max(initial=-1) + 1):
        rows = np.flatnonzero(gutters == gutter)
        accepted[rows] = _is_of_rows(links.only(rows), widths)
    links = links.only(accepted)
    links = links.only(np.argsort(links.gap, kind="stable"))
    return chained(links.one, links.two, len(strokes.height))


def _row_links(strokes: Strokes) -> Links:
    """From each stroke to the nearest in the same row, where each is the other's nearest."""
    height = strokes.height[:, None]
    middle = strokes.tail.mean(axis=1)
    down = turned(strokes.leaves) * height * 0.4
    ahead = strokes.leaves * height * WIDE
    beams = np.stack(
        [middle - down, middle - down + ahead, middle + down + ahead, middle + down], 1
    )
    tree = shapely.STRtree(shapely.polygons(strokes.head))
    one, two = tree.query(shapely.polygons(beams), predicate="intersects")
    others = one != two
    links = links_between(strokes, one[others], two[others])
    links = links.only((links.overlap > 0.3) & (links.gap > -0.6 * links.height))
    links = links.only(np.argsort(links.gap, kind="stable"))
    firsts = np.unique(links.one, return_index=True)[1]
    seconds = np.unique(links.two, return_index=True)[1]
    links = links.only(np.intersect1d(firsts, seconds))
    ratio = abs(np.log(strokes.height[links.one] / strokes.height[links.two]))
    parallel = (strokes.leaves[links.one] * strokes.enters[links.two]).sum(axis=1)
    return links.only(
        (links.overlap > 0.5) & (ratio < np.log(1.8)) & (parallel > np.cos(np.deg2rad(12)))
    )


def _gutters(links: Links, strokes: Strokes) -> Indices:
    """The number (P,) of the gutter that each link crosses: gaps above each other are one."""
    left, right = strokes.tail[links.one].mean(axis=1), strokes.head[links.two].mean(axis=1)
    middle = (left + right) / 2
    half = (links.along * np.maximum(links.gap, 0)[:, None]) / 2
    gaps = np.stack([middle - half, middle + half], axis=1)
    one, two = near(gaps, PITCH * links.height)
    along = links.along[one]
    starts, ends = span(gaps[one], along)
    other_starts, other_ends = span(gaps[two], along)
    away = abs(((middle[two] - middle[one]) * links.down[one]).sum(axis=1))
    shared = np.minimum(ends, other_ends) - np.maximum(starts, other_starts)
    same = (shared > 0) & (away < PITCH * links.height[one])
    return components(one[same], two[same], len(links.one))


def _is_of_rows(links: Links, widths: Floats) -> npt.NDArray[np.bool_]:
    """Which links of one gutter join cells of a row."""
    cells = [np.median(widths[side] / links.height) for side in (links.one, links.two)]
    if len(links.one) < 3:
        return (links.gap < LONE * links.height) & (min(cells) < CELL)
    return np.full(len(links.one), min(cells) < CELL)


def components(one: Indices, two: Indices, count: int) -> Indices:
    """Numbers (count,) of the groups, from 0, that pairs join."""
    group = np.arange(count)
    while True:
        least = group.copy()
        np.minimum.at(least, one, group[two])
        np.minimum.at(least, two, group[one])
        least = least[least]
        if (least == group).all():
            return np.unique(group, return_inverse=True)[1].astype(np.intp)
        group = least


def chained(one: Indices, two: Indices, count: int) -> list[Chain]:
    """Chains of `count` things that pairs join, the second after the first; early pairs go first.

    Nothing gets two neighbours on one side, and no chain becomes a ring.
    """
    after, before = [-1] * count, [-1] * count
    first, last = list(range(count)), list(range(count))  # of the chain, at its other end
    for i, j in zip(one.tolist(), two.tolist(), strict=True):
        if after[i] < 0 and before[j] < 0 and first[i] != j:
            after[i], before[j] = j, i
            first[last[j]], last[first[i]] = first[i], last[j]
    chains = []
    for start in range(count):
        if before[start] < 0:
            chain = [start]
            while after[chain[-1]] >= 0:
                chain.append(after[chain[-1]])
            chains.append(chain)
    return chains
