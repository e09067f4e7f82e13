"""A picture's words as JSON has them: what `detect` writes, and a line of `words.jsonl`."""

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
DONT_CARE = "###"  # what competitions and tools write in place of a text that nobody can read


class WordRecord(TypedDict, total=False):
    """One word; coordinates in pixels to one decimal, the score in 0..1 to four."""

    quad: list[list[float]]
    polygon: list[list[float]]
    score: float  # a detection's
    order: int  # a detection's place in reading order, from 0
    characters: list[list[list[float]]]  # only where characters were asked for, or are known
    confidence: float  # of the characters, where it is less than 1
    text: str | None  # None where it can be read but is not known
    ignore: bool  # whether it is a don't-care region


class LineRecord(WordRecord):
    """One line: its outline, the mean of its words' scores, and what `Line` says of it."""

    words: list[int]
    block: int
    vertical: bool
    angle: float


class _Optional(TypedDict, total=False):
    split: str  # "train", "val" or "test", where that is known
    lines: list[LineRecord]  # in reading order, where lines were asked for


class Record(Part, _Optional):
    """One picture's words as JSON has them, with its page or time where the file holds several."""

    image: str
    width: int
    height: int
    words: list[WordRecord]


def part_target(target: PurePath, part: Part) -> PurePath:
    """Where the results of a part of a file belong, as NAME.p003 or NAME.t00001.500."""
    if "page" in part:
        return target.with_name(f"{target.name}.p{part['page']:03}")
    if "time" in part:
        return target.with_name(f"{target.name}.t{part['time']:09.3f}")
    return target


def part_of(entry: Record) -> Part:
    """The page or time of a record."""
    part = Part()
    if "page" in entry:
        part["page"] = entry["page"]
    if "time" in entry:
        part["time"] = entry["time"]
    return part


def record(
    image: str, words: Words, part: Part | None = None, *, with_lines: bool = False
) -> Record:
    """The JSON object of one picture, or of a part of a file of several."""
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
    """The lines in place of the words; a line's score is the mean of its words' scores."""
    return _as_words(words, words.lines())


def regions(record: Record) -> Sequence[WordRecord]:
    """What formats with one kind of region hold: the lines where there are any, or the words."""
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
    """A record as one line of ASCII JSON without its end, whatever the picture's name."""
    return json.dumps(record)


def rounded(points: npt.ArrayLike) -> Any:
    """Points as lists, to one decimal."""
    # Adding zero turns -0.0 into 0.0.
    return (np.round(np.asarray(points, np.float64), 1) + 0.0).tolist()


def path_from(folder: Path, picture: str | Path) -> str:
    """A picture's path relative to a folder, with forward slashes; absolute on another drive."""
    path = os.path.abspath(picture)  # noqa: PTH100 (pathlib's keeps "..")
    try:
        return PurePath(os.path.relpath(path, os.path.realpath(folder))).as_posix()
    except ValueError:
        return PurePath(path).as_posix()
