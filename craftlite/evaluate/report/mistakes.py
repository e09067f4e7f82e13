"""The kind of mistake of each missed word and each wrong detection.

The kinds are about areas and the same for all protocols; only what is found and correct is taken
from the protocol. A truth or detection has one kind, the first that fits:

- merged: a detection over most of two or more words, and the words in it;
- split: a word with most of two or more detections in it, and those detections;
- loose: a word and a detection that share a tenth of their union, but not enough to match;
- twice: a detection over most of a word that was already found;
- missed: any other missed word; false: any other wrong detection.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.overlap import overlap
from craftlite.evaluate.score import Bools, Matching, ratio
from craftlite.geometry import Points

KINDS = ("missed", "split", "merged", "loose", "twice", "false")
MOST = 0.5
LOOSE_IOU = 0.1


class Mistakes(NamedTuple):
    """One of KINDS for each truth and each detection, or None if there is no mistake."""

    truths: list[str | None]
    detections: list[str | None]


def mistakes(truths: Sequence[Word], outlines: Sequence[Points], matching: Matching) -> Mistakes:
    """Return the kinds of one picture's mistakes, given a protocol's matching."""
    areas = overlap(truths, outlines)
    scored = matching.truth_scored[:, None] & matching.detection_scored
    covered = scored & (ratio(areas.shared, areas.truths) > MOST)
    inside = scored & (ratio(areas.shared, areas.detections) > MOST)
    near = areas.iou() > LOOSE_IOU

    missed = matching.truth_scored & (matching.found == 0)
    wrong = matching.detection_scored & (matching.correct == 0)
    merging = wrong & (covered.sum(axis=0) >= 2)
    splitting = missed & (inside.sum(axis=1) >= 2)
    open_pairs = missed[:, None] & wrong & near
    on_found = (covered | inside) & (matching.found > 0)[:, None]
    return Mistakes(
        _first(
            missed,
            merged=(covered & merging).any(axis=1),
            split=splitting,
            loose=open_pairs.any(axis=1),
            missed=missed,
        ),
        _first(
            wrong,
            merged=merging,
            split=(inside & splitting[:, None]).any(axis=0),
            loose=open_pairs.any(axis=0),
            twice=np.asarray(on_found.any(axis=0)),
            false=wrong,
        ),
    )


def _first(which: Bools, **kinds: Bools) -> list[str | None]:
    """Return for each place in `which` the first kind that is true there, otherwise None."""
    result: list[str | None] = [None] * len(which)
    for place in np.flatnonzero(which).tolist():
        result[place] = next(kind for kind, fits in kinds.items() if fits[place])
    return result
