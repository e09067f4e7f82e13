"""ICDAR 2003 (robust reading), a folder with a file of words and one of characters a picture."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from craftlite.data.annotations import CHARACTERS, Dataset, IssueLog
from craftlite.data.files.characters import homes
from craftlite.data.files.folder import TruthReader, natural_order, read_folder
from craftlite.data.files.lines import (
    Annotation,
    Placed,
    coordinates,
    parse_lines,
    quad_line,
    read_bytes,
    read_lines,
    text_lines,
)
from craftlite.geometry import Points, box

VALIDATION_STEP = 5
VALIDATION_PICTURES = 40
LAYOUT = """icdar2003 is expected as
  images/<stem>.jpg (or .png, ...)
  gt/gt_<stem>.txt
  chars/<stem>.txt (not needed; its boxes of characters are used if there)"""


def read_icdar2003(root: Path, split: str, need_pictures: bool = True) -> Dataset:
    """ICDAR 2003: quads with transcriptions and, where `chars` is there, their characters.

    Every fifth picture in the order of the numbers in their names, 40 at most, is kept apart as
    "val", and "train" is the others.

    Raises:
        DatasetError: see read_folder.
    """
    truths, folder = root / "gt", root / "chars"
    validation = validation_stems(path.stem.removeprefix("gt_") for path in truths.glob("gt_*.txt"))
    return read_folder(
        [root / "images"],
        truths,
        _with_characters(folder) if folder.is_dir() else read_lines(quad_line),
        layout=LAYOUT,
        keep=lambda stem: (stem in validation) == (split == "val"),
        need_pictures=need_pictures,
    )


def validation_stems(stems: Iterable[str]) -> frozenset[str]:
    """The pictures of "val" among all pictures: the 5th, the 10th, ... to the 200th."""
    ordered = sorted(sorted(stems), key=natural_order)
    return frozenset(ordered[VALIDATION_STEP - 1 :: VALIDATION_STEP][:VALIDATION_PICTURES])


def character_box_line(line: str) -> Annotation:
    """A line `x1,y1,x2,y2,c`: the upright box of one character."""
    fields = line.split(",", 4)
    try:
        return Annotation(box(*coordinates(fields[:4])), fields[4].strip())
    except (ValueError, IndexError, TypeError) as error:
        raise ValueError("4 numbers and a character: x1,y1,x2,y2,c") from error


def _with_characters(folder: Path) -> TruthReader:
    def read(path: Path, notes: IssueLog) -> Iterator[Placed]:
        words = list(read_lines(quad_line)(path, notes))
        file = folder / path.name.removeprefix("gt_")
        if not file.is_file():
            notes.note(str(file), CHARACTERS, "no such file")
            yield from words
            return
        lines = parse_lines(text_lines(read_bytes(file), str(file)), character_box_line, notes)
        inside, outside = _assigned([word.outline for _, word in words], [b for _, b in lines])
        fitting = [_fitting(word, boxes) for (_, word), boxes in zip(words, inside, strict=True)]
        unfit = sum(w.characters is None and bool(w.text) and not w.ignore for w in fitting)
        if unfit or outside:
            found = f"words: {unfit} of {len(words)}, characters in no word: {outside}"
            notes.note(str(file), CHARACTERS, found)
        yield from ((where, word) for (where, _), word in zip(words, fitting, strict=True))

    return read


def _assigned(
    outlines: Sequence[Points], characters: Iterable[Annotation]
) -> tuple[list[list[Points]], int]:
    """The boxes whose centres lie in each outline, or the smallest of several; how many in none."""
    boxes = [character.outline for character in characters]
    inside: list[list[Points]] = [[] for _ in outlines]
    found = homes(outlines, boxes)
    for home, quad in zip(found, boxes, strict=True):
        if home >= 0:
            inside[home].append(quad)
    return inside, int((found < 0).sum())


def _fitting(word: Annotation, boxes: Sequence[Points]) -> Annotation:
    """The word with its characters from left to right, where there is one for every letter."""
    if word.ignore or not word.text or len(boxes) != len("".join(word.text.split())):
        return word
    ordered = sorted(boxes, key=lambda quad: float(quad[:, 0].mean()))
    return word._replace(characters=np.stack(ordered))
