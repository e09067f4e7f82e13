"""Lines of text that hold coordinates, and the word that a line of ground truth stands for."""

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from craftlite.data.sample import Word
from craftlite.errors import DatasetError
from craftlite.geometry import Points, signed_area

LineParser = Callable[[str], Word]
"""Turns one line into a word; a ValueError says what was expected instead."""

DONT_CARE = "###"
LARGEST = 2**24  # pixels: beyond it float32 skips whole numbers


def text_lines(raw: bytes, where: str) -> Iterator[tuple[str, str]]:
    """The lines that are not blank, each with its place "where:number" counted from 1.

    UTF-8 with or without a byte order mark; lines end in LF or CRLF. Nothing else ends a line: a
    transcription may hold characters that `str.splitlines` would split at.

    Raises:
        DatasetError: the bytes are not UTF-8.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise DatasetError(f"{where}:{number}: found bytes that are not UTF-8 text") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield f"{where}:{number}", line.rstrip("\r")


def coordinates(fields: Sequence[str]) -> list[float]:
    """The fields as numbers; a ValueError where one is no number of pixels."""
    values = [float(field) for field in fields]
    if not all(abs(value) < LARGEST for value in values):  # false for nan too
        raise ValueError("not a number of pixels")
    return values


def quad_word(line: str) -> Word:
    """The word of an ICDAR 2015 line `x1,y1,x2,y2,x3,y3,x4,y4,text`; commas in the text stay."""
    fields = line.split(",", 8)
    try:
        corners = np.array(coordinates(fields[:8]), np.float32).reshape(4, 2)
        return _word(corners, fields[8])
    except (ValueError, IndexError) as error:
        raise ValueError("8 numbers and a text: x1,y1,x2,y2,x3,y3,x4,y4,text") from error


def box_word(line: str) -> Word:
    """The word of an ICDAR 2013 line `x1 y1 x2 y2 "text"`, separated by spaces or commas."""
    fields = re.split(r"\s*,\s*|\s+", line.strip(), maxsplit=4)
    try:
        x1, y1, x2, y2 = coordinates(fields[:4])
        corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)
        return _word(corners, fields[4])
    except (ValueError, IndexError) as error:
        raise ValueError('4 numbers and a text: x1 y1 x2 y2 "text"') from error


def _word(corners: Points, field: str) -> Word:
    text = _unquoted(field.strip())
    # The annotator's first corner is where reading starts, so a quad that runs the wrong way
    # round keeps it.
    if signed_area(corners) < 0:
        corners = corners[[0, 3, 2, 1]]
    ignore = text == DONT_CARE
    return Word(corners, None if ignore else text or None, ignore)


def _unquoted(text: str) -> str:
    """The competition's rule: a text between double quotes loses them and its escapes."""
    quoted = re.fullmatch(r'"(.*)"', text, re.DOTALL)
    return quoted[1].replace("\\\\", "\\").replace('\\"', '"') if quoted else text
