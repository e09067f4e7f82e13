"""labelme: a .json file of shapes for each picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from craftlite.data.annotations import SHAPE, Dataset, IssueLog, UnreadableError
from craftlite.data.files.json_file import (
    checked,
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
from craftlite.geometry import box

LAYOUTS = {
    "labelme": [
        "<any>.json",
        '  {"imagePath": "a.jpg", "shapes": [{"shape_type": "polygon", "points": [[x, y], ...],',
        '  "label": "text", "description": "Café", "flags": {"ignore": false}}, ...]}',
        "<any>.jpg (the path in imagePath, or in images/)",
    ]
}


def fits(file: Path, content: object) -> bool:
    """Return whether a file's content is in this format."""
    return isinstance(content, dict) and "shapes" in content


def read_labelme(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read labelme: polygons, rectangles and rotations; the text is `description` or `label`."""
    return read_labelled(labelled, root, split, need_pictures, labels_are_texts=True)


def labelled(tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    """Yield the picture of each file."""
    for file, content in label_files(tree, ".json", read_json, fits, notes):
        where = str(file)
        with notes.catching():
            name = member(content, "imagePath", str, where)
            shapes = enumerate(member(content, "shapes", list, where))
            places = ((f"{where}: shapes[{number}]", shape) for number, shape in shapes)
            words = each_word(places, lambda shape, place: _word(shape, place, notes), notes)
            picture = tree.find(name, where, file.parent)
            split = tree.split_of(file, by_name=False)
            size = json_size(content, ("imageWidth", "imageHeight"))
            yield Labelled(where, name, picture, words, split, size)


def _word(entry: object, where: str, notes: IssueLog) -> LabelledWord | None:
    shape: dict[str, Any] = checked(entry, dict, where, "a shape")
    kind, points = member(shape, "shape_type", str, where), shape.get("points")
    if kind not in ("polygon", "rectangle", "rotation"):
        notes.note(where, SHAPE, kind)
        return None
    if kind == "rectangle" and isinstance(points, list) and len(points) == 2:
        flat = [value for one in points for value in json_numbers(one, 2, where, "a corner")]
        corners = np.array(flat, np.float32).reshape(2, 2)
        outline = box(*corners.min(axis=0), *corners.max(axis=0))
    else:
        outline = json_outline(points, where, "points")
    if kind != "polygon" and len(outline) != 4:
        raise UnreadableError(where, points, f"4 points of a {kind}")
    flags = optional(shape, "flags", dict, where)
    ignore = [json_flag(flags.get(key), where, f"flags.{key}") for key in ("ignore", "difficult")]
    text = optional(shape, "description", str, where)
    label = member(shape, "label", str, where)
    return labelled_word(where, outline, text, label, any(ignore))
