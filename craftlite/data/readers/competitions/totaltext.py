"""Total-Text: curved words as polygons, in the text files of its first release."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from craftlite.data.annotations import Annotation, Dataset, IssueLog, is_unicode
from craftlite.data.files.folder import read_folder
from craftlite.data.files.lines import (
    Placed,
    expecting,
    outline,
    parse_lines,
    read_bytes,
    text_lines,
)

DONT_CARE = "#"
LAYOUTS = {
    "totaltext": [
        "Images/Train/imgN.jpg",
        "Images/Test/imgN.jpg",
        "Groundtruth/Polygon/Train/poly_gt_imgN.txt",
        "Groundtruth/Polygon/Test/poly_gt_imgN.txt",
    ]
}

# Printed by numpy and Python 2: arrays, which may span several lines, and lists of texts.
_RECORD = re.compile(
    r"\s*x:\s*\[\[(?P<x>[^\]]*)\]\]\s*,\s*y:\s*\[\[(?P<y>[^\]]*)\]\]\s*,"
    r"\s*ornt:\s*\[[^\]]*\]\s*,\s*transcriptions:\s*\[(?P<text>.*)\]\s*",
    re.DOTALL,
)


def read_totaltext(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read Total-Text: polygons with transcriptions; `#` is don't care."""
    pictures, truths = (root / part / split.title() for part in ("Images", "Groundtruth/Polygon"))
    return read_folder([pictures], truths, _read, need_pictures, truth_names=["poly_gt_{}.txt"])


def _read(path: Path, notes: IssueLog) -> Iterator[Placed]:
    return parse_lines(_records(path), polygon_record, notes)


def _records(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each record with the place of its first line; a new one starts at every `x:`."""
    place = ""
    record: list[str] = []
    for where, line in text_lines(read_bytes(path), str(path)):
        if record and line.lstrip().startswith("x:"):
            yield place, "\n".join(record)
            record = []
        place = place if record else where
        record.append(line)
    if record:
        yield place, "\n".join(record)


@expecting("x: [[3 numbers or more]], y: [[as many]], ornt: [u'c'], transcriptions: [u'text']")
def polygon_record(record: str) -> Annotation:
    """Parse `x: [[...]], y: [[...]], ornt: [u'c'], transcriptions: [u'text']`."""
    fields = _RECORD.fullmatch(record)
    if not fields:
        raise ValueError("another form")
    pairs = zip(fields["x"].split(), fields["y"].split(), strict=True)
    text = ast.literal_eval(fields["text"]) if fields["text"].strip() else ""
    if not (isinstance(text, str) and is_unicode(text)):
        raise ValueError("not one text, or one with a lone surrogate")
    points = outline([value for pair in pairs for value in pair])
    return Annotation(points, text.strip(), ignore=text == DONT_CARE)
