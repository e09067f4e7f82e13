"""Words joined to lines: neighbours end to end first, then rows of a table across wide gaps."""

from typing import NamedTuple

import numpy as np
import shapely

from craftlite.reading_order.groups import Chain, Groups, chained, components
from craftlite.reading_order.strokes import Strokes
from craftlite.reading_order.vectors import (
    STRAIGHT,
    Bools,
    Floats,
    Indices,
    dot,
    length,
    near,
    span,
    turned,
    unit,
)

NEAR = 0.9  # heights between words that are joined whatever lies around them
WIDE = 60.0  # heights between two cells of a row
WORD = 2.0  # heights between long parts of a line beside which no other line has such a gap
LONE = 4.0  # that where one of them is as short as a cell
CELL = 10.0  # heights; a column of cells is mostly narrower, one of an article wider
SMOOTH = 6.0  # heights around a run in which others show its direction
BRIDGE = 2.5  # heights to the lines above and below that show a gap to be of missing words
PITCH = 4.5  # heights between the lines of a table
BEND = 45.0  # degrees between neighbours of a line
LARGER = 2.2  # times the height of a neighbour, unless that is a mark
MARK = 0.5  # of its neighbour's height: the longest mark


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

    def only(self, chosen: Bools | Indices) -> "Links":
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
    one, two = near(np.stack([strokes.start, strokes.end], axis=1), 2 * strokes.height)
    # Both ways round, for a hyphen reaches less far than the words beside it.
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
    """The pairs whose second could follow the first, judged in their common direction."""
    weights = strokes.weight[one], strokes.weight[two]
    # A square word has no direction to speak of, and takes its neighbour's.
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
    """The ends (P, 2) of strokes; those of a square word lie where the line meets it."""
    middle = (strokes.start[of] + strokes.end[of]) / 2
    half = length(strokes.end[of] - strokes.start[of]) / 2
    return np.where(vague[:, None], middle + outwards * half[:, None], ends[of])


def joined(strokes: Strokes, chains: list[Chain]) -> Strokes:
    """Chains as strokes of their own; a straight one has one direction at both ends."""
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


def join_rows(strokes: Strokes) -> list[Chain]:
    """Lines of runs: cells of a row of a table or a receipt are joined, columns are not."""
    links = _row_links(_smoothed(strokes))
    gutters = _gutters(links, strokes)
    accepted = np.zeros(len(links.one), bool)
    lengths = length(strokes.end - strokes.start) / strokes.height
    bridges = _bridged(links, strokes)
    for gutter in range(gutters.max(initial=-1) + 1):
        rows = np.flatnonzero(gutters == gutter)
        accepted[rows] = _is_of_rows(links.only(rows), lengths)
        accepted[rows] |= bridges[rows] >= (1 if len(rows) < 3 else 2)
    links = links.only(accepted)
    links = links.only(np.argsort(links.gap, kind="stable"))
    return chained(links.one, links.two, len(strokes.height))


def _smoothed(strokes: Strokes) -> Strokes:
    """Strokes with the directions that they and their parallel neighbours have in the mean.

    Across a wide gap a degree matters, which a short word does not show.
    """
    ends = np.stack([strokes.start, strokes.end], axis=1)
    one, two = near(ends, SMOOTH * strokes.height)
    one, two = (np.concatenate([side, np.arange(len(ends))]) for side in (one, two))
    own = unit(strokes.enters + strokes.leaves)
    straight = dot(strokes.enters, strokes.leaves) > STRAIGHT
    alike = straight[two] & (dot(own[one], own[two]) > np.cos(np.deg2rad(8)))
    one, two = one[alike], two[alike]
    pulls = own[two] * strokes.weight[two, None]
    mean = np.zeros_like(own)
    np.add.at(mean, one, pulls)
    mean = np.where(straight[:, None], unit(mean), own)
    return strokes._replace(
        enters=np.where(straight[:, None], mean, strokes.enters),
        leaves=np.where(straight[:, None], mean, strokes.leaves),
    )


def _row_links(strokes: Strokes) -> Links:
    """From each stroke to the nearest in the same row, where each is the other's nearest."""
    height = strokes.height[:, None]
    down = turned(strokes.leaves) * height * 0.5
    far = strokes.end + strokes.leaves * height * WIDE
    beams = np.stack([strokes.end - down, far - down, far + down, strokes.end + down], axis=1)
    tree = shapely.STRtree(shapely.linestrings(np.stack([strokes.start, strokes.end], axis=1)))
    one, two = tree.query(shapely.polygons(beams), predicate="intersects")
    others = one != two
    links = links_between(strokes, one[others], two[others])
    links = links.only((links.overlap > 0.3) & (links.gap > -0.6 * links.height))
    links = links.only(np.argsort(links.gap, kind="stable"))
    firsts = np.unique(links.one, return_index=True)[1]
    seconds = np.unique(links.two, return_index=True)[1]
    links = links.only(np.intersect1d(firsts, seconds))
    ratio = abs(np.log(strokes.height[links.one] / strokes.height[links.two]))
    parallel = dot(strokes.leaves[links.one], strokes.enters[links.two])
    fits = (ratio < np.log(2)) & (parallel > STRAIGHT)
    return links.only((links.overlap > 0.5) & fits)


def _gutters(links: Links, strokes: Strokes) -> Indices:
    """The number (P,) of the gutter that each link crosses: gaps above each other are one."""
    gaps = _gaps(links, strokes)
    one, two = near(gaps, PITCH * links.height)
    along = links.along[one]
    starts, ends = span(gaps[one], along)
    other_starts, other_ends = span(gaps[two], along)
    away = abs(dot(gaps[two].mean(axis=1) - gaps[one].mean(axis=1), links.down[one]))
    shared = np.minimum(ends, other_ends) - np.maximum(starts, other_starts)
    same = (shared > 0) & (away < PITCH * links.height[one])
    return components(one[same], two[same], len(links.one))


def _gaps(links: Links, strokes: Strokes) -> Floats:
    """Where the gaps of links begin and end (P, 2, 2), at the middle of their height."""
    middle = (strokes.end[links.one] + strokes.start[links.two]) / 2
    half = (links.along * np.maximum(links.gap, 0)[:, None]) / 2
    return np.stack([middle - half, middle + half], axis=1)


def _bridged(links: Links, strokes: Strokes) -> Bools:
    """Which gaps (P,) have a run without a gap both above and below: words are missing there."""
    gaps, runs = _gaps(links, strokes), np.stack([strokes.start, strokes.end], axis=1)
    count = len(gaps)
    reach = np.concatenate([BRIDGE * links.height, np.zeros(len(runs))])
    gap, run = near(np.concatenate([gaps, runs]), reach)
    gap, run = gap[mixed := (gap < count) & (run >= count)], run[mixed] - count
    along, down = links.along[gap], links.down[gap]
    starts, ends = span(gaps[gap], along)
    run_starts, run_ends = span(runs[run], along)
    lower = dot(runs[run].mean(axis=1) - gaps[gap].mean(axis=1), down) / links.height[gap]
    over = (run_starts < starts) & (run_ends > ends) & (abs(lower) > 0.5) & (abs(lower) < BRIDGE)
    above, below = (
        np.bincount(gap[over & side], minlength=count) for side in (lower < 0, lower > 0)
    )
    return np.asarray((above > 0).astype(int) + (below > 0))


def _is_of_rows(links: Links, lengths: Floats) -> Bools:
    """Which links of one gutter join cells of a row; lengths (N,) of runs are in heights."""
    cells = min(np.quantile(lengths[side], 0.8) for side in (links.one, links.two))
    if len(links.one) < 3:
        widest = len(links.one) * LONE if cells < CELL else WORD
        return np.asarray(links.gap < widest * links.height)
    return np.full(len(links.one), cells < CELL)
