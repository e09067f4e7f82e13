"""Pascal VOC's XML file of a picture's objects."""

from pathlib import PurePath
from xml.etree import ElementTree

import numpy as np

from craftlite.formats.cvat import child, xml_text
from craftlite.formats.record import Record, WordRecord


def voc(record: Record) -> str:
    """Return the text of `Annotations/<picture>.xml`; the record's image is in JPEGImages.

    An object has VOC's upright box in whole pixels and, as written by Roboflow, its polygon;
    "difficult" stands for don't care, and the text is included if known.
    """
    root = ElementTree.Element("annotation")
    child(root, "folder", "JPEGImages")
    child(root, "filename", PurePath(record["image"]).name)
    size = child(root, "size")
    for key, value in (("width", record["width"]), ("height", record["height"]), ("depth", 3)):
        child(size, key, value)
    child(root, "segmented", 0)
    for word in record["words"]:
        _add(root, word)
    return xml_text(root)


def _add(root: ElementTree.Element, word: WordRecord) -> None:
    thing = child(root, "object")
    facts = {"name": "text", "pose": "Unspecified", "truncated": 0}
    for key, value in (facts | {"difficult": int(word.get("ignore", False))}).items():
        child(thing, key, value)
    points = np.asarray(word["polygon"])
    box = child(thing, "bndbox")
    sides = np.rint([*points.min(axis=0), *points.max(axis=0)]).astype(int)
    for key, side in zip(("xmin", "ymin", "xmax", "ymax"), sides, strict=True):
        child(box, key, side)
    polygon = child(thing, "polygon")
    for number, point in enumerate(word["polygon"], 1):
        for axis, place in zip("xy", point, strict=True):
            child(polygon, f"{axis}{number}", place)
    if text := word.get("text"):
        child(thing, "text", text)
