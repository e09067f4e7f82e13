"""YOLO: a .txt of boxes, quads or polygons per picture, relative to the picture's sides."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from craftlite.data.annotations import Dataset, IssueLog, UnreadableError
from craftlite.data.files.json_file import checked
from craftlite.data.files.labelled import (
    Labelled,
    LabelledWord,
    each_word,
    labelled_word,
    read_labelled,
)
from craftlite.data.files.lines import coordinates, read_bytes, read_text, text_lines
from craftlite.data.files.tree import Tree
from craftlite.data.pictures import stored_size
from craftlite.errors import DatasetError
from craftlite.geometry import centred_box

LAYOUTS = {
    "yolo": [
        "labels/<stem>.txt (or labels/train/, labels/val/, labels/test/)",
        "  class x1 y1 x2 y2 x3 y3 x4 y4, or more points, or class cx cy w h, all from 0 to 1",
        "images/<stem>.jpg (in folders that match those of labels)",
        "data.yaml (optional: names of the classes, as in classes.txt)",
    ]
}
LABELS, CLASSES = "labels", "classes.txt"
BEYOND = 0.5  # how far a word may extend beyond the picture, relative to the picture's sides
FORM = "class x1 y1 x2 y2 x3 y3 ... of 3 points or more, or class cx cy w h, relative to the sides"


def fits(file: Path, content: object) -> bool:
    """Return whether a file's text is in this format."""
    if not isinstance(content, str) or file.suffix != ".txt" or file.name == CLASSES:
        return False
    fields = content.partition("\n")[0].split()
    try:
        coordinates(fields)
    except ValueError:
        return False
    return LABELS in file.parts and len(fields) >= 5 and len(fields) % 2 == 1


def read_yolo(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read YOLO: boxes, quads (OBB) or polygons, without texts."""
    return read_labelled(labelled, root, split, need_pictures)


def labelled(tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    """Yield the picture of each file."""
    names: dict[int, str] = {}
    with notes.catching():
        names = _class_names(tree)
    files = [file for file in tree.labels(".txt") if file.name != CLASSES]
    files = [f for f in files if tree.given or LABELS in f.relative_to(tree.root).parts]
    if not files:
        raise DatasetError(f"{tree.root}: there is no such file as labels/<stem>.txt")
    for file in files:
        with notes.catching():
            where = str(file)
            picture = tree.find(file.stem, where, _folder_of_pictures(file))
            words = _words(file, picture, names, notes)
            split = tree.split_of(file, by_name=False)
            yield Labelled(where, f"{file.stem}.jpg", picture, words, split)


def _folder_of_pictures(file: Path) -> Path:
    """Return the folder of a label file's pictures: the last `labels` is replaced by `images`."""
    parts = list(file.parts[:-1])
    if LABELS in parts:
        parts[len(parts) - 1 - parts[::-1].index(LABELS)] = "images"
    return Path(*parts)


def _words(
    file: Path, picture: Path | None, names: dict[int, str], notes: IssueLog
) -> Iterator[LabelledWord]:
    with notes.catching():
        lines = list(text_lines(read_bytes(file), str(file)))
        if not lines:
            return
        if picture is None:
            raise UnreadableError(str(file), "no picture", "a picture, whose size the words need")
        try:
            size = np.array(stored_size(picture), np.float32)
        except DatasetError as error:
            raise UnreadableError(str(file), str(error), "a picture whose size is known") from error
        yield from each_word(lines, lambda line, where: _word(line, where, size, names), notes)


def _word(line: str, where: str, size: Any, names: dict[int, str]) -> LabelledWord:
    first, *fields = line.split()
    try:
        number, values = int(first), coordinates(fields)
    except ValueError as error:
        raise UnreadableError(where, line, FORM) from error
    if len(values) == 4:
        outline = centred_box(*values)
    elif len(values) >= 6 and len(values) % 2 == 0:
        outline = np.array(values, np.float32).reshape(-1, 2)
    else:
        raise UnreadableError(where, line, FORM)
    if outline.min() < -BEYOND or outline.max() > 1 + BEYOND:
        raise UnreadableError(where, line, "numbers from 0 to 1, not pixels")
    if number < 0 or (names and number not in names):
        raise UnreadableError(where, number, f"a class of {', '.join(map(str, names)) or '0 up'}")
    return labelled_word(where, outline * size, label=names.get(number, str(number)))


def _class_names(tree: Tree) -> dict[int, str]:
    """Return class names by number, from data.yaml or classes.txt; empty if there are none."""
    for file in (tree.root / "data.yaml", tree.root / CLASSES, tree.root / LABELS / CLASSES):
        if file.is_file() and file.suffix == ".txt":
            return {n: line for n, (_, line) in enumerate(text_lines(read_bytes(file), str(file)))}
        if file.is_file():
            names = _yaml_names(file)
            pairs = enumerate(names) if isinstance(names, list) else names.items()
            return {number: checked(name, str, str(file), "a name") for number, name in pairs}
    return {}


def _yaml_names(file: Path) -> list[Any] | dict[Any, Any]:
    try:
        content = yaml.safe_load(read_text(file))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        found = getattr(error, "problem", None) or str(error)
        raise UnreadableError(where, found, "YAML") from error
    names = content.get("names") if isinstance(content, dict) else content
    if not isinstance(names, list | dict):
        raise UnreadableError(str(file), names, "a list of classes for names")
    return names
