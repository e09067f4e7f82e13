"""Which of its two axes a word is read along.

A quad does not show it. One axis lies within 45 degrees of level, the other is steeper; the longer
one is mostly right, but "I" is tall in a level line, and a single Chinese character square in a
column: the neighbours decide with the word itself.
"""

from typing import NamedTuple

import numpy as np

from craftlite.reading_order.vectors import Bools, Floats, Indices, dot, length, near, unit

LEVEL = 0.7  # what speaks for the level axis beforehand, as a logarithm of the aspect
SURE = 1.2  # an opinion above which no neighbour is asked
BESIDE = 1.5  # weight of the opinion of a neighbour in the same row or column
ELSEWHERE = 0.5  # that of one elsewhere
AROUND = 3.5  # times its size around a word are its neighbours
SQUARE = 0.35  # logarithm of an aspect below which a word has no long side


def axes_of(quads: Floats) -> tuple[Floats, Floats]:
    """The axes (N, 2) of quads, as long as their sides: the one nearer to level, and the other."""
    one = (quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]) / 2
    two = (quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]) / 2
    swap = (abs(unit(one)[:, 1]) > abs(unit(two)[:, 1]))[:, None]
    return np.where(swap, two, one), np.where(swap, one, two)


def reads_level(quads: Floats, level: Floats, steep: Floats) -> Bools:
    """Which quads (N, 4, 2) with these axes (N, 2) are read along the level one."""
    along, across = length(level), length(steep)
    opinion = np.clip(np.log(along / across), -2, 2)
    # The steeper the level one is, the less it is preferred; at 45 neither is the level one.
    opinion += LEVEL * np.clip(1.1 - 2.2 * unit(level)[:, 1] ** 2, 0, 1)
    pairs = _neighbours(quads, level, steep, opinion < SURE)
    opinion[_is_stacked(pairs, along, across)] = -LEVEL
    heard = np.clip(np.where(pairs.crossed, -opinion[pairs.two], opinion[pairs.two]), -1, 1)
    for_level, for_steep = heard > 0, heard < 0
    votes = np.where((pairs.beside & for_level) | (pairs.below & for_steep), heard, 0)
    others = (pairs.as_high & ~pairs.beside & for_level) | (
        pairs.as_wide & ~pairs.below & for_steep
    )
    total = opinion + BESIDE * np.bincount(pairs.one, votes, len(quads))
    total += np.clip(ELSEWHERE * np.bincount(pairs.one, heard * others, len(quads)), -1, 1)
    return np.asarray(total > 0)


class _Pairs(NamedTuple):
    """P words, each with a neighbour whose axes are parallel to its own.

    one, two: (P,) their numbers.
    crossed: (P,) whether the neighbour's level axis is parallel to the word's steep one.
    as_high, as_wide: (P,) whether it is about as long along the word's steep and level axis.
    beside, below: (P,) whether it lies in the row along the level axis, or the steep one.
    right, down: (P,) pixels of the gap between the two along either axis.
    """

    one: Indices
    two: Indices
    crossed: Bools
    as_high: Bools
    as_wide: Bools
    beside: Bools
    below: Bools
    right: Floats
    down: Floats


def _neighbours(quads: Floats, level: Floats, steep: Floats, asked: Bools) -> _Pairs:
    """The words that are asked for, and what lies around each."""
    along, across, middle = length(level), length(steep), quads.mean(axis=1)
    # A stroke as fine as "I" has neighbours as far away as other words have.
    short = np.minimum(along, across)
    short = np.maximum(short, np.median(short) / 2)
    one, two = near(quads, AROUND * np.minimum(np.maximum(along, across), AROUND * short), asked)
    cos = abs(dot(unit(level)[one], unit(level)[two]))
    sin = abs(dot(unit(level)[one], unit(steep)[two]))
    parallel = np.maximum(cos, sin) > np.cos(np.deg2rad(20))
    one, two, crossed = one[parallel], two[parallel], (sin > cos)[parallel]
    wide = np.where(crossed, across[two], along[two])
    high = np.where(crossed, along[two], across[two])
    between = middle[two] - middle[one]
    right, down = abs(dot(between, unit(level)[one])), abs(dot(between, unit(steep)[one]))
    as_high, as_wide = _alike(across[one], high), _alike(along[one], wide)
    return _Pairs(
        one,
        two,
        crossed,
        as_high,
        as_wide,
        beside=as_high & (down < 0.35 * np.minimum(across[one], high)),
        below=as_wide & (right < 0.35 * np.minimum(along[one], wide)),
        right=right - (along[one] + wide) / 2,
        down=down - (across[one] + high) / 2,
    )


def _is_stacked(pairs: _Pairs, along: Floats, across: Floats) -> Bools:
    """Which words (N,) are square and much closer to one above or below than to one beside."""
    beside = _least(pairs.one, pairs.right, pairs.beside, along)
    below = _least(pairs.one, pairs.down, pairs.below, across)
    square = abs(np.log(along / across)) < SQUARE
    return np.asarray(square & (below < 0.5) & (beside + 0.15 > 2.5 * (below + 0.15)))


def _alike(one: Floats, two: Floats) -> Bools:
    return np.asarray(abs(np.log(one / two)) < np.log(1.8))


def _least(of: Indices, gaps: Floats, chosen: Bools, sizes: Floats) -> Floats:
    """The least of the chosen gaps of each (N,), in its sizes; 2 where there is none."""
    least = np.full(len(sizes), 2.0)
    np.minimum.at(least, of[chosen], np.maximum(gaps[chosen] / sizes[of[chosen]], 0))
    return least
