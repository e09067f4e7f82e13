"""craftlite's format for your own data, `words.jsonl`, and the results of `craftlite detect`."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from craftlite.data import SPLITS
from craftlite.data.annotations import Annotation, Dataset, IssueLog, UnreadableError
from craftlite.data.files.json_file import (
    NOT_A_LIST,
    checked,
    json_outline,
    json_quads,
    json_size,
    member,
    parsed_json,
    read_json,
    share,
)
from craftlite.data.files.labelled import (
    Labelled,
    LabelledWord,
    is_part,
    label_files,
    read_labelled,
)
from craftlite.data.files.lines import read_bytes, text_lines
from craftlite.data.files.tree import Tree, existing

FILE = "words.jsonl"
DETECTED = "results.jsonl"
LAYOUTS = {
    "words": [
        "words.jsonl (one JSON object per line; or results.jsonl, or a folder of .json files)",
        '  {"image": "images/a.jpg", "words": [{"polygon": [[x, y], ...], "text": "Café"}, ...]}',
        "and the pictures; their paths are relative to its folder",
    ]
}


def fits(file: Path, content: object) -> bool:
    """Return whether the content of a file, or its first line, is in this format."""
    return isinstance(content, dict) and {"image", "words"} <= content.keys()


def read_words(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read `words.jsonl` in the folder `root`, the file `root` itself, or the results of `detect`.

    The pictures of `words.jsonl` must be at the given paths. Those of `results.jsonl` and of .json
    records may also be relative to a folder further up, or anywhere below the root by base name.
    """
    return read_labelled(labelled, root, split, need_pictures, report_strays=False)


def labelled(tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    """Yield the pictures in the order of the files."""
    first = tree.given or tree.root / FILE
    files = [first] if first.is_file() else tree.labels(".jsonl")
    if files and first.suffix != ".json":
        for file in files:
            yield from _lines(file, tree, notes)
        return
    for file, record in label_files(tree, ".json", read_json, fits, notes):
        with notes.catching():
            yield from _picture(record, str(file), file, tree, notes)


def _lines(path: Path, tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    with notes.catching():
        for where, text in text_lines(read_bytes(path), str(path)):
            with notes.catching():
                if text.lstrip().startswith("["):
                    raise UnreadableError(where, text, NOT_A_LIST)
                entry = parsed_json(text, partial(_same, where))
                yield from _picture(entry, where, path, tree, notes)


def _same(where: str, line: int) -> str:
    """Return the place of JSON that is a single line of a file."""
    return where


def _picture(
    record: object, where: str, file: Path, tree: Tree, notes: IssueLog
) -> Iterator[Labelled]:
    """Yield the picture of a record, unless it is a page or a video frame."""
    entry = checked(record, dict, where, "the line")
    if is_part(entry, where, notes):
        return
    image, words = member(entry, "image", str, where), member(entry, "words", list, where)
    split = entry.get("split")
    if split not in (None, *SPLITS):
        raise UnreadableError(where, split, f"{', '.join(SPLITS)} or nothing for split")
    detected, folder = file.suffix == ".json" or file.name == DETECTED, file.parent
    if detected:
        picture = tree.find(image, where, folder)
    elif folder / image == folder or not (folder / image).name:
        raise UnreadableError(where, image, "a path for image")
    else:
        picture = existing(folder / image)
    size = json_size(entry, ("width", "height")) if detected else None
    name = str(folder / image)
    yield Labelled(where, name, picture, _words(words, where, notes), split, size)


def _words(words: list[Any], where: str, notes: IssueLog) -> Iterator[LabelledWord]:
    for number, entry in enumerate(words):
        with notes.catching():
            yield LabelledWord(where, _annotation(entry, where, f"words[{number}]"))


def _annotation(entry: object, where: str, key: str) -> Annotation:
    word = checked(entry, dict, where, key)
    shape = "polygon" if word.get("polygon") is not None else "quad"
    outline = json_outline(word.get(shape), where, f"{key}.{shape}")
    text, ignore, quads = (word.get(name) for name in ("text", "ignore", "characters"))
    sure = 1 if word.get("confidence") is None else word["confidence"]
    return Annotation(
        outline,
        None if text is None else checked(text, str, where, f"{key}.text").strip(),
        ignore=False if ignore is None else checked(ignore, bool, where, f"{key}.ignore"),
        characters=None if quads is None else json_quads(quads, where, f"{key}.characters"),
        confidence=share(sure, where, f"{key}.confidence"),
    )
