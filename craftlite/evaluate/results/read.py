"""Reading detections from files: the competitions' text files, or craftlite's own formats."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import shapely

from craftlite.data.annotations import (
    ANTICLOCKWISE,
    CROSSING,
    NO_AREA,
    IssueLog,
    Problem,
    corners,
    problem_lines,
)
from craftlite.data.files.folder import normal
from craftlite.data.files.lines import read_bytes
from craftlite.errors import DatasetError
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.results.formats import FoundPicture, FoundWord, pictures_in
from craftlite.evaluate.results.zip_file import read_members
from craftlite.geometry import Points, clockwise, repaired

OUTSIDE = "the outline reaches out of the picture"
WITHOUT_CONFIDENCE = "words without a confidence, so none of their picture is used"
PART = "results of a page or frame, which no picture of the ground truth is, so not scored"
# Files that detect derives from results.jsonl, and writes next to it.
COPIES = ("coco.json", "results.csv")
NAMES_SHOWN = 3
MOST_WORDS = 10_000  # per picture: each is compared with each word of the ground truth
Size = tuple[int, int]


@dataclass(frozen=True)
class Results:
    """The detections of every requested picture.

    Attributes:
        detections: by the picture's name.
        missing: pictures without a file, which count as having no detections.
        unknown: files, or pictures in a file of several, that were not requested; text files that
            are not named `res_<name>.txt`.
        problems: outlines with a problem, which are scored all the same, repaired if they cross
            themselves and reversed if they run anticlockwise; and anything left out.
    """

    detections: dict[str, Detections]
    missing: list[str]
    unknown: list[str]
    problems: list[Problem]


def read_results(path: Path, sizes: Mapping[str, Size | None]) -> Results:
    """Read the detections of each named picture from result files.

    Supported are a folder or zip file of `res_<name>.txt` or of the output of `craftlite detect`
    (`<name>.json`, `results.jsonl`, `coco.json`, `results.csv`), or one such .json, .jsonl or .csv
    file. A line of text is `x1,y1,x2,y2,...` with four or more corners, or ICDAR 2013's box
    `left,top,right,bottom`; if the number of numbers is odd, the last is the confidence, from 0 to
    1. After four or more corners, a text may follow.

    Args:
        path: where to read.
        sizes: the pictures by name, with (width, height), or None if unknown.

    Raises:
        DatasetError: the path is none of these, it holds no results for any of the pictures, a
            picture occurs twice, a line cannot be read, or a limit is exceeded: see MOST_WORDS,
            `check_outline`, `read_members`.
    """
    notes = IssueLog()
    name_of = {normal(name): name for name in sizes}
    found: dict[str, list[FoundWord]] = {}
    unknown: list[str] = []
    for file, picture in _pictures(path, notes):
        name = name_of.get(normal(picture.name))
        if picture.part:
            notes.note(_place(path, file), PART, f"{picture.name}, {picture.part}")
        elif name is None:
            unknown.append(file if file.endswith(".txt") else f"{picture.name} in {file}")
        elif name not in found:
            found[name] = _few(picture.words)
        elif file not in COPIES or not _same(picture.words, found[name]):
            place = _place(path, file)
            raise DatasetError(f"{place}: {name} occurs twice; keep one of its results")
    names = _names(path)
    unknown += [name for name in names if name.endswith(".txt") and not _is_result(name)]
    if not found:
        raise _nothing_found(path, names, next(iter(sizes), "img_1"), notes)
    detections = {name: _detections(words, sizes[name], notes) for name, words in found.items()}
    return Results(
        detections={name: detections.get(name, Detections()) for name in sizes},
        missing=[name for name in sizes if name not in found],
        unknown=sorted(unknown),
        problems=notes.problems,
    )


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield file name and content of each file of results, in the order of the names."""
    if path.is_dir():
        names = sorted(file.name for file in path.iterdir() if _is_result(file.name))
        yield from ((name, read_bytes(path / name)) for name in names)
    elif path.is_file() and path.suffix in (".json", ".jsonl", ".csv"):
        yield path.name, read_bytes(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        yield from read_members(path, _is_result)
    else:
        raise DatasetError(
            f"{path}: expected a folder or a zip file of res_<picture>.txt, or a .json, .jsonl or "
            ".csv file of craftlite detect"
        )


def _is_result(name: str) -> bool:
    text = name.startswith("res_") and name.endswith(".txt")
    known = name in COPIES or name.endswith((".json", ".jsonl"))
    return text or (known and not name.startswith("."))


def _names(path: Path) -> list[str]:
    """Return the names of all files in the folder or zip file, without their folders."""
    if path.is_dir():
        names = [file.name for file in path.iterdir()]
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if not name.endswith("/")]
        names = [PurePosixPath(name).name for name in members]
    else:
        names = [path.name]
    return sorted(name for name in names if not name.startswith("."))


def _pictures(path: Path, notes: IssueLog) -> Iterator[tuple[str, FoundPicture]]:
    """Yield every picture with the name of its file; pictures in COPIES come last."""
    copies = []
    for file, raw in _files(path):
        for picture in pictures_in(file, raw, _place(path, file), notes):
            if file in COPIES:
                copies.append((file, picture))
            else:
                yield file, picture
    yield from copies


def _place(path: Path, file: str) -> str:
    return str(path if path.name == file else path / file)


def _few(words: list[FoundWord]) -> list[FoundWord]:
    """Return the words unchanged; raise a DatasetError for more than MOST_WORDS."""
    if len(words) > MOST_WORDS:
        place = words[MOST_WORDS].where
        raise DatasetError(f"{place}: more than {MOST_WORDS:,} words in a picture; keep the surest")
    return words


def _same(words: list[FoundWord], others: list[FoundWord]) -> bool:
    one, other = ([(word.outline.tolist(), word.score) for word in w] for w in (words, others))
    return one == other


def _nothing_found(path: Path, names: list[str], example: str, notes: IssueLog) -> DatasetError:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    there = f"{', '.join(names[:NAMES_SHOWN])}{more}" if names else "no file"
    problems = "".join(f"; {line}" for line in problem_lines(notes.problems))
    return DatasetError(
        f"{path}: no results for any picture of this split in {there}; expected files like "
        f"res_{example}.txt, or the output of craftlite detect{problems}"
    )


def _detections(words: list[FoundWord], size: Size | None, notes: IssueLog) -> Detections:
    """Return the words of one picture, reordered clockwise; problems are recorded."""
    for word in words:
        for what in _oddities(word.outline, size):
            notes.note(word.where, what, corners(word.outline))
    scores = [word.score for word in words if word.score is not None]
    if 0 < len(scores) < len(words):
        first = next(word for word in words if word.score is None)
        notes.note(first.where, WITHOUT_CONFIDENCE, f"{len(words) - len(scores)} of {len(words)}")
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
