"""The format for data of your own: `words.jsonl`, a picture with its words on every line."""

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from PIL import ExifTags, Image

from craftlite.data import SPLITS
from craftlite.data.annotations import (
    DUPLICATE,
    GIF,
    TURNED,
    Annotation,
    Dataset,
    IssueLog,
    UnreadableError,
)
from craftlite.data.files.folder import is_gif, missing_files, natural_order, normal
from craftlite.data.files.json_file import (
    NOT_A_LIST,
    checked,
    json_outline,
    json_quads,
    member,
    parsed_json,
    share,
)
from craftlite.data.files.lines import read_bytes, text_lines
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError

FILE = "words.jsonl"
LAYOUTS = {
    "words": [
        "words.jsonl (one JSON object a line)",
        '  {"image": "images/a.jpg", "words": [{"polygon": [[x, y], ...], "text": "Café"}, ...]}',
        "and the pictures, their paths relative to its folder",
    ]
}


class _Line(NamedTuple):
    """A picture before its words are read; `split` is None where the line names none."""

    where: str
    name: str
    picture: Path
    split: str | None
    words: list[Any]


def read_words(root: Path, split: str, need_pictures: bool) -> Dataset:
    """`words.jsonl` in the folder `root`, or the file `root` itself.

    Where no line names a split, every split is the whole file; where some do, a line without is
    part of "train".
    """
    path = _file(root)
    if not path.is_file():
        raise DatasetError(f"{path}: there is no such file")
    notes = IssueLog()
    lines = list(_lines(path, notes))
    if any(line.split for line in lines):
        lines = [line for line in lines if (line.split or "train") == split]
    if not lines and not notes.problems:
        raise DatasetError(f"{path}: no line with the split {split!r}")
    # Path.is_file raises where a name is too long.
    missing = [line for line in lines if need_pictures and not os.path.isfile(line.picture)]  # noqa: PTH113
    if missing:
        raise missing_files(missing[0].where, [str(line.picture) for line in missing])
    samples = []
    for line in sorted(lines, key=lambda line: natural_order(line.name)):
        if is_gif(line.picture):
            notes.note(line.where, GIF, line.picture.name)
            continue
        if need_pictures and is_turned(line.picture):
            notes.note(line.where, TURNED, line.picture.name)
        samples.append(Sample(line.name, line.picture, tuple(_words(line, notes))))
    return Dataset(samples, notes.problems)


def names_split(root: Path, split: str) -> bool:
    """Whether a line of the file names this split, such as "val"."""
    return any(line.split == split for line in _lines(_file(root), IssueLog()))


def is_turned(picture: Path) -> bool:
    """Whether the picture's EXIF tag, read from its header, asks to turn it.

    `craftlite detect` turns such a picture; training takes it as it is stored.
    """
    try:
        with Image.open(picture) as image:
            return bool(image.getexif().get(ExifTags.Base.Orientation, 1) != 1)
    except Exception:  # a damaged picture is reported when its pixels are read
        return False


def _file(root: Path) -> Path:
    return root if root.suffix == ".jsonl" else root / FILE


def _lines(path: Path, notes: IssueLog) -> Iterator[_Line]:
    """The pictures in the order of the file, each once."""
    place_of: dict[Path, str] = {}
    names: set[str] = set()
    with notes.catching():
        for where, text in text_lines(read_bytes(path), str(path)):
            with notes.catching():
                line = _line(text, where, path.parent)
                picture = Path(normal(str(line.picture.with_suffix(""))))
                if place_of.setdefault(picture, where) != where:
                    notes.note(where, DUPLICATE, f"{line.picture.name}, also {place_of[picture]}")
                    continue
                if normal(line.name) in names:  # another folder's picture has it: take the path
                    line = line._replace(name=line.picture.with_suffix("").as_posix())
                names.add(normal(line.name))
                yield line


def _line(text: str, where: str, folder: Path) -> _Line:
    if text.lstrip().startswith("["):
        raise UnreadableError(where, text, NOT_A_LIST)
    entry = checked(parsed_json(text, lambda _: where), dict, where, "the line")
    image = _existing(folder, member(entry, "image", str, where))
    if image == folder:
        raise UnreadableError(where, "", "a path for image")
    split = entry.get("split")
    if split not in (None, *SPLITS):
        raise UnreadableError(where, split, f"{', '.join(SPLITS)} or nothing for split")
    return _Line(where, image.stem, image, split, member(entry, "words", list, where))


def _existing(folder: Path, name: str) -> Path:
    """The file of a name with its accents written in any way; if there is none, as it is."""
    forms = (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))
    paths = [folder / form for form in dict.fromkeys(forms)]
    return next((path for path in paths if os.path.isfile(path)), paths[0])  # noqa: PTH113


def _words(line: _Line, notes: IssueLog) -> Iterator[Word]:
    for number, entry in enumerate(line.words):
        with notes.catching():
            annotation = _annotation(entry, line.where, f"words[{number}]")
            yield notes.word(line.where, annotation)


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
