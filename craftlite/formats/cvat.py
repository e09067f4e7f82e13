"""The XML of CVAT for images, version 1.1."""

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from craftlite.formats.record import Record

SUBSETS = {"train": "Train", "val": "Validation", "test": "Test"}


def cvat(records: Iterable[Record]) -> str:
    """Return the text of annotations.xml: polygons labelled "text" or "ignore", with texts."""
    root = ElementTree.Element("annotations")
    child(root, "version", "1.1")
    for number, entry in enumerate(records):
        facts = {"id": str(number), "name": entry["image"]}
        if "split" in entry:
            facts["subset"] = SUBSETS[entry["split"]]
        facts |= {"width": str(entry["width"]), "height": str(entry["height"])}
        image = ElementTree.SubElement(root, "image", facts)
        for word in entry["words"]:
            points = ";".join(f"{x},{y}" for x, y in word["polygon"])
            label = "ignore" if word.get("ignore") else "text"
            shape = {"label": label, "source": "manual", "occluded": "0", "points": points}
            polygon = ElementTree.SubElement(image, "polygon", shape | {"z_order": "0"})
            if text := word.get("text"):
                child(polygon, "attribute", text).set("name", "text")
    return xml_text(root)


def child(parent: ElementTree.Element, tag: str, text: object = "") -> ElementTree.Element:
    """Add an element with text to another; characters that XML forbids become U+FFFD."""
    element = ElementTree.SubElement(parent, tag)
    allowed = r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    element.text = re.sub(allowed, "\ufffd", str(text))
    return element


def xml_text(root: ElementTree.Element) -> str:
    """Return the indented text of a document."""
    ElementTree.indent(root)
    document = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{document}\n'
