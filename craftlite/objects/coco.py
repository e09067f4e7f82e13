"""Detected objects as a COCO JSON file of images, annotations and categories."""

import json
from collections.abc import Iterable, Sequence
from typing import Any


def objects_as_coco(records: Iterable[dict[str, Any]], classes: Sequence[str]) -> str:
    """Return the text of a COCO file; ids count from 1, and annotations have scores.

    records: the results of `Objects.to_dict`, with "image", and "page" or "time" if present.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, record in enumerate(records, 1):
        known = ("page", "time", "width", "height")
        facts = {key: record[key] for key in known if key in record}
        images.append({"id": image_id, "file_name": record["image"], **facts})
        for found in record["objects"]:
            left, top, right, bottom = found["box"]
            across, down = round(right - left, 1), round(bottom - top, 1)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": classes.index(found["label"]) + 1,
                    "bbox": [left, top, across, down],
                    "area": round(across * down, 1),
                    "iscrowd": 0,
                    "score": found["score"],
                }
            )
    categories = [{"id": number, "name": name} for number, name in enumerate(classes, 1)]
    return json.dumps({"images": images, "annotations": annotations, "categories": categories})
