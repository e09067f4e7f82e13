"""ICDAR 2013 (focused scene text), in the competition's own layout, with its characters."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from craftlite.data.annotations import CHARACTERS, Dataset, IssueLog
from craftlite.data.files.characters import homes
from craftlite.data.files.folder import TruthReader, read_folder
from craftlite.data.files.lines import (
    Annotation,
    Placed,
    coordinates,
    parse_lines,
    read_bytes,
    read_lines,
    text_lines,
    transcribed,
    unquoted,
)
from craftlite.geometry import Points, box

FOLDERS = {
    "train": (
        "Challenge2_Training_Task12_Images",
        "Challenge2_Training_Task1_GT",
        "Challenge2_Training_Task2_GT",
    ),
    "test": (
        "Challenge2_Test_Task12_Images",
        "Challenge2_Test_Task1_GT",
        "Challenge2_Test_Task2_GT",
    ),
}
LAYOUT = """icdar13 is expected as
  Challenge2_Training_Task12_Images/N.jpg
  Challenge2_Training_Task1_GT/gt_N.txt
  Challenge2_Training_Task2_GT/N_GT.txt (not needed; its boxes of characters are used if there)
  Challenge2_Test_Task12_Images/img_N.jpg
  Challenge2_Test_Task1_GT/gt_img_N.txt
  Challenge2_Test_Task2_GT/img_N_GT.txt (not needed either)"""


def read_icdar13(root: Path, split: str, need_pictures: bool = True) -> Dataset:
    """ICDAR 2013: upright boxes with transcriptions, as quads; splits "train" and "test".

    Where the segmentation task's ground truth is there too, words have their characters.

    Raises:
        DatasetError: see read_folder.
    """
    pictures, truths, characters = FOLDERS[split]
    folder = root / characters
    return read_folder(
        [root / pictures],
        root / truths,
        _with_characters(folder) if folder.is_dir() else read_lines(box_line),
        layout=LAYOUT,
        need_pictures=need_pictures,
    )


def box_line(line: str) -> Annotation:
    """A line `x1 y1 x2 y2 "text"`, separated by spaces or commas."""
    fields = re.split(r"\s*,\s*|\s+", line.strip(), maxsplit=4)
    try:
        return transcribed(box(*coordinates(fields[:4])), fields[4])
    except (ValueError, IndexError, TypeError) as error:
        raise ValueError('4 numbers and a text: x1 y1 x2 y2 "text"') from error


def character_line(line: str) -> Annotation:
    """A line `R G B cx cy x0 y0 x1 y1 "c"`: one character; `#` before it says don't care."""
    fields = line.strip().lstrip("#").split(None, 9)
    try:
        outline = box(*coordinates(fields[:9])[5:])
        return Annotation(outline, unquoted(fields[9].strip()).strip(), line.startswith("#"))
    except (ValueError, IndexError, TypeError) as error:
        raise ValueError('9 numbers and a character: R G B cx cy x0 y0 x1 y1 "c"') from error


def _with_characters(folder: Path) -> TruthReader:
    def read(path: Path, notes: IssueLog) -> Iterator[Placed]:
        words = list(read_lines(box_line)(path, notes))
        stem = path.stem.removeprefix("gt_")
        files = [folder / f"{stem}_GT.txt", folder / f"gt_{stem}.txt"]
        file = next((file for file in files if file.is_file()), None)
        if file is None:
            notes.note(str(files[0]), CHARACTERS, "no such file")
            yield from words
            return
        lines = text_lines(read_bytes(file), str(file))
        yield from _assigned(
            words, [found for _, found in parse_lines(lines, character_line, notes)]
        )

    return read


def _assigned(words: Sequence[Placed], characters: Sequence[Annotation]) -> Iterator[Placed]:
    """The words with the characters whose centres lie in them; where boxes overlap, the smaller."""
    boxes = [one.outline for one in characters if one.text and not one.ignore]
    inside: list[list[Points]] = [[] for _ in words]
    for home, quad in zip(homes([word.outline for _, word in words], boxes), boxes, strict=True):
        if home >= 0:
            inside[home].append(quad)
    for (where, word), quads in zip(words, inside, strict=True):
        yield where, word._replace(characters=np.array(quads, np.float32).reshape(-1, 4, 2))
