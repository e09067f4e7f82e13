"""The formats of result files: a competition's lines, and the output of `craftlite detect`.

If a file cannot be read, the functions raise an UnreadableError.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, NamedTuple

import numpy as np

from craftlite.data.annotations import MANY_NUMBERS, IssueLog, UnreadableError, check_outline
from craftlite.data.files.json_file import (
    NOT_A_LIST,
    checked,
    json_outline,
    member,
    parsed_json,
    share,
)
from craftlite.data.files.lines import (
    advice_on,
    coordinates,
    decoded,
    leading_numbers,
    text_lines,
)
from craftlite.formats.csv_table import CORNERS
from craftlite.geometry import Points, box

TEXT_IGNORED = "lines have a text after the numbers, which is not scored"
COLUMNS = ["image", "score", *CORNERS, "polygon"]


class FoundWord(NamedTuple):
    """One detection as written, with its place; outline and quad can be the same."""

    where: str
    outline: Points
    quad: Points
    score: float | None  # 0..1


class FoundPicture(NamedTuple):
    """The detections in one picture, or in one page or frame `part` of a larger file."""

    name: str  # without folder and suffix
    words: list[FoundWord]
    part: str = ""


def pictures_in(file: str, raw: bytes, where: str, notes: IssueLog) -> Iterator[FoundPicture]:
    """Yield the pictures of one file of results; its suffix determines the format.

    Args:
        file: its name.
        raw: its content.
        where: its name in messages.
        notes: records what is ambiguous or left out.
    """
    match PurePath(file).suffix:
        case ".txt":
            name = file.removeprefix("res_").removesuffix(".txt")
            yield FoundPicture(name, _words_of_lines(raw, where, notes))
        case ".csv":
            yield from _pictures_of_table(decoded(raw, where), where)
        case ".jsonl":
            for place, line in text_lines(raw, where):
                yield _picture_of_record(_json_object(line, place, 0), place)
        case _:
            entry = _json_object(decoded(raw, where), where, 1)
            if "annotations" in entry:
                yield from _pictures_of_coco(entry, where)
            else:
                yield _picture_of_record(entry, where)


def _words_of_lines(raw: bytes, where: str, notes: IssueLog) -> list[FoundWord]:
    lines = [(_word_of_line(line, place), line) for place, line in text_lines(raw, where)]
    texts = [word.where for word, line in lines if not _is_numbers(line)]
    if texts:
        notes.note(texts[0], TEXT_IGNORED, f"{len(texts)} of {len(lines)} lines of the file")
    for word, line in lines:
        # If other lines have a text, numbers may be one too; and a last point may be confidences.
        confidences = ((word.outline[-1] > 0) & (word.outline[-1] < 1)).all()
        if len(word.outline) > 4 and (confidences or (texts and _is_numbers(line))):
            notes.note(word.where, MANY_NUMBERS, line)
    return [word for word, _ in lines]


def _is_numbers(line: str) -> bool:
    fields = line.split(",")
    return leading_numbers(fields) == len(fields)


def _word_of_line(line: str, where: str) -> FoundWord:
    fields = line.split(",")
    numbers = leading_numbers(fields)
    expected = "x1,y1,x2,y2,x3,y3,x4,y4 (or more points) and optionally a confidence"
    try:
        values = coordinates(fields[:numbers])
        score = values.pop() if len(values) % 2 else None
        outline = box(*values) if len(values) == 4 else np.array(values, np.float32).reshape(-1, 2)
        if len(outline) < 4 or (numbers < len(fields) and numbers < 8):
            raise ValueError("fewer than 4 points")
    except ValueError as error:
        raise UnreadableError(where, line, expected + advice_on(where, line)) from error
    if score is not None and not 0 <= score <= 1:
        expected = "an even number of coordinates, and optionally a confidence from 0 to 1"
        advice = "remove a last number that is neither, or put it in double quotes as a text"
        raise UnreadableError(where, line, f"{expected}; {advice}")
    return FoundWord(where, check_outline(outline, where), outline, score)


def _json_object(text: str, where: str, first_line: int) -> dict[str, Any]:
    """Parse a JSON object; messages give line numbers unless `first_line` is 0."""
    if text.lstrip().startswith("["):
        raise UnreadableError(where, text[:20], NOT_A_LIST)
    entry = parsed_json(text, lambda line: f"{where}:{line}" if first_line else where)
    return checked(entry, dict, where, "a picture")


def _picture_of_record(record: dict[str, Any], where: str) -> FoundPicture:
    key = "lines" if "lines" in record else "words"
    found = member(record, key, list, where)
    image, part = member(record, "image", str, where), _part(record)
    return _picture(image, [_word(w, where, f"{key}[{n}]") for n, w in enumerate(found)], part)


def _pictures_of_coco(coco: dict[str, Any], where: str) -> Iterator[FoundPicture]:
    images: dict[int, dict[str, Any]] = {}
    for number, entry in enumerate(member(coco, "images", list, where)):
        image = checked(entry, dict, where, f"images[{number}]")
        key = member(image, "id", int, f"{where}: images[{number}]")
        if images.setdefault(key, image) is not image:
            raise UnreadableError(where, key, f"a unique id for images[{number}]")
    words: dict[int, list[FoundWord]] = {key: [] for key in images}
    for number, entry in enumerate(member(coco, "annotations", list, where)):
        place = f"{where}: annotations[{number}]"
        found = checked(entry, dict, where, place)
        polygons = member(found, "segmentation", list, place)
        key = member(found, "image_id", int, place)
        if len(polygons) != 1 or key not in images:
            expected = "one polygon as segmentation, and the id of an image as image_id"
            raise UnreadableError(place, found, expected)
        word = _word({"polygon": polygons[0], "score": found.get("score")}, place, "annotation")
        words[key].append(word)
    for key, image in images.items():
        yield _picture(member(image, "file_name", str, where), words[key], _part(image))


def _pictures_of_table(text: str, where: str) -> Iterator[FoundPicture]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    pictures: dict[tuple[str, str], list[FoundWord]] = {}
    try:
        names = list(reader.fieldnames or ())
        if wrong := [name for name in COLUMNS if names.count(name) != 1]:
            expected = f"columns as in the output of craftlite detect, {', '.join(wrong)} once each"
            raise UnreadableError(f"{where}:1", ",".join(names), expected)
        for row in reader:
            place = f"{where}:{reader.line_num}"
            if None in row or None in row.values():
                raise UnreadableError(place, list(row.values()), f"{len(names)} fields")
            words = pictures.setdefault((row["image"], _part(row)), [])
            words.append(_word_of_row(row, place))
    except csv.Error as error:
        place = f"{where}:{reader.line_num + 1}"
        raise UnreadableError(place, str(error), "a row of a CSV table") from error
    for (image, part), words in pictures.items():
        yield _picture(image, words, part)


def _word_of_row(row: dict[str, str], where: str) -> FoundWord:
    try:
        quad, polygon = [float(row[name]) for name in CORNERS], row["polygon"].split()
        entry = {"quad": quad, "polygon": [*map(float, polygon)], "score": float(row["score"])}
    except ValueError as error:
        expected = "numbers for score, x1 to y4 and polygon"
        raise UnreadableError(where, list(row.values()), expected) from error
    return _word(entry, where, "the row")


def _picture(image: str, words: list[FoundWord], part: str) -> FoundPicture:
    return FoundPicture(PurePath(image).stem, words, part)


def _part(entry: dict[str, Any]) -> str:
    return ", ".join(f"{key} {entry[key]}" for key in ("page", "time") if entry.get(key, "") != "")


def _word(entry: object, where: str, key: str) -> FoundWord:
    """Return the word of a JSON object with polygon, score and, optionally, quad."""
    word = checked(entry, dict, where, key)
    outline = json_outline(word.get("polygon"), where, f"{key}.polygon")
    quad = json_outline(word["quad"], where, f"{key}.quad") if "quad" in word else outline
    if len(outline) < 4 or ("quad" in word and len(quad) != 4):
        raise UnreadableError(where, word, f"4 points for {key}.quad, as many or more for polygon")
    score = share(word.get("score"), where, f"{key}.score")
    return FoundWord(where, check_outline(outline, where), quad, score)
