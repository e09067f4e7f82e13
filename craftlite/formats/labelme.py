"""labelme's JSON file of a picture's shapes."""

import json
from typing import Any

from craftlite.formats.record import Record, WordRecord, regions


def labelme(record: Record) -> str:
    """Return the text of a labelme file; the record's image is relative to the file's folder.

    A word is a polygon labelled "text", with its text as description and a flag "ignore".
    """
    file: dict[str, Any] = {
        "version": "5.5.0",
        "flags": {},
        "shapes": [_shape(word) for word in regions(record)],
        "imagePath": record["image"],
        "imageData": None,
        "imageHeight": record["height"],
        "imageWidth": record["width"],
    }
    return json.dumps(file, indent=2) + "\n"


def _shape(word: WordRecord) -> dict[str, Any]:
    return {
        "label": "text",
        "points": word["polygon"],
        "group_id": None,
        "description": word.get("text") or "",
        "shape_type": "polygon",
        "flags": {"ignore": word.get("ignore", False)},
        "mask": None,
    }
