"""JSON records of a picture's words, as in `detect`'s output and in lines of `words.jsonl`."""

import json
import os
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any, Literal, TypedDict, cast

import numpy as np
import numpy.typing as npt

from craftlite.image.document import Part
from craftlite.reading_order import Line
from craftlite.words import Words

Format = Literal[
    "json", "jsonl", "icdar", "coco", "csv", "parquet", "labelme", "labelstudio", "paddleocr"
]
DONT_CARE = "###"  # written by competitions and tools instead of an illegible text


class WordRecord(TypedDict, total=False):
    """One word; coordinates in pixels to one decimal, the score in 0..1 to four."""

    quad: list[list[float]]
    polygon: list[list[float]]
    score: float  # only for detections
    order: int  # only for detections: position in reading order, from 0
    characters: list[list[list[float]]]  # only if requested or known
    confidence: float  # confidence of the characters, if less than 1
    text: str | None  # None if it is legible but unknown
    ignore: bool  # whether the word is a don't-care region


class LineRecord(WordRecord):
    """One line: its outline, the mean of its words' scores, and attributes of `Line`."""

    words: list[int]
    block: int
    vertical: bool
    angle: float


class _Optional(TypedDict, total=False):
    split: str  # "train", "val" or "test", if known
    lines: list[LineRecord]  # in reading order, if requested


class Record(Part, _Optional):
    """JSON record of one picture's words, with the page or time if the file holds several."""

    image: str
    width: int
    height: int
    words: list[WordRecord]


def part_target(target: PurePath, part: Part) -> PurePath:
    """Return the path of the results of a part of a file, as NAME.p003 or NAME.t00001.500."""
    if "page" in part:
        return target.with_name(f"{target.name}.p{part['page']:03}")
    if "time" in part:
        return target.with_name(f"{target.name}.t{part['time']:09.3f}")
    return target


def part_of(entry: Record) -> Part:
    """Return the page or time of a record."""
    part = Part()
    if "page" in entry:
        part["page"] = entry["page"]
    if "time" in entry:
        part["time"] = entry["time"]
    return part


def record(
    image: str, words: Words, part: Part | None = None, *, with_lines: bool = False
) -> Record:
    """Return the JSON object of one picture, or of one page or frame of a file."""
    width, height = words.size
    listed = _word_records(words)
    for word, place in zip(listed, words.order().tolist(), strict=True):
        word["order"] = place
    for word, boxes in zip(listed, words.characters or (), strict=False):
        word["characters"] = rounded(boxes)
    entry = {"image": image, **(part or {}), "width": int(width), "height": int(height)}
    entry["words"] = listed
    if with_lines:
        entry["lines"] = _line_records(words, words.lines())
    return cast(Record, entry)


def lines_as_words(words: Words) -> Words:
    """Return the lines as words; a line's score is the mean of its words' scores."""
    return _as_words(words, words.lines())


def regions(record: Record) -> Sequence[WordRecord]:
    """Return the regions for formats with one kind of region: the lines if present, else words."""
    return record.get("lines", record["words"])


def _word_records(words: Words) -> list[WordRecord]:
    return [
        WordRecord(quad=rounded(quad), polygon=rounded(polygon), score=round(float(score), 4))
        for quad, polygon, score in zip(words.quads, words.polygons, words.scores, strict=True)
    ]


def _line_records(words: Words, lines: Sequence[Line]) -> list[LineRecord]:
    return [
        LineRecord(
            **entry,
            words=list(line.words),
            block=line.block,
            vertical=line.vertical,
            angle=round(line.angle, 1),
        )
        for entry, line in zip(_word_records(_as_words(words, lines)), lines, strict=True)
    ]


def _as_words(words: Words, lines: Sequence[Line]) -> Words:
    return Words(
        quads=np.array([line.quad for line in lines], np.float32).reshape(-1, 4, 2),
        polygons=tuple(line.polygon for line in lines),
        scores=np.array([words.scores[list(line.words)].mean() for line in lines], np.float32),
        size=words.size,
    )


def json_line(record: Record) -> str:
    """Return a record as one line of ASCII JSON, without the line break."""
    return json.dumps(record)


def rounded(points: npt.ArrayLike) -> Any:
    """Return points as lists, rounded to one decimal."""
    # Adding zero turns -0.0 into 0.0.
    return (np.round(np.asarray(points, np.float64), 1) + 0.0).tolist()


def path_from(folder: Path, picture: str | Path) -> str:
    """Return a picture's path relative to a folder, with forward slashes.

    On another drive, the path is absolute.
    """
    path = os.path.abspath(picture)  # noqa: PTH100 (pathlib's keeps "..")
    try:
        return PurePath(os.path.relpath(path, os.path.realpath(folder))).as_posix()
    except ValueError:
        return PurePath(path).as_posix()
