"""Label Studio: the JSON export, a list of tasks with their annotations or predictions."""

import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from craftlite.data.annotations import SHAPE, UNLABELLED, Dataset, IssueLog, UnreadableError
from craftlite.data.files.folder import LISTED_SUFFIXES
from craftlite.data.files.json_file import (
    checked,
    json_angle,
    json_flag,
    json_numbers,
    json_outline,
    json_size,
    member,
    optional,
    read_json,
)
from craftlite.data.files.labelled import (
    Labelled,
    LabelledWord,
    each_word,
    label_files,
    labelled_word,
    read_labelled,
)
from craftlite.data.files.tree import Tree
from craftlite.geometry import Points, box, rotated

LAYOUTS = {
    "labelstudio": [
        "<any>.json (the export called JSON, not JSON-MIN)",
        '  [{"data": {"image": "/data/upload/1/<hash>-a.jpg"}, "annotations": [{"result": [',
        '  {"id": "r1", "type": "polygonlabels", "value": {"points": [[x, y], ...]}, ...}]}]}]',
        "images/<any>.jpg (or anywhere below the folder)",
    ]
}
HASH = 9  # characters that an upload puts before a name: 8 hexadecimal digits and a hyphen
NAMED = ("image", "ocr")  # keys of data that take precedence over others
SIZE = ("original_width", "original_height")
KINDS = ("rectangle", "polygon", "labels", "rectanglelabels", "polygonlabels", "textarea")


def fits(file: Path, content: object) -> bool:
    """Return whether a file's content is in this format."""
    return isinstance(content, list) and any(isinstance(t, dict) and "data" in t for t in content)


def read_labelstudio(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read Label Studio: polygons and rectangles in per cent, with the texts of their regions."""
    return read_labelled(labelled, root, split, need_pictures)


def labelled(tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    """Yield the pictures of all files whose tasks have an annotation or a prediction."""
    for file, content in label_files(tree, ".json", read_json, fits, notes):
        for number, task in enumerate(content):
            with notes.catching():
                yield from _task(task, f"{file}: [{number}]", file, tree, notes)


def _task(entry: object, where: str, file: Path, tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    task = checked(entry, dict, where, "a task")
    name = _picture_name(member(task, "data", dict, where), where)
    picture = tree.find(name, where, file.parent)
    if picture is None and Path(name).name[HASH - 1 : HASH] == "-":
        picture = tree.find(Path(name).name[HASH:], where, file.parent)
    chosen = _chosen(task, where)
    if chosen is None:
        notes.note(where, UNLABELLED, Path(name).name)
        return
    result = member(chosen, "result", list, where)
    regions: dict[str, list[Any]] = defaultdict(list)
    for number, one in enumerate(result):
        with notes.catching():
            place = f"{where}.result[{number}]"
            item = checked(one, dict, place, "a region")
            if member({"type": ""} | item, "type", str, place) not in KINDS:
                notes.note(place, SHAPE, str(item.get("type")))
            else:
                regions[member(item, "id", str, place)].append(item)
    places = ((f"{where}: region {key}", items) for key, items in regions.items())
    words = each_word(places, lambda items, place: _word(items, place, notes), notes)
    sizes = (json_size(items[0], SIZE) for items in regions.values())
    split = tree.split_of(file, by_name=True)
    yield Labelled(where, name, picture, words, split, next(sizes, None))


def _picture_name(data: dict[str, Any], where: str) -> str:
    """Return the path in the picture's address, the text in `data` that ends like a picture's."""
    found: dict[str, str] = {}
    for key, value in data.items():
        if isinstance(value, str):
            try:
                parts = urlsplit(checked(value, str, where, key))
            except ValueError as error:
                raise UnreadableError(where, value, f"an address for data.{key}") from error
            path = parse_qs(parts.query).get("d", [unquote(parts.path)])[0]
            if Path(path).suffix.lower() in LISTED_SUFFIXES:
                found[key] = path.lstrip("/") if parts.scheme or "?d=" in value else path
    named = [found[key] for key in NAMED if key in found] or list(found.values())
    if not named or (len(named) > 1 and not found.keys() & set(NAMED)):
        raise UnreadableError(where, data, "one picture's path or address in data")
    return named[0]


def _chosen(task: dict[str, Any], where: str) -> dict[str, Any] | None:
    """Return the newest annotation that was not cancelled, or else the first prediction."""
    listed = optional(task, "annotations", list, where)
    annotations = [checked(one, dict, where, "an annotation") for one in listed]
    kept = [
        one
        for one in annotations
        if not json_flag(one.get("was_cancelled"), where, "annotations.was_cancelled")
    ]
    if kept:
        return max(kept, key=lambda one: str(one.get("updated_at") or one.get("created_at") or ""))
    predictions = optional(task, "predictions", list, where)
    return checked(predictions[0], dict, where, "a prediction") if predictions else None


def _word(items: list[dict[str, Any]], where: str, notes: IssueLog) -> LabelledWord | None:
    """Return the word of a region, which is made of the parts of a result that share an id."""
    outline: Points | None = None
    texts: list[str] = []
    labels: list[str] = []
    for item in items:
        value = member(item, "value", dict, where)
        if outline is None and ("points" in value or "x" in value):
            outline = _outline(item, value, where)
        for key, into in ((item["type"], labels), ("text", texts)):
            if (found := value.get(key)) is not None:
                several = [found] if isinstance(found, str) else checked(found, list, where, key)
                into += [checked(one, str, where, key) for one in several]
        meta = optional(item, "meta", dict, where)
        texts += [checked(t, str, where, "meta.text") for t in _list(meta.get("text"), where)]
    if outline is None:
        notes.note(where, SHAPE, "a text without a region")
        return None
    different = list(dict.fromkeys(texts))
    if len(different) > 1:
        raise UnreadableError(where, different, "one text")
    label = next((one for one in labels if one), "")
    return labelled_word(where, outline, next(iter(different), None), label)


def _list(value: object, where: str) -> list[Any]:
    if value is None or isinstance(value, str):
        return [value] if value else []
    return checked(value, list, where, "meta.text")


def _outline(item: dict[str, Any], value: dict[str, Any], where: str) -> Points:
    """Return a region's outline in pixels; its value is in per cent of the picture's sides."""
    size = json_size(item, SIZE)
    if size is None:
        raise UnreadableError(where, item.get("original_width"), "original_width and _height")
    turned = json_angle(item.get("image_rotation"), where, "image_rotation")
    if turned:
        raise UnreadableError(where, turned, "a picture that is not rotated (image_rotation 0)")
    scale = np.array(size, np.float32) / 100
    if "points" in value:
        return (json_outline(value["points"], where, "points") * scale).astype(np.float32)
    sides = [value.get(key) for key in ("x", "y", "width", "height")]
    x, y, width, height = json_numbers(sides, 4, where, "x, y, width, height")
    angle = json_angle(value.get("rotation"), where, "rotation")
    corners = (box(x, y, x + width, y + height) * scale).astype(np.float32)
    return rotated(corners, math.radians(angle), corners[0])
