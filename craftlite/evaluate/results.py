"""Detections that someone has written to files in the competitions' format."""

import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from craftlite.data.readers.lines import coordinates, text_lines
from craftlite.errors import DatasetError
from craftlite.geometry import Points


@dataclass(frozen=True)
class Results:
    """The detections of every picture that was asked for.

    Attributes:
        polygons: by the picture's name, arrays (K, 2) float32 in pixels of the stored picture.
        missing: pictures without a file, which count as having no detections.
        unknown: files of pictures that were not asked for.
    """

    polygons: dict[str, list[Points]]
    missing: list[str]
    unknown: list[str]


def read_results(path: Path, names: Collection[str]) -> Results:
    """`res_<name>.txt` of each named picture, from a folder or a zip file.

    A line is `x1,y1,x2,y2,...` with four corners or more, or ICDAR 2013's box
    `left,top,right,bottom`; an odd last number is a confidence, which no protocol here uses.

    Raises:
        DatasetError: the path is neither, it holds no file of any of the pictures, or a line
            cannot be read.
    """
    files = dict(_files(path))
    found = {name: f"res_{name}.txt" for name in names if f"res_{name}.txt" in files}
    if not found:
        example = next(iter(names), "img_1")
        raise DatasetError(f"{path}: no file of any picture; expected files like res_{example}.txt")
    polygons = {name: _polygons(files[file], str(path / file)) for name, file in found.items()}
    return Results(
        polygons={name: polygons.get(name, []) for name in names},
        missing=[name for name in names if name not in found],
        unknown=sorted(files.keys() - set(found.values())),
    )


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """File name and content of each `res_*.txt`."""
    if path.is_dir():
        yield from ((file.name, file.read_bytes()) for file in path.glob("res_*.txt"))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if PurePosixPath(member).match("res_*.txt"):
                    yield PurePosixPath(member).name, archive.read(member)
    else:
        raise DatasetError(f"{path}: expected a folder or a zip file of res_<picture>.txt")


def _polygons(raw: bytes, where: str) -> list[Points]:
    return [_polygon(line, place) for place, line in text_lines(raw, where)]


def _polygon(line: str, where: str) -> Points:
    try:
        values = coordinates(line.split(","))
    except ValueError as error:
        raise _unreadable(line, where) from error
    values = values[: len(values) // 2 * 2]
    if len(values) == 4:
        left, top, right, bottom = values
        values = [left, top, right, top, right, bottom, left, bottom]
    if len(values) < 8:
        raise _unreadable(line, where)
    return np.array(values, np.float32).reshape(-1, 2)


def _unreadable(line: str, where: str) -> DatasetError:
    expected = "x1,y1,x2,y2,x3,y3,x4,y4 (or more points) and perhaps a confidence"
    return DatasetError(f"{where}: found {line!r}, expected {expected}")
