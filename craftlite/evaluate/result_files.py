"""Detections that someone has written to files: the competitions' text files, or our JSON."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import numpy as np
import shapely

from craftlite.data.annotations import (
    ANTICLOCKWISE,
    CROSSING,
    NO_AREA,
    IssueLog,
    Problem,
    UnreadableError,
    check_outline,
    corners,
)
from craftlite.data.files.lines import LARGEST, coordinates, read_bytes, text_lines
from craftlite.errors import DatasetError
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.result_zip import read_members
from craftlite.geometry import Points, box, clockwise, repaired

OUTSIDE = "the outline reaches out of the picture"
MOST_WORDS = 10_000  # of a picture: each is compared with each word of the ground truth
Size = tuple[int, int]


@dataclass(frozen=True)
class Results:
    """The detections of every picture that was asked for.

    Attributes:
        detections: by the picture's name.
        missing: pictures without a file, which count as having no detections.
        unknown: files, or pictures in a JSON file, that were not asked for.
        problems: outlines with a problem; they are counted all the same, repaired where they cross
            themselves and turned where they run anticlockwise.
    """

    detections: dict[str, Detections]
    missing: list[str]
    unknown: list[str]
    problems: list[Problem]


def read_results(path: Path, sizes: Mapping[str, Size | None]) -> Results:
    """The detections of each named picture in result files.

    They are a folder or zip file of `res_<name>.txt`, or of the `<name>.json` or `results.jsonl`
    that `craftlite detect` writes, or one such .json or .jsonl file. A line of text is
    `x1,y1,x2,y2,...` with four corners or more, or ICDAR 2013's box `left,top,right,bottom`; a last
    number without a partner is the confidence.

    Args:
        path: where to read.
        sizes: the pictures by name, with (width, height), or None where that is not known.

    Raises:
        DatasetError: the path is neither, it holds nothing of any of the pictures, a line cannot be
            read, or there is more than is read: see MOST_WORDS, `check_outline`, `read_members`.
    """
    notes = IssueLog()
    found: dict[str, Detections] = {}
    unknown: list[str] = []
    for file, raw in _files(path):
        where = str(path if path.name == file else path / file)
        for name, words in _pictures(file, raw, where):
            if name not in sizes:
                unknown.append(file if file.endswith(".txt") else f"{name} in {file}")
            elif name in found:
                raise DatasetError(f"{where}: {name} is there twice; keep one of its results")
            else:
                found[name] = _detections(words, sizes[name], notes)
    if not found:
        example = next(iter(sizes), "img_1")
        raise DatasetError(
            f"{path}: nothing of any picture; expected files like res_{example}.txt, or the JSON "
            "of craftlite detect"
        )
    return Results(
        detections={name: found.get(name, Detections()) for name in sizes},
        missing=[name for name in sizes if name not in found],
        unknown=sorted(unknown),
        problems=notes.problems,
    )


class _Word(NamedTuple):
    """One detection as it is written, with its place; outline and quad can be the same."""

    where: str
    outline: Points
    quad: Points
    score: float | None


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """File name and content of each file of results, in the order of the names."""
    if path.is_dir():
        names = sorted(file.name for file in path.iterdir() if _is_result(file.name))
        yield from ((name, read_bytes(path / name)) for name in names)
    elif path.is_file() and path.suffix in (".json", ".jsonl"):
        yield path.name, read_bytes(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        yield from read_members(path, _is_result)
    else:
        raise DatasetError(
            f"{path}: expected a folder or a zip file of res_<picture>.txt, or a .json or .jsonl "
            "file of craftlite detect"
        )


def _is_result(name: str) -> bool:
    text = name.startswith("res_") and name.endswith(".txt")
    return text or (name.endswith((".json", ".jsonl")) and not name.startswith("."))


def _pictures(file: str, raw: bytes, where: str) -> Iterator[tuple[str, list[_Word]]]:
    """The pictures of one file by name, with their words."""
    if file.endswith(".txt"):
        words = [_word_of_line(line, place) for place, line in text_lines(raw, where)]
        yield file.removeprefix("res_").removesuffix(".txt"), words
        return
    for number, line in enumerate(raw.splitlines() if file.endswith(".jsonl") else [raw], 1):
        if line.strip():
            yield _words_of_record(line, f"{where}:{number}")


def _word_of_line(line: str, where: str) -> _Word:
    try:
        values = coordinates(line.split(","))
        score = values.pop() if len(values) % 2 else None
        outline = box(*values) if len(values) == 4 else np.array(values, np.float32).reshape(-1, 2)
        if len(outline) < 4:
            raise ValueError("fewer than 4 points")
    except ValueError as error:
        expected = "x1,y1,x2,y2,x3,y3,x4,y4 (or more points) and perhaps a confidence"
        raise UnreadableError(where, line, expected) from error
    return _Word(where, check_outline(outline, where), outline, score)


def _words_of_record(line: bytes, where: str) -> tuple[str, list[_Word]]:
    """The picture's name and words of one JSON object of `craftlite detect`."""
    try:
        record = json.loads(line)
        words = [_word_of_json(word, where) for word in record["words"]]
        return PurePath(record["image"]).stem, words
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise DatasetError(
            f"{where}: cannot be read as the JSON of craftlite detect, with image, words and each "
            f"word's quad, polygon and score ({type(error).__name__}: {error})"
        ) from error


def _word_of_json(word: dict[str, Any], where: str) -> _Word:
    quad, outline = (np.array(word[key], np.float32) for key in ("quad", "polygon"))
    score = float(word["score"])
    if quad.shape != (4, 2) or outline.ndim != 2 or outline.shape[1] != 2 or len(outline) < 4:
        raise ValueError("a quad has 4 corners x, y and a polygon at least as many")
    # For nan the comparison is false too.
    if not all((abs(numbers) < LARGEST).all() for numbers in (quad, outline, np.array(score))):
        raise ValueError(f"a number is not finite, or {LARGEST:,} or more")
    return _Word(where, check_outline(outline, where), quad, score)


def _detections(words: list[_Word], size: Size | None, notes: IssueLog) -> Detections:
    """The words of one picture, turned clockwise; problems are noted."""
    if len(words) > MOST_WORDS:
        place = words[MOST_WORDS].where
        raise DatasetError(f"{place}: more than {MOST_WORDS:,} words in a picture; keep the surest")
    for word in words:
        for what in _oddities(word.outline, size):
            notes.note(word.where, what, corners(word.outline))
    scores = [word.score for word in words if word.score is not None]
    return Detections(
        [clockwise(word.quad) for word in words],
        [clockwise(word.outline) for word in words],
        np.array(scores, np.float32) if len(scores) == len(words) else None,
    )


def _oddities(outline: Points, size: Size | None) -> Iterator[str]:
    if not shapely.Polygon(outline).is_valid:
        yield CROSSING if repaired(outline).area > 0 else NO_AREA
    elif clockwise(outline) is not outline:
        yield ANTICLOCKWISE
    if (outline < 0).any() or (size is not None and (outline > size).any()):
        yield OUTSIDE
