"""The text files of ICDAR 2015's competition, a word a line."""

import re
from collections.abc import Sequence

import numpy as np

from craftlite.formats.record import DONT_CARE, Record, WordRecord
from craftlite.geometry import Points
from craftlite.words import Words

UNKNOWN = "?"


def icdar(words: Words, *, polygons: bool = False) -> str:
    """The text of one `res_<picture>.txt` of the ICDAR 2015 competition, one word a line.

    A line is x1,y1,...,x4,y4 in whole pixels, or all points of the polygon; it has no score.
    """
    outlines: Sequence[Points] = words.polygons if polygons else list(words.quads)
    lines = (",".join(map(str, np.rint(outline).astype(int).ravel())) for outline in outlines)
    return "".join(f"{line}\n" for line in lines)


def quads(record: Record) -> str:
    """The text of one `gt_<picture>.txt` of the layout `quads`: x1,y1,...,x4,y4,text a line.

    A don't-care region has the text `###`, a word of unknown text `?`.
    """
    return "".join(f"{_line(word)}\n" for word in record["words"])


def _line(word: WordRecord) -> str:
    fields = [f"{value:.1f}".removesuffix(".0") for point in word["quad"] for value in point]
    text = DONT_CARE if word.get("ignore") else _field(word.get("text") or UNKNOWN)
    return ",".join([*fields, text])


def _field(text: str) -> str:
    """A text as one field, in double quotes where it could be taken for a number or a quote.

    The escapes are those that the competition's rule undoes: see `unquoted` in
    `craftlite/data/files/lines.py`.
    """
    text = re.sub(r"[\r\n]+", " ", text)
    if re.match(r'"|[-+]?\.?\d', text):
        escaped = text.replace('"', '\\"').replace("\\", "\\\\")
        return f'"{escaped}"'
    return text
