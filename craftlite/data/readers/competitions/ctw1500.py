"""SCUT-CTW1500: lines of curved text as polygons, in the three forms of its ground truth."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from craftlite.data.annotations import Annotation, Dataset, IssueLog
from craftlite.data.files.folder import read_folder
from craftlite.data.files.lines import (
    Placed,
    coordinates,
    expecting,
    outline,
    parse_lines,
    read_lines,
    transcribed,
)
from craftlite.data.files.xml_file import read_xml

# For each split: folder of pictures, folder of ground truth, and name patterns of its files.
FOLDERS = {
    "train": ("train_images", "ctw1500_train_labels", ["{}.xml", "{}.txt"]),
    "test": ("test_images", "gt_ctw1500", ["000{}.txt"]),
}
LAYOUTS = {
    "ctw1500": [
        "train_images/NNNN.jpg",
        "ctw1500_train_labels/NNNN.xml (or NNNN.txt of the first release)",
        "test_images/NNNN.jpg",
        "gt_ctw1500/000NNNN.txt",
    ]
}


def read_ctw1500(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read CTW1500: polygons of whole lines with text; `###` is don't care."""
    pictures, truths, names = FOLDERS[split]
    return read_folder([root / pictures], root / truths, _read, need_pictures, truth_names=names)


def _read(path: Path, notes: IssueLog) -> Iterator[Placed]:
    read = _read_xml if path.suffix == ".xml" else read_lines(polygon_line)
    return read(path, notes)


@expecting("x1,y1,...,xK,yK,####text, or xmin,ymin,xmax,ymax and 14 pairs of offsets")
def polygon_line(line: str) -> Annotation:
    """Parse `x1,y1,...,xK,yK,####text`, or the first release's 32 numbers without text.

    Those are the corners xmin,ymin,xmax,ymax of the box, and 14 points relative to xmin,ymin.
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
    boxes = []
    for box in read_xml(path).all("box"):
        with notes.catching():
            boxes.append((box.where, f"{box.text_of('segs')}\n{box.text_of('label')}"))
    return parse_lines(boxes, _xml_box, notes)


@expecting("<segs> of 3 points or more: x1,y1,x2,y2,...")
def _xml_box(box: str) -> Annotation:
    points, _, label = box.partition("\n")
    return transcribed(outline(points.rstrip(",").split(",")), label)
