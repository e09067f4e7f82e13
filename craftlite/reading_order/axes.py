"""Deciding which of its two axes a word is read along.

A quad does not show this. One axis is within 45 degrees of level, the other is steeper. The longer
one is usually right, but an "I" in a level line is tall, and a single Chinese character in a
column is square, so the neighbours also have a say.
"""

from typing import NamedTuple

import numpy as np

from craftlite.reading_order.vectors import Bools, Floats, Indices, dot, length, near, unit

LEVEL = 0.7  # initial preference for the level axis, as a logarithm of the aspect ratio
SURE = 1.2  # with a stronger preference than this, no neighbour is asked
BESIDE = 1.5  # weight of a neighbour in the same row or column
ELSEWHERE = 0.5  # weight of any other neighbour
AROUND = 3.5  # neighbours lie within this many times a word's size
SQUARE = 0.35  # logarithm of the aspect ratio below which a word has no long side


def axes_of(quads: Floats) -> tuple[Floats, Floats]:
    """Return the axes (N, 2) of quads, as long as their sides, with the more level one first."""
    one = (quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]) / 2
    two = (quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]) / 2
    swap = (abs(unit(one)[:, 1]) > abs(unit(two)[:, 1]))[:, None]
    return np.where(swap, two, one), np.where(swap, one, two)


def reads_level(quads: Floats, level: Floats, steep: Floats) -> Bools:
    """Return which quads (N, 4, 2) with these axes (N, 2) are read along the level one."""
    along, across = length(level), length(steep)
    opinion = np.clip(np.log(along / across), -2, 2)
    # The preference falls as the level axis gets steeper; at 45 degrees there is none.
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
    """P pairs of a word and a neighbour whose axes are parallel to its own.

    one, two: (P,) their numbers.
    crossed: (P,) whether the neighbour's level axis is parallel to the word's steep one.
    as_high, as_wide: (P,) whether both have similar lengths along the word's steep and level axis.
    beside, below: (P,) whether the neighbour lies in the row along the level or the steep axis.
    right, down: (P,) pixels of the gap between the two along each axis.
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
    """Return the pairs of the words that are asked for and their neighbours."""
    along, across, middle = length(level), length(steep), quads.mean(axis=1)
    # Narrow strokes such as "I" get the same search distance as other words.
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
    """Return which words (N,) are square and much closer to one above or below than beside."""
    beside = _least(pairs.one, pairs.right, pairs.beside, along)
    below = _least(pairs.one, pairs.down, pairs.below, across)
    square = abs(np.log(along / across)) < SQUARE
    return np.asarray(square & (below < 0.5) & (beside + 0.15 > 2.5 * (below + 0.15)))


def _alike(one: Floats, two: Floats) -> Bools:
    return np.asarray(abs(np.log(one / two)) < np.log(1.8))


def _least(of: Indices, gaps: Floats, chosen: Bools, sizes: Floats) -> Floats:
    """Return each word's (N,) least chosen gap, relative to its size; 2 if there is none."""
    least = np.full(len(sizes), 2.0)
    np.minimum.at(least, of[chosen], np.maximum(gaps[chosen] / sizes[of[chosen]], 0))
    return least
