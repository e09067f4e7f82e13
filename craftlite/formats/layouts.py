"""The files of a whole dataset in each format."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from craftlite.data import SPLITS
from craftlite.formats.cvat import cvat
from craftlite.formats.files import FINALS, file_text
from craftlite.formats.icdar import quads
from craftlite.formats.labelme import labelme
from craftlite.formats.record import Record, json_line, path_from
from craftlite.formats.voc import voc
from craftlite.formats.yolo import data_yaml, yolo
from craftlite.inputs import distinct_stems

# What each format cannot hold: "texts", "polygons" with more or fewer than four points,
# "characters", "splits", "corners" outside the picture, and "pictures" without words.
LACKS = {
    "words": (),
    "quads": ("polygons", "characters", "splits"),
    "coco": ("characters",),
    "labelme": ("characters", "splits"),
    "labelstudio": ("characters", "splits"),
    "cvat": ("characters",),
    "paddleocr": ("characters",),
    "voc": ("characters",),
    "yolo": ("texts", "polygons", "corners", "characters"),
    "csv": ("pictures", "characters"),
}

File = tuple[Path, str | Path]
"""A file to write: its path, and its text or the picture to copy."""


def files_of(form: str, out: Path, records: Sequence[Record]) -> Iterator[File]:
    """Yield the files of a dataset.

    Args:
        form: a format of LACKS.
        out: the folder to write to. For `quads`, `voc` and `yolo`, it gets copies of the pictures;
            the other formats refer to them by paths relative to the folder, except labelstudio and
            paddleocr (see `file_text`).
        records: the pictures; images are paths relative to the current folder. If formats name
            files by picture, repeated names are numbered.
    """
    if form in _A_FILE_A_PICTURE:
        return _A_FILE_A_PICTURE[form](out, records)
    return _one_file(form, out, records)


def _one_file(form: str, out: Path, records: Sequence[Record]) -> Iterator[File]:
    if form in ("paddleocr", "csv") and any("split" in entry for entry in records):
        for split in SPLITS:
            if chosen := [entry for entry in records if entry.get("split") == split]:
                file = (out / FINALS[form]).with_stem(split)
                yield file, _text(form, chosen, file)
    else:
        file = out / {"words": "words.jsonl", "cvat": "annotations.xml", **FINALS}[form]
        yield file, _text(form, records, file)


def _text(form: str, records: Sequence[Record], file: Path) -> str:
    if form in ("labelstudio", "paddleocr"):
        return file_text(form, records, file)
    placed = [_seen_from(file.parent, entry) for entry in records]
    if form == "words":
        return "".join(json_line(entry) + "\n" for entry in placed)
    return cvat(placed) if form == "cvat" else file_text(form, placed, file)


def _labelme(out: Path, records: Iterable[Record]) -> Iterator[File]:
    for name, entry in _named(records):
        yield out / f"{name.stem}.json", labelme(_seen_from(out, entry))


def _quads(out: Path, records: Iterable[Record]) -> Iterator[File]:
    for name, entry in _named(records):
        yield out / "images" / name, Path(entry["image"])
        yield out / "gt" / f"gt_{name.stem}.txt", quads(entry)


def _voc(out: Path, records: Iterable[Record]) -> Iterator[File]:
    names_of: dict[str, list[str]] = {}
    for name, entry in _named(records):
        yield out / "JPEGImages" / name, Path(entry["image"])
        yield out / "Annotations" / f"{name.stem}.xml", voc({**entry, "image": name.name})
        if "split" in entry:
            names_of.setdefault(entry["split"], []).append(name.stem)
    for split, names in names_of.items():
        yield out / "ImageSets/Main" / f"{split}.txt", "".join(f"{name}\n" for name in names)


def _yolo(out: Path, records: Sequence[Record]) -> Iterator[File]:
    for name, entry in _named(records):
        split = entry.get("split", "")
        yield out / "images" / split / name, Path(entry["image"])
        yield out / "labels" / split / f"{name.stem}.txt", yolo(entry)
    splits = {entry["split"] for entry in records if "split" in entry}
    ignore = any(word.get("ignore") for entry in records for word in entry["words"])
    yield out / "data.yaml", data_yaml(splits, ignore=ignore)


_A_FILE_A_PICTURE: dict[str, Callable[[Path, Sequence[Record]], Iterator[File]]] = {
    "labelme": _labelme,
    "quads": _quads,
    "voc": _voc,
    "yolo": _yolo,
}


def _named(records: Iterable[Record]) -> Iterator[tuple[PurePath, Record]]:
    """Yield the records with picture names whose stems are unique."""
    unused = distinct_stems()
    for entry in records:
        name = PurePath(PurePath(entry["image"]).name)
        yield PurePath(f"{unused(name)}{name.suffix}"), entry


def _seen_from(folder: Path, entry: Record) -> Record:
    return {**entry, "image": path_from(folder, entry["image"])}
