"""COCO's JSON file of images, annotations and categories."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from craftlite.formats.record import Record, WordRecord, part_of, regions
from craftlite.geometry import signed_area


def coco(records: Iterable[Record]) -> str:
    """Return the text of a COCO file (images, annotations, categories); ids start at 1.

    Besides COCO's own keys, an annotation has the word's score, text and "ignore" if known, and an
    image its split.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, entry in enumerate(records, 1):
        size = {"width": entry["width"], "height": entry["height"]}
        image = {"id": image_id, "file_name": entry["image"], **part_of(entry), **size}
        images.append(image | ({"split": entry["split"]} if "split" in entry else {}))
        for word in regions(entry):
            ids = {"id": len(annotations) + 1, "image_id": image_id}
            annotations.append(ids | _annotation(word))
    categories = [{"id": 1, "name": "text", "supercategory": "text"}]
    return json.dumps({"images": images, "annotations": annotations, "categories": categories})


def _annotation(word: WordRecord) -> dict[str, Any]:
    polygon = np.asarray(word["polygon"])
    (left, top), (right, bottom) = polygon.min(axis=0), polygon.max(axis=0)
    box = [float(round(v, 1)) for v in (left, top, right - left, bottom - top)]
    known: dict[str, Any] = {key: word[key] for key in ("score", "text", "ignore") if key in word}
    return {
        "category_id": 1,
        "bbox": box,
        "segmentation": [polygon.ravel().tolist()],
        "area": round(abs(signed_area(polygon)), 1),
        "iscrowd": int(word.get("ignore", False)),
        **known,
    }
