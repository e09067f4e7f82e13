"""Joining runs into lines across wide gaps: cells of a table's row, a receipt's item and price."""

import numpy as np
import shapely

from craftlite.reading_order.groups import Chain, chained, components
from craftlite.reading_order.linking import Links, links_between
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

WIDE = 60.0  # largest gap in heights between two cells of a row
WORD = 2.0  # largest gap in heights between long parts of a line, if no other line has such a gap
LONE = 4.0  # the same if one of the parts is as short as a cell
CELL = 10.0  # heights; columns of cells are usually narrower, columns of an article wider
SMOOTH = 6.0  # distance in heights within which other runs contribute to a run's direction
BRIDGE = 2.5  # distance in heights to lines above and below that show a gap to be missing words
PITCH = 4.5  # largest distance in heights between the lines of a table


def join_rows(strokes: Strokes) -> list[Chain]:
    """Join runs into lines: cells of a row of a table or a receipt, but not columns of text."""
    links = _row_links(_smoothed(strokes))
    gutters = _gutters(links, strokes)
    accepted = np.zeros(len(links.one), bool)
    lengths = length(strokes.end - strokes.start) / strokes.height
    bridges = _bridges(links, strokes)
    for gutter in range(gutters.max(initial=-1) + 1):
        rows = np.flatnonzero(gutters == gutter)
        accepted[rows] = _is_of_rows(links.only(rows), lengths)
        accepted[rows] |= bridges[rows] >= (1 if len(rows) < 3 else 2)
    links = links.only(accepted)
    links = links.only(np.argsort(links.gap, kind="stable"))
    return chained(links.one, links.two, len(strokes.height))


def _smoothed(strokes: Strokes) -> Strokes:
    """Replace each stroke's direction by the mean over itself and its parallel neighbours.

    Across a wide gap a single degree matters, which a short word does not determine.
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
    """Link each stroke to the nearest in the same row, if each is the other's nearest."""
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
    """Return the number (P,) of the gutter of each link; gaps above each other share a gutter."""
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
    """Return where the gaps of links begin and end (P, 2, 2), at the middle of their height."""
    middle = (strokes.end[links.one] + strokes.start[links.two]) / 2
    half = (links.along * np.maximum(links.gap, 0)[:, None]) / 2
    return np.stack([middle - half, middle + half], axis=1)


def _bridges(links: Links, strokes: Strokes) -> Indices:
    """Return on how many sides (P,) of a gap, above and below, a run continues without a gap.

    If it is both, words are missing in the gap.
    """
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
    return (above > 0).astype(np.intp) + (below > 0)


def _is_of_rows(links: Links, lengths: Floats) -> Bools:
    """Return which links of a gutter join cells of a row; lengths (N,) of runs are in heights."""
    cells = min(np.quantile(lengths[side], 0.8) for side in (links.one, links.two))
    if len(links.one) < 3:
        widest = len(links.one) * LONE if cells < CELL else WORD
        return np.asarray(links.gap < widest * links.height)
    return np.full(len(links.one), cells < CELL)
