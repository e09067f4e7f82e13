"""Adding words whose letters are too large for the network at one scale, from a coarser scale."""

from dataclasses import replace

import numpy as np
from shapely import area, intersection, polygons

from craftlite.geometry import heights
from craftlite.postprocess.components import Found
from craftlite.words import Words

LARGE = 128  # pixels of the finer scale's input; lower words are left to that scale
SAME = 0.3  # minimum IoU for words of the two scales to be the same word
INSIDE = 0.5  # minimum fraction of a finer word's area inside a larger word to be part of it


def with_larger(found: Found, larger: Found, least: float) -> Found:
    """Add the words of a coarser scale that the finer scale missed, or found in parts.

    Args:
        found: the words of the finer scale.
        larger: the words of the coarser scale, in the same picture.
        least: minimum height of a word of the coarser scale, in pixels of the picture.
    """
    tall = np.flatnonzero(heights(larger.words.quads) >= least)
    if not len(tall):
        return found
    fine, coarse = polygons(found.words.quads), polygons(larger.words.quads[tall])
    shared = area(intersection(fine[:, None], coarse[None]))
    union = area(fine)[:, None] + area(coarse)[None] - shared
    missed = (shared < SAME * union).all(axis=0)
    part = (shared > INSIDE * area(fine)[:, None])[:, missed].any(axis=1)
    kept, added = np.flatnonzero(~part), tall[missed]
    return Found(
        _joined(found.words[kept], larger.words[added]),
        np.concatenate([found.evidence[kept], larger.evidence[added]]),
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
