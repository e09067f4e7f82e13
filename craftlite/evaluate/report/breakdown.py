"""How good a detector is with words of one kind: by height, aspect, orientation and length."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from craftlite.data.sample import Word
from craftlite.data.word_geometry import letters
from craftlite.evaluate.protocols.td500 import turned_boxes
from craftlite.evaluate.score import Matching, Score, Tally, summed
from craftlite.geometry import Points

HEIGHTS = (8, 12, 16, 24, 32, 48, 64)  # pixels
ASPECTS = (1.5, 3, 5, 8)
LENGTHS = (2, 3, 4, 6, 9, 13)  # letters
ORIENTATIONS = ("level", "sloping", "steep", "upright")
_SLOPES = (10, 30, 60)  # degrees off the horizontal


class Measures(NamedTuple):
    """Of an outline, in pixels of the picture: the sides of its least rectangle, and its slope."""

    height: float
    aspect: float
    slope: float


def measures(outlines: Sequence[Points]) -> list[Measures]:
    """Height (the short side), aspect (long over short) and slope (0..90 degrees) of outlines."""
    result = []
    for _, _, long, short, angle in turned_boxes(outlines).tolist():
        slope = abs(np.rad2deg(angle)) % 180
        result.append(Measures(short, long / max(short, 1e-6), min(slope, 180 - slope)))
    return result


def _class(value: float, limits: Sequence[float], names: Sequence[str]) -> str:
    return names[int(np.searchsorted(limits, value, side="right"))]


def _ranges(limits: Sequence[float]) -> list[str]:
    """Names of the ranges between limits: "under 8", "8 to 12", ..., "64 and more"."""
    middle = [f"{low:g} to {high:g}" for low, high in pairwise(limits)]
    return [f"under {limits[0]:g}", *middle, f"{limits[-1]:g} and more"]


def _orientation(one: Measures) -> str:
    # What is nearly square has no direction to speak of.
    return "level" if one.aspect < ASPECTS[0] else _class(one.slope, _SLOPES, ORIENTATIONS)


BY_SHAPE: dict[str, tuple[Sequence[str], Callable[[Measures], str]]] = {
    "height": (_ranges(HEIGHTS), lambda m: _class(m.height, HEIGHTS, _ranges(HEIGHTS))),
    "aspect": (_ranges(ASPECTS), lambda m: _class(m.aspect, ASPECTS, _ranges(ASPECTS))),
    "orientation": (ORIENTATIONS, _orientation),
}


def by_groups(
    pictures: Iterable[tuple[Sequence[Word], Sequence[Points], Matching]],
) -> dict[str, dict[str, Score]]:
    """Scores by "height", "aspect", "orientation" and "length", then by the names of the ranges.

    A detection that is matched is in its truth's group, any other in that of its own shape. It has
    no length, so that there only recall means something: detections are counted where they match.
    Ranges without a truth or detection are left out.
    """
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * 5)
    for truths, outlines, matching in pictures:
        owners = {d: group.truths[0] for group in matching.groups for d in group.detections}
        truth_measures = measures([word.polygon for word in truths])
        own_measures = measures(outlines)
        for number in np.flatnonzero(matching.truth_scored).tolist():
            for group in _groups_of(truth_measures[number], truths[number]):
                sums[group][0] += 1
                sums[group][2] += matching.found[number]
        for number in np.flatnonzero(matching.detection_scored).tolist():
            owner = owners.get(number)
            word = None if owner is None else truths[owner]
            shape = own_measures[number] if owner is None else truth_measures[owner]
            for group in _groups_of(shape, word):
                sums[group][1] += 1
                sums[group][3] += matching.correct[number]
    ranges = {by: names for by, (names, _) in BY_SHAPE.items()} | {"length": _ranges(LENGTHS)}
    return {
        by: {name: summed([Tally._make(sums[by, name])]) for name in names if (by, name) in sums}
        for by, names in ranges.items()
    }


def _groups_of(shape: Measures, word: Word | None) -> list[tuple[str, str]]:
    groups = [(by, name_of(shape)) for by, (_, name_of) in BY_SHAPE.items()]
    if word is not None and word.text:
        groups.append(("length", _class(letters(word), LENGTHS, _ranges(LENGTHS))))
    return groups
