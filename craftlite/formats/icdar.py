"""Text files of the ICDAR 2015 competition, with one word per line."""

import re
from collections.abc import Sequence

import numpy as np

from craftlite.formats.record import DONT_CARE, Record, WordRecord
from craftlite.geometry import Points
from craftlite.words import Words

UNKNOWN = "?"


def icdar(words: Words, *, polygons: bool = False) -> str:
    """Return the text of `res_<picture>.txt` of the ICDAR 2015 competition, one word per line.

    A line is x1,y1,...,x4,y4 in whole pixels, or all points of the polygon; it has no score.
    """
    outlines: Sequence[Points] = words.polygons if polygons else list(words.quads)
    lines = (",".join(map(str, np.rint(outline).astype(int).ravel())) for outline in outlines)
    return "".join(f"{line}\n" for line in lines)


def quads(record: Record) -> str:
    """Return the text of `gt_<picture>.txt` of the layout `quads`: lines of x1,y1,...,x4,y4,text.

    A don't-care region has the text `###`, a word of unknown text `?`.
    """
    return "".join(f"{_line(word)}\n" for word in record["words"])


def _line(word: WordRecord) -> str:
    fields = [f"{value:.1f}".removesuffix(".0") for point in word["quad"] for value in point]
    text = DONT_CARE if word.get("ignore") else _field(word.get("text") or UNKNOWN)
    return ",".join([*fields, text])


def _field(text: str) -> str:
    """Return a text as one field, in double quotes if it starts like a number or a quoted text.

    The escapes follow the competition's rules: see `unquoted` in `craftlite/data/files/lines.py`.
    """
    text = re.sub(r"[\r\n]+", " ", text)
    if re.match(r'"|[-+]?\.?\d', text):
        escaped = text.replace('"', '\\"').replace("\\", "\\\\")
        return f'"{escaped}"'
    return text
