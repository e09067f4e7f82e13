"""CVAT for images 1.1: one XML file for all pictures."""

import math
from collections.abc import Iterator
from pathlib import Path

from craftlite.data.annotations import SHAPE, Dataset, IssueLog, UnreadableError
from craftlite.data.files.labelled import (
    Labelled,
    LabelledWord,
    each_word,
    label_files,
    labelled_word,
    read_labelled,
)
from craftlite.data.files.lines import outline
from craftlite.data.files.tree import Tree, split_named
from craftlite.data.files.xml_file import Element, read_xml
from craftlite.geometry import Points, box, rotated

LAYOUTS = {
    "cvat": [
        "annotations.xml (CVAT for images 1.1)",
        '  <image name="a.jpg" subset="Train" ...><polygon label="text" points="x,y;x,y;...">',
        '  <attribute name="text">Café</attribute></polygon></image>',
        "images/<any>.jpg (or the path in name)",
    ]
}
TEXTS = ("text", "transcription")
BESIDE = ("meta", "version")  # elements that hold no pictures


def fits(file: Path, content: object) -> bool:
    """Return whether a file's content is in this format."""
    return isinstance(content, Element) and content.tag == "annotations"


def read_cvat(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read CVAT: polygons and boxes, with the text in an attribute `text` or `transcription`."""
    return read_labelled(labelled, root, split, need_pictures)


def labelled(tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    """Yield the pictures of all files."""
    for file, content in label_files(tree, ".xml", read_xml, fits, notes):
        for image in content.children:
            with notes.catching():
                if image.tag not in ("image", *BESIDE):
                    expected = "<image>, as in the export CVAT for images 1.1"
                    raise UnreadableError(image.where, f"<{image.tag}>", expected)
                if image.tag == "image":
                    yield _picture(image, file, tree, notes)


def _picture(image: Element, file: Path, tree: Tree, notes: IssueLog) -> Labelled:
    where, name = image.where, image.attribute("name")
    subset = image.attributes.get("subset", "")
    folders = [file.parent / "images" / subset, file.parent / subset]
    picture = tree.find(name, where, *folders)
    width, height = image.numbers("width", "height")
    words = each_word(
        ((shape.where, shape) for shape in image.children),
        lambda shape, _: _word(shape, notes),
        notes,
    )
    return Labelled(where, name, picture, words, split_named(subset), (int(width), int(height)))


def _word(shape: Element, notes: IssueLog) -> LabelledWord | None:
    if shape.tag not in ("polygon", "box"):
        notes.note(shape.where, SHAPE, shape.tag)
        return None
    attributes: dict[str, str] = {}
    for one in shape.children:
        key = one.attribute("name").strip().lower()
        if one.tag != "attribute" or key in attributes:
            raise UnreadableError(one.where, f"<{one.tag}> {key}", "each <attribute> once")
        attributes[key] = one.text
    ignore = attributes.get("ignore", "").lower() or "false"
    if ignore not in ("true", "false"):
        raise UnreadableError(shape.where, ignore, "true or false for the attribute ignore")
    text = next((attributes[key] for key in TEXTS if attributes.get(key)), None)
    label = shape.attribute("label")
    return labelled_word(shape.where, _outline(shape), text, label, ignore == "true")


def _outline(shape: Element) -> Points:
    if shape.tag == "polygon":
        points = shape.attribute("points")
        try:
            return outline([value for point in points.split(";") for value in point.split(",")])
        except ValueError as error:
            raise UnreadableError(shape.where, points, "3 points or more: x,y;x,y;...") from error
    corners = box(*shape.numbers("xtl", "ytl", "xbr", "ybr"))
    if "rotation" not in shape.attributes:
        return corners
    [angle] = shape.numbers("rotation")
    return rotated(corners, math.radians(angle), corners.mean(axis=0))
