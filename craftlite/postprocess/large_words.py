"""Words whose letters are too large for the network at one scale, from a coarser one."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from shapely import area, intersection, polygons

from craftlite.geometry import Points
from craftlite.words import Words

LARGE = 128  # pixels of the finer scale's input; lower words are left to it
SAME = 0.3  # IoU from which on a word of either scale is the same word
INSIDE = 0.5  # share of a finer word's area that makes it a part of a larger word


def with_larger(words: Words, larger: Words, least: float) -> Words:
    """Words and those of a coarser scale that the finer one missed, or found in parts.

    Args:
        words: of the finer scale.
        larger: of the coarser scale, of the same picture.
        least: pixels of the picture; a word of the coarser scale that is lower is left out.
    """
    tall = np.flatnonzero(_heights(larger.quads) >= least)
    if not len(tall):
        return words
    fine, coarse = polygons(words.quads), polygons(larger.quads[tall])
    shared = area(intersection(fine[:, None], coarse[None]))
    union = area(fine)[:, None] + area(coarse)[None] - shared
    missed = (shared < SAME * union).all(axis=0)
    part = (shared > INSIDE * area(fine)[:, None])[:, missed].any(axis=1)
    return _joined(_taken(words, np.flatnonzero(~part)), _taken(larger, tall[missed]))


def _heights(quads: Points) -> npt.NDArray[np.float32]:
    """The shorter side of each quad (N, 4, 2), in pixels."""
    sides = np.linalg.norm(quads[:, :2] - quads[:, 1:3], axis=2)
    return np.asarray(sides.min(axis=1))


def _taken(words: Words, numbers: npt.NDArray[np.intp]) -> Words:
    found = words.characters
    return replace(
        words,
        quads=words.quads[numbers],
        polygons=tuple(words.polygons[number] for number in numbers),
        scores=words.scores[numbers],
        characters=None if found is None else tuple(found[number] for number in numbers),
    )


def _joined(one: Words, two: Words) -> Words:
    known = one.characters is not None and two.characters is not None
    return replace(
        one,
        quads=np.concatenate([one.quads, two.quads]),
        polygons=one.polygons + two.polygons,
        scores=np.concatenate([one.scores, two.scores]),
        characters=(one.characters or ()) + (two.characters or ()) if known else None,
    )
