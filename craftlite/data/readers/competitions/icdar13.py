"""ICDAR 2013 (focused scene text), in the competition's own layout, with its characters."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from craftlite.data.annotations import Annotation, Dataset, IssueLog
from craftlite.data.files.characters import read_characters
from craftlite.data.files.folder import read_folder
from craftlite.data.files.lines import (
    Placed,
    coordinates,
    expecting,
    read_lines,
    transcribed,
    unquoted,
)
from craftlite.geometry import box

FOLDERS = {  # of pictures, words and characters
    split: [f"Challenge2_{part}_{what}" for what in ("Task12_Images", "Task1_GT", "Task2_GT")]
    for split, part in (("train", "Training"), ("test", "Test"))
}
LAYOUTS = {
    "icdar13": [
        "Challenge2_Training_Task12_Images/N.jpg",
        "Challenge2_Training_Task1_GT/gt_N.txt",
        "Challenge2_Training_Task2_GT/N_GT.txt "
        "(optional; its boxes of characters are used if present)",
        "Challenge2_Test_Task12_Images/img_N.jpg",
        "Challenge2_Test_Task1_GT/gt_img_N.txt",
        "Challenge2_Test_Task2_GT/img_N_GT.txt (optional too)",
    ]
}


def read_icdar13(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read ICDAR 2013: upright boxes with transcriptions, as quads.

    If the ground truth of the segmentation task is present, words have their characters.
    """
    pictures, truths, characters = (root / folder for folder in FOLDERS[split])
    read = read_lines(box_line)
    if characters.is_dir():
        read = partial(_read_with_characters, characters)
    return read_folder([pictures], truths, read, need_pictures)


@expecting('4 numbers and a text: x1 y1 x2 y2 "text"')
def box_line(line: str) -> Annotation:
    """Parse `x1 y1 x2 y2 "text"`, separated by spaces or commas."""
    fields = re.split(r"\s*,\s*|\s+", line.strip(), maxsplit=4)
    return transcribed(box(*coordinates(fields[:4])), fields[4])


@expecting('9 numbers and a character: R G B cx cy x0 y0 x1 y1 "c"')
def character_line(line: str) -> Annotation:
    """Parse a character `R G B cx cy x0 y0 x1 y1 "c"`; a blank or a leading `#` is don't care."""
    fields = line.strip().lstrip("#").split(None, 9)
    outline, text = box(*coordinates(fields[:9])[5:]), unquoted(fields[9].strip()).strip()
    return Annotation(outline, text, ignore=line.startswith("#") or not text)


def _read_with_characters(folder: Path, path: Path, notes: IssueLog) -> Iterator[Placed]:
    words = list(read_lines(box_line)(path, notes))
    stem = path.stem.removeprefix("gt_")
    usual, other = folder / f"{stem}_GT.txt", folder / f"gt_{stem}.txt"
    file = other if other.is_file() and not usual.is_file() else usual
    found = read_characters(file, character_line, words, notes)
    if found is None:
        yield from words
        return
    for (where, word), boxes in zip(words, found[0], strict=True):
        yield where, word._replace(characters=np.array(boxes, np.float32).reshape(-1, 4, 2))
