"""SCUT-CTW1500: lines of curved text as polygons, in the three forms of its ground truth."""

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

import numpy as np

from craftlite.data.annotations import Annotation, Dataset, IssueLog, UnreadableError
from craftlite.data.files.folder import read_folder
from craftlite.data.files.lines import (
    Placed,
    coordinates,
    expecting,
    outline,
    parse_lines,
    read_bytes,
    read_lines,
    transcribed,
)

# Folders of pictures and of ground truth, and what its files are called.
FOLDERS = {
    "train": ("train_images", "ctw1500_train_labels", ["{}.xml", "{}.txt"]),
    "test": ("test_images", "gt_ctw1500", ["000{}.txt"]),
}
LAYOUTS = {
    "ctw1500": [
        "train_images/NNNN.jpg",
        "ctw1500_train_labels/NNNN.xml (or NNNN.txt, the first release's)",
        "test_images/NNNN.jpg",
        "gt_ctw1500/000NNNN.txt",
    ]
}


def read_ctw1500(root: Path, split: str, need_pictures: bool) -> Dataset:
    """CTW1500: polygons of whole lines with text; `###` is don't care."""
    pictures, truths, names = FOLDERS[split]
    return read_folder([root / pictures], root / truths, _read, need_pictures, truth_names=names)


def _read(path: Path, notes: IssueLog) -> Iterator[Placed]:
    read = _read_xml if path.suffix == ".xml" else read_lines(polygon_line)
    return read(path, notes)


@expecting("x1,y1,...,xK,yK,####text, or xmin,ymin,xmax,ymax and 14 pairs of offsets")
def polygon_line(line: str) -> Annotation:
    """A line `x1,y1,...,xK,yK,####text`, or the first release's 32 numbers without text.

    Those are the corners xmin,ymin,xmax,ymax of the box and 14 points counted from xmin,ymin.
    """
    head, marked, text = line.partition("####")
    fields = head.strip().rstrip(",").split(",")
    if marked:
        return transcribed(outline(fields), text)
    if len(fields) != 32:
        raise ValueError("another number of fields")
    values = np.array(coordinates(fields), np.float32)
    return Annotation(values[4:].reshape(14, 2) + values[:2], None)


def _read_xml(path: Path, notes: IssueLog) -> Iterator[Placed]:
    raw = read_bytes(path)
    boxes = _Boxes(str(path))
    try:
        boxes.parser.Parse(raw, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # not only XML: its encoding
        number = boxes.parser.CurrentLineNumber
        line = b"".join(raw.splitlines()[number - 1 : number])
        reason = str(error).partition(": line ")[0]
        raise UnreadableError(f"{path}:{number}", line, f"XML ({reason})") from error
    return parse_lines(boxes.found, _xml_box, notes)


@expecting("<segs> of 3 points or more: x1,y1,x2,y2,...")
def _xml_box(box: str) -> Annotation:
    points, _, label = box.partition("\n")
    return transcribed(outline(points.rstrip(",").split(",")), label)


class _Boxes:
    """Gathers every <box> of XML: its place, and as two lines its <segs> and its <label>.

    A document type is refused: it could define entities that grow without end, and no ground
    truth needs one.
    """

    def __init__(self, path: str) -> None:
        self.found: list[tuple[str, str]] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._path, self._place, self._tag = path, "", ""
        self._texts: dict[str, list[str]] = {}

    def _here(self) -> str:
        return f"{self._path}:{self.parser.CurrentLineNumber}"

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._tag = tag
        if tag == "box":
            self._place = self._here()
            self._texts = {"segs": [], "label": []}

    def _data(self, data: str) -> None:
        if self._tag in self._texts:
            self._texts[self._tag].append(data)

    def _end(self, tag: str) -> None:
        self._tag = ""
        if tag == "box":
            segs, label = ("".join(parts).strip() for parts in self._texts.values())
            self.found.append((self._place, f"{segs}\n{label}"))

    def _doctype(self, name: str, *_: object) -> None:
        raise UnreadableError(self._here(), f"<!DOCTYPE {name}", "XML without a document type")
