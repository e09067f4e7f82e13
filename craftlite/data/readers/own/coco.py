"""COCO: one JSON file of pictures ("images") and words ("annotations")."""

import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from craftlite.data.annotations import DUPLICATE, HULL, MASK, Dataset, IssueLog, UnreadableError
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
    is_part,
    label_files,
    labelled_word,
    read_labelled,
)
from craftlite.data.files.tree import Tree, split_named
from craftlite.geometry import Points, box, centred_box, hull, rotated

LAYOUTS = {
    "coco": [
        "<any>.json (or train.json, val.json, test.json; their folder's name counts too)",
        '  {"images": [{"id": 1, "file_name": "a.jpg", ...}], "annotations": [',
        '  {"image_id": 1, "segmentation": [[x, y, ...]], "bbox": [x, y, w, h], "text": "Café"}]}',
        "images/<any>.jpg (or wherever file_name says)",
    ]
}
TEXT_KEYS = ("text", "transcription", "utf8_string")


def fits(file: Path, content: object) -> bool:
    """Return whether a file's content is in this format."""
    return isinstance(content, dict) and {"images", "annotations"} <= content.keys()


def read_coco(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read COCO: polygons, or boxes (possibly rotated), with texts if one of TEXT_KEYS is there."""
    return read_labelled(labelled, root, split, need_pictures)


def labelled(tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    """Yield the pictures of all files."""
    for file, content in label_files(tree, ".json", read_json, fits, notes):
        with notes.catching():
            yield from _pictures(file, content, tree, notes)


def _pictures(
    file: Path, content: dict[str, Any], tree: Tree, notes: IssueLog
) -> Iterator[Labelled]:
    words_of: dict[object, list[tuple[str, Any]]] = defaultdict(list)
    images = _images(member(content, "images", list, str(file)), file, notes)
    for number, entry in enumerate(member(content, "annotations", list, str(file))):
        where = f"{file}: annotations[{number}]"
        with notes.catching():
            key = _id(checked(entry, dict, where, "a word"), "image_id", where)
            if key not in images:
                raise UnreadableError(where, key, "the id of one of images for image_id")
            words_of[key].append((where, entry))
    names = _categories(content, file)
    folder_split = tree.split_of(file, by_name=True)
    for key, (where, image) in images.items():
        with notes.catching():
            if is_part(image, where, notes):
                continue
            name = member(image, "file_name", str, where)
            split = folder_split if image.get("split") is None else image["split"]
            if split is not None and split_named(checked(split, str, where, "split")) is None:
                raise UnreadableError(where, split, "train, val or test for split")
            words = each_word(
                words_of[key], lambda entry, where: _word(entry, where, names, notes), notes
            )
            picture = tree.find(name, where, file.parent)
            size = json_size(image, ("width", "height"))
            yield Labelled(where, name, picture, words, split and split_named(split), size)


def _images(
    entries: list[Any], file: Path, notes: IssueLog
) -> dict[int | str, tuple[str, dict[str, Any]]]:
    """Return the pictures with their places, by id."""
    images: dict[int | str, tuple[str, dict[str, Any]]] = {}
    for number, entry in enumerate(entries):
        where = f"{file}: images[{number}]"
        with notes.catching():
            key = _id(checked(entry, dict, where, "a picture"), "id", where)
            if key in images:
                notes.note(where, DUPLICATE, f"id {key}, also {images[key][0]}")
            else:
                images[key] = where, entry
    return images


def _id(entry: dict[str, Any], key: str, where: str) -> int | str:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise UnreadableError(where, value, f"a number or a text for {key}")
    return value


def _categories(content: dict[str, Any], file: Path) -> dict[int | str, str]:
    names: dict[int | str, str] = {}
    for number, entry in enumerate(optional(content, "categories", list, str(file))):
        where = f"{file}: categories[{number}]"
        category = checked(entry, dict, where, "a class")
        names[_id(category, "id", where)] = member(category, "name", str, where)
    return names


def _word(
    word: dict[str, Any], where: str, names: dict[int | str, str], notes: IssueLog
) -> LabelledWord:
    attributes = optional(word, "attributes", dict, where)
    crowd = json_flag(word.get("iscrowd"), where, "iscrowd")
    ignore = json_flag(word.get("ignore"), where, "ignore")
    given = [
        one[key] for one in (word, attributes) for key in TEXT_KEYS if one.get(key) is not None
    ]
    texts = [checked(text, str, where, "text") for text in given]
    label = ""
    if names and (key := _id(word, "category_id", where)) not in names:
        raise UnreadableError(where, key, "the id of one of categories for category_id")
    elif names:
        label = names[key]
    outline = _outline(word, attributes, where, notes)
    return labelled_word(where, outline, next(filter(None, texts), None), label, crowd or ignore)


def _outline(
    word: dict[str, Any], attributes: dict[str, Any], where: str, notes: IssueLog
) -> Points:
    parts = word.get("segmentation")
    if isinstance(parts, dict):
        notes.note(where, MASK, "a mask for segmentation")
        parts = None
    if parts is not None and parts != []:
        if isinstance(parts, list) and isinstance(parts[0], list) and len(parts) > 1:
            found = [json_outline(part, where, "a part of segmentation") for part in parts]
            notes.note(where, HULL, f"{len(parts)} parts")
            return hull(np.concatenate(found))
        whole = parts[0] if isinstance(parts, list) and isinstance(parts[0], list) else parts
        return json_outline(whole, where, "segmentation")
    bbox = word.get("bbox")
    if isinstance(bbox, list) and len(bbox) == 5:
        *sides, angle = json_numbers(bbox, 5, where, "bbox")
        corners = centred_box(*sides)
    else:
        x, y, width, height = json_numbers(bbox, 4, where, "bbox")
        angle = json_angle(attributes.get("rotation"), where, "rotation")
        corners = box(x, y, x + width, y + height)
    return rotated(corners, math.radians(angle), corners.mean(axis=0)) if angle else corners
