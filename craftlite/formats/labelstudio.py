"""Label Studio's JSON file of tasks, with predictions to correct."""

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from craftlite.formats.record import Record, WordRecord, regions

Json = dict[str, Any]


def labelstudio(records: Iterable[Record]) -> str:
    """Return the text of a file of tasks; the records' images are relative to the document root.

    Regions are polygons in per cent of the picture, labelled "text" or "ignore"; a known text is a
    textarea with the same id. docs/datasets.md has the matching labelling config.
    """
    tasks = (json.dumps(_task(entry)) for entry in records)
    return "[\n" + ",\n".join(tasks) + "\n]\n"


def _task(record: Record) -> Json:
    parts = (_regions(f"word{n}", word, record) for n, word in enumerate(regions(record), 1))
    prediction = {"model_version": "craftlite", "result": [one for two in parts for one in two]}
    address = "/data/local-files/?d=" + quote(record["image"], errors="surrogateescape")
    return {"data": {"image": address}, "predictions": [prediction]}


def _regions(name: str, word: WordRecord, record: Record) -> Iterator[Json]:
    size = record["width"], record["height"]
    points = [
        [round(100 * value / side, 4) for value, side in zip(point, size, strict=True)]
        for point in word["polygon"]
    ]
    region: Json = {"id": name, "to_name": "image", "original_width": size[0]}
    region |= {"original_height": size[1], "image_rotation": 0}
    score = {"score": word["score"]} if "score" in word else {}
    label: Json = {"from_name": "label", "type": "polygonlabels", **score}
    labels = ["ignore" if word.get("ignore") else "text"]
    yield region | label | {"value": {"points": points, "closed": True, "polygonlabels": labels}}
    if text := word.get("text"):
        transcription = {"from_name": "transcription", "type": "textarea"}
        yield region | transcription | {"value": {"points": points, "text": [text]}}
