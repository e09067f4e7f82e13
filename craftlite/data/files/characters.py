"""Assigning characters to words, for ground truth that lists them separately."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.annotations import CHARACTERS, IssueLog
from craftlite.data.files.lines import LineParser, Placed, read_lines
from craftlite.geometry import Points, signed_area


def read_characters(
    file: Path, parse: LineParser, words: Sequence[Placed], notes: IssueLog
) -> tuple[list[list[Points]], int] | None:
    """Return the character boxes (4, 2) inside each word, and the number of boxes in no word.

    Don't-care characters are left out. A missing file is recorded as a problem, and gives None.
    """
    if not file.is_file():
        notes.note(str(file), CHARACTERS, "no such file")
        return None
    found = [character for _, character in read_lines(parse)(file, notes)]
    boxes = [character.outline for character in found if not character.ignore]
    places = homes([word.outline for _, word in words], boxes)
    inside: list[list[Points]] = [[] for _ in words]
    for box, place in zip(boxes, places.tolist(), strict=True):
        if place >= 0:
            inside[place].append(box)
    return inside, int((places < 0).sum())


def homes(outlines: Sequence[Points], boxes: Sequence[Points]) -> npt.NDArray[np.int64]:
    """Return for each box (4, 2) the number of the outline (K, 2) that holds its centre, or -1.

    If several outlines do, it is the smallest of them.
    """
    centres = np.array([box.mean(axis=0) for box in boxes], np.float32).reshape(-1, 2)
    found = np.full(len(boxes), -1, np.int64)
    for number in sorted(range(len(outlines)), key=lambda n: abs(signed_area(outlines[n]))):
        outline = outlines[number]
        low, high = outline.min(axis=0), outline.max(axis=0)
        # The bounding box rules out most centres cheaply, so the time is not quadratic in words.
        near = (found < 0) & (low <= centres).all(axis=1) & (centres <= high).all(axis=1)
        for place in np.flatnonzero(near).tolist():
            if cv2.pointPolygonTest(outline, centres[place].tolist(), measureDist=False) >= 0:
                found[place] = number
    return found
