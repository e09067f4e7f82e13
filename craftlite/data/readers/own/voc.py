"""Pascal VOC: an XML file for each picture."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from craftlite.data import SPLITS
from craftlite.data.annotations import DUPLICATE, Dataset, IssueLog, UnreadableError
from craftlite.data.files.labelled import (
    Labelled,
    LabelledWord,
    each_word,
    label_files,
    labelled_word,
    read_labelled,
)
from craftlite.data.files.lines import read_bytes, text_lines
from craftlite.data.files.tree import Tree
from craftlite.data.files.xml_file import Element, read_xml
from craftlite.geometry import Points, box, centred_box, rotated

LAYOUTS = {
    "voc": [
        "Annotations/<stem>.xml (or next to the picture)",
        "  <annotation><filename>a.jpg</filename><object><name>text</name><text>Café</text>",
        "  <bndbox><xmin>...</xmax>...</bndbox></object></annotation>",
        "JPEGImages/<any>.jpg (or images/, or the path in filename)",
        "ImageSets/Main/train.txt (optional, like val.txt and test.txt: stems of the split)",
    ]
}
TEXTS = ("text", "transcription")


def fits(file: Path, content: object) -> bool:
    """Return whether a file's content is in this format."""
    return isinstance(content, Element) and content.tag == "annotation"


def read_voc(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read Pascal VOC: boxes, rotated boxes (`robndbox`) and polygons, with texts if present."""
    return read_labelled(labelled, root, split, need_pictures)


def labelled(tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    """Yield the picture of each file."""
    splits = _splits(tree, notes)
    for file, content in label_files(tree, ".xml", read_xml, fits, notes):
        with notes.catching():
            name = content.text_of("filename") or file.stem
            folders = [file.parent.parent / folder for folder in ("JPEGImages", "images")]
            picture = tree.find(name, content.where, file.parent, *folders)
            shapes = ((shape.where, shape) for shape in content.children if shape.tag == "object")
            split = splits.get(file.stem) if splits else tree.split_of(file, by_name=False)
            words = each_word(shapes, _word, notes)
            yield Labelled(content.where, name, picture, words, split, _size(content))


def _splits(tree: Tree, notes: IssueLog) -> dict[str, str]:
    """Return the split of each stem that is listed in a file in `ImageSets/Main`."""
    found: dict[str, str] = {}
    for file in tree.files:
        if file.parts[-3:-1] == ("ImageSets", "Main") and file.stem in SPLITS:
            with notes.catching():
                for where, line in text_lines(read_bytes(file), str(file)):
                    stem = re.sub(r"\s+-?[01]$", "", line).strip()  # lists of a class have 1, 0, -1
                    if found.setdefault(stem, file.stem) != file.stem:
                        notes.note(where, DUPLICATE, f"{stem}, also of {found[stem]}")
    return found


def _size(content: Element) -> tuple[int, int] | None:
    """Return the (width, height) in the file, or None if missing; some tools write 0."""
    size = content.child("size")
    width, height = map(int, size.numbers("width", "height")) if size else (0, 0)
    return (width, height) if width and height else None


def _word(shape: Element, where: str) -> LabelledWord:
    attributes = shape.child("attributes")
    inside = [shape, *([attributes] if attributes else [])]
    named = {
        one.text_of("name"): one.text_of("value")
        for one in (attributes.children if attributes else ())
    }
    texts = [one.text_of(*TEXTS) for one in inside] + [named.get(key) for key in TEXTS]
    difficult = shape.text_of("difficult") or "0"
    if difficult not in ("0", "1"):
        raise UnreadableError(where, difficult, "0 or 1 for <difficult>")
    text, label = next(filter(None, texts), None), shape.text_of("name")
    return labelled_word(where, _outline(shape), text, label, difficult == "1")


def _outline(shape: Element) -> Points:
    """Return the most precise of an object's outlines."""
    if polygon := shape.child("polygon"):
        count = sum(re.fullmatch(r"x\d+", one.tag) is not None for one in polygon.children)
        names = [f"{axis}{number}" for number in range(1, count + 1) for axis in "xy"]
        if count < 3 or len(polygon.children) != len(names):
            found = [one.tag for one in polygon.children]
            raise UnreadableError(polygon.where, found, "<x1>, <y1>, ... of 3 points or more")
        return np.array(polygon.numbers(*names), np.float32).reshape(-1, 2)
    if turned := shape.child("robndbox"):
        *sides, angle = turned.numbers("cx", "cy", "w", "h", "angle")
        corners = centred_box(*sides)
        return rotated(corners, angle, corners.mean(axis=0))
    if upright := shape.child("bndbox"):
        return box(*upright.numbers("xmin", "ymin", "xmax", "ymax"))
    raise UnreadableError(shape.where, "<object>", "<bndbox>, <robndbox> or <polygon> in it")
