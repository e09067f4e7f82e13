"""ICDAR 2003 (robust reading), with a file of words and one of characters for each picture."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from craftlite.data.annotations import CHARACTERS, Annotation, Dataset, IssueLog
from craftlite.data.files.characters import read_characters
from craftlite.data.files.folder import natural_order, normal, read_folder
from craftlite.data.files.lines import (
    Placed,
    coordinates,
    expecting,
    quad_line,
    read_lines,
)
from craftlite.data.sample import letters_of
from craftlite.geometry import Points, box

VALIDATION_STEP = 5
VALIDATION_PICTURES = 40
LAYOUTS = {
    "icdar2003": [
        "images/<stem>.jpg (or .png, ...)",
        "gt/gt_<stem>.txt",
        "chars/<stem>.txt (optional; its boxes of characters are used if present)",
    ]
}


def read_icdar2003(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read ICDAR 2003: quads with transcriptions and, if `chars` is present, their characters.

    Every fifth picture, ordered by the numbers in their names, is used as "val", at most 40; the
    others are "train".
    """
    truths, characters = root / "gt", root / "chars"
    stems = (normal(path.stem.removeprefix("gt_")) for path in truths.glob("gt_*.txt"))
    validation = validation_stems(stems)

    def keep(stem: str) -> bool:
        return (stem in validation) == (split == "val")

    read = read_lines(quad_line)
    if characters.is_dir():
        read = partial(_read_with_characters, characters)
    return read_folder([root / "images"], truths, read, need_pictures, keep=keep)


def validation_stems(stems: Iterable[str]) -> frozenset[str]:
    """Return the "val" pictures among all pictures: the 5th, the 10th, ... up to the 200th."""
    ordered = sorted(sorted(stems), key=natural_order)
    return frozenset(ordered[VALIDATION_STEP - 1 :: VALIDATION_STEP][:VALIDATION_PICTURES])


@expecting("4 numbers and a character: x1,y1,x2,y2,c")
def character_box_line(line: str) -> Annotation:
    """Parse `x1,y1,x2,y2,c`: the upright box of one character."""
    fields = line.split(",", 4)
    return Annotation(box(*coordinates(fields[:4])), fields[4].strip())


def _read_with_characters(folder: Path, path: Path, notes: IssueLog) -> Iterator[Placed]:
    words = list(read_lines(quad_line)(path, notes))
    file = folder / path.name.removeprefix("gt_")
    found = read_characters(file, character_box_line, words, notes)
    if found is None:
        yield from words
        return
    inside, outside = found
    fitting = [_fitting(word, boxes) for (_, word), boxes in zip(words, inside, strict=True)]
    unfit = sum(w.characters is None and bool(w.text) and not w.ignore for w in fitting)
    if unfit or outside:
        count = f"words: {unfit} of {len(words)}, characters in no word: {outside}"
        notes.note(str(file), CHARACTERS, count)
    yield from ((where, word) for (where, _), word in zip(words, fitting, strict=True))


def _fitting(word: Annotation, boxes: Sequence[Points]) -> Annotation:
    """Return the word with its characters from left to right, if there is one for every letter."""
    if word.ignore or not word.text or len(boxes) != letters_of(word.text):
        return word
    ordered = sorted(boxes, key=lambda quad: float(quad[:, 0].mean()))
    return word._replace(characters=np.stack(ordered))
