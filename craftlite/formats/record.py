"""A picture's words as JSON has them: what `detect` writes, and a line of `words.jsonl`."""

import json
import os
from pathlib import Path, PurePath
from typing import Any, Literal, TypedDict, cast

import numpy as np
import numpy.typing as npt

from craftlite.image.document import Part
from craftlite.words import Words

Format = Literal["json", "jsonl", "icdar", "coco", "csv", "labelme", "labelstudio", "paddleocr"]
DONT_CARE = "###"  # what competitions and tools write in place of a text that nobody can read


class WordRecord(TypedDict, total=False):
    """One word; coordinates in pixels to one decimal, the score in 0..1 to four."""

    quad: list[list[float]]
    polygon: list[list[float]]
    score: float  # a detection's
    characters: list[list[list[float]]]  # only where characters were asked for, or are known
    confidence: float  # of the characters, where it is less than 1
    text: str | None  # None where it can be read but is not known
    ignore: bool  # whether it is a don't-care region


class _Split(TypedDict, total=False):
    split: str  # "train", "val" or "test", where that is known


class Record(Part, _Split):
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


def record(image: str, words: Words, part: Part | None = None) -> Record:
    """The JSON object of one picture, or of a part of a file of several."""
    width, height = words.size
    listed = [
        WordRecord(quad=rounded(quad), polygon=rounded(polygon), score=round(float(score), 4))
        for quad, polygon, score in zip(words.quads, words.polygons, words.scores, strict=True)
    ]
    for word, boxes in zip(listed, words.characters or (), strict=False):
        word["characters"] = rounded(boxes)
    entry = {"image": image, **(part or {}), "width": int(width), "height": int(height)}
    return cast(Record, entry | {"words": listed})


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
