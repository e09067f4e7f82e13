"""A detector's scores by the height, aspect, orientation and length of words."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from craftlite.data.sample import Word
from craftlite.data.word_geometry import letters
from craftlite.evaluate.protocols.td500 import turned_boxes
from craftlite.evaluate.score import Floats, Matching, Score, Tally, summed
from craftlite.geometry import Points

SQUARE = 1.5  # a word with a smaller aspect counts as level, whatever its slope
# Units: pixels, long side over short side, degrees from the horizontal, and letters.
LIMITS = {
    "height": (8, 12, 16, 24, 32, 48, 64),
    "aspect": (SQUARE, 3, 5, 8),
    "orientation": (10, 30, 60),
    "length": (2, 3, 4, 6, 9, 13),
}


def _ranges(limits: Sequence[float]) -> list[str]:
    """Name the ranges between limits: "under 8", "8 to 12", ..., "64 and more"."""
    middle = [f"{low:g} to {high:g}" for low, high in pairwise(limits)]
    return [f"under {limits[0]:g}", *middle, f"{limits[-1]:g} and more"]


NAMES = {by: _ranges(limits) for by, limits in LIMITS.items()} | {
    "orientation": ["level", "sloping", "steep", "upright"]
}


class Measures(NamedTuple):
    """Sides of an outline's smallest rectangle in pixels of the picture, and its slope."""

    height: float
    aspect: float
    slope: float


def measures(outlines: Sequence[Points]) -> list[Measures]:
    """Return height (short side), aspect (long over short), slope (0..90 degrees) of outlines."""
    result = []
    for _, _, long, short, angle in turned_boxes(outlines).tolist():
        slope = abs(np.rad2deg(angle)) % 180
        result.append(Measures(short, long / max(short, 1e-6), min(slope, 180 - slope)))
    return result


def by_groups(
    pictures: Iterable[tuple[Sequence[Word], Sequence[Points], Matching]],
) -> dict[str, dict[str, Score]]:
    """Return scores by "height", "aspect", "orientation" and "length", then by range names.

    A matched detection belongs to its truth's group, any other to the group of its own shape. An
    unmatched detection has no length, so for length only recall is meaningful: only matched
    detections are counted. Ranges without a truth or detection are left out.
    """
    sums: dict[tuple[str, str], Floats] = defaultdict(lambda: np.zeros(4))
    for truths, outlines, matching in pictures:
        owners = {d: group.truths[0] for group in matching.groups for d in group.detections}
        truth_measures = measures([word.polygon for word in truths])
        own_measures = measures(outlines)
        for number in np.flatnonzero(matching.truth_scored).tolist():
            for group in _groups_of(truth_measures[number], truths[number]):
                sums[group] += (1, 0, matching.found[number], 0)
        for number in np.flatnonzero(matching.detection_scored).tolist():
            owner = owners.get(number)
            word = None if owner is None else truths[owner]
            shape = own_measures[number] if owner is None else truth_measures[owner]
            for group in _groups_of(shape, word):
                sums[group] += (0, 1, 0, matching.correct[number])
    return {
        by: {
            name: summed([Tally(*sums[by, name].tolist())]) for name in names if (by, name) in sums
        }
        for by, names in NAMES.items()
    }


def _groups_of(shape: Measures, word: Word | None) -> list[tuple[str, str]]:
    slope = shape.slope if shape.aspect >= SQUARE else 0.0
    values = {"height": shape.height, "aspect": shape.aspect, "orientation": slope}
    if word is not None and word.text:
        values["length"] = letters(word)
    return [(by, NAMES[by][bisect_right(LIMITS[by], value)]) for by, value in values.items()]
