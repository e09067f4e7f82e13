"""Reading JSON files, and extracting values of the expected type from them.

If a value has another type, the functions raise an UnreadableError.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from craftlite.data.annotations import DUPLICATE, IssueLog, UnreadableError, is_unicode
from craftlite.data.files.lines import LARGEST, read_text
from craftlite.errors import DatasetError
from craftlite.geometry import Points

T = TypeVar("T")

NOT_A_LIST = "one JSON object per line, not a list; convert with jq -c '.[]' OLD > NEW.jsonl"
_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
}


def read_object(path: Path, notes: IssueLog) -> dict[str, Any]:
    """Read the JSON object in a file; of a duplicate key, the first is used and it is recorded.

    Raises:
        DatasetError: the file does not exist.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: there is no such file")

    def first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                notes.note(f"{path}: {key}", DUPLICATE, key)
            else:
                found[key] = value
        return found

    text = read_text(path)
    value = parsed_json(text, lambda line: f"{path}:{line}", first_of_each)
    return checked(value, dict, str(path), "the file")


def read_json(path: Path) -> Any:
    """Read the value in a JSON file; duplicate keys are an error."""
    return parsed_json(read_text(path), lambda line: f"{path}:{line}")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of json's pairs; raise a ValueError if a key occurs twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key in found if [name for name, _ in pairs].count(key) > 1)
        raise ValueError(f"the key {twice!r} occurs twice")
    return found


def parsed_json(text: str, place: Callable[[int], str], hook: Any = unique) -> Any:
    """Parse JSON; `place` names a line of the text, `hook` is json's object_pairs_hook."""
    try:
        return json.loads(text, object_pairs_hook=hook)
    except json.JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1]
        expected = f"JSON ({error.msg}, column {error.colno})"
        raise UnreadableError(place(error.lineno), line, expected) from error
    except ValueError as error:  # a duplicate key, or a whole number with too many digits
        raise UnreadableError(place(1), text[:20], f"valid JSON ({error})") from error
    except RecursionError as error:
        raise UnreadableError(place(1), text[:20], "less deeply nested JSON") from error


def member(entry: dict[str, Any], key: str, kind: type[T], where: str) -> T:
    """Return the value of a key, checked for its type."""
    return checked(entry.get(key), kind, where, key)


def optional(entry: dict[str, Any], key: str, kind: type[T], where: str) -> T:
    """Return the value of a key, or an empty value if it is missing or null."""
    value = entry.get(key)
    return kind() if value is None else checked(value, kind, where, key)


def checked(value: object, kind: type[T], where: str, key: str) -> T:
    """Return the value if it has the type and, for a text, no lone surrogates."""
    if not isinstance(value, kind):
        raise UnreadableError(where, value, f"{_NAMES[kind]} for {key}")
    if isinstance(value, str) and not is_unicode(value):
        raise UnreadableError(where, value, f"a text without lone surrogates for {key}")
    return value


def share(value: object, where: str, key: str) -> float:
    """Return a value that must be a number from 0 to 1."""
    # In Python, True is a number.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UnreadableError(where, value, f"a number from 0 to 1 for {key}")
    return float(value)


def json_outline(value: object, where: str, key: str) -> Points:
    """Return points (K, 2), K >= 3, from [[x, y], ...] or [x, y, x, y, ...]."""
    points = _numbers(value)
    if points.ndim == 1 and len(points) % 2 == 0:
        points = points.reshape(-1, 2)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise UnreadableError(where, value, f"3 points or more for {key}: [[x, y], ...]")
    return points


def json_quads(value: object, where: str, key: str) -> Points:
    """Return quads (M, 4, 2) from [[[x, y], [x, y], [x, y], [x, y]], ...]."""
    if value == []:
        return np.empty((0, 4, 2), np.float32)
    quads = _numbers(value)
    if quads.shape[1:] != (4, 2):
        raise UnreadableError(where, value, f"quads for {key}: [[[x, y], ... 4 points], ...]")
    return quads


def json_numbers(value: object, count: int, where: str, key: str) -> list[float]:
    """Return a list of `count` numbers."""
    numbers = _numbers(value)
    if numbers.shape != (count,):
        expected = f"{count} numbers" if count > 1 else "a number"
        raise UnreadableError(where, value, f"{expected} for {key}")
    found: list[float] = numbers.tolist()
    return found


def json_angle(value: object, where: str, key: str) -> float:
    """Return an angle in degrees; 0 if it is missing."""
    return 0.0 if value is None else json_numbers([value], 1, where, key)[0]


def json_flag(value: object, where: str, key: str) -> bool:
    """Return a flag given as true, false, 1 or 0; false if it is missing."""
    if value not in (None, True, False):  # in Python, 1 equals True
        raise UnreadableError(where, value, f"true or false for {key}")
    return bool(value)


def json_size(entry: dict[str, Any], keys: tuple[str, str]) -> tuple[int, int] | None:
    """Return a picture's (width, height), or None unless both are valid whole numbers."""
    sides = [entry.get(key) for key in keys]
    width, height = (side if type(side) is int and 0 < side < LARGEST else 0 for side in sides)
    return (width, height) if width and height else None


def _numbers(value: object) -> npt.NDArray[np.float32]:
    """Return an array of the numbers in nested lists, or an empty array for anything else."""
    try:
        array = np.array(value)
    except ValueError:  # lists of different lengths
        array = np.empty(0)
    # Not abs(), which fails for the lowest integer. For nan the comparison is also false.
    if array.dtype.kind not in "iuf" or not ((array > -LARGEST) & (array < LARGEST)).all():
        array = np.empty(0)
    # In Python, True is a number.
    if array.size and any(isinstance(one, bool) for one in np.array(value, object).ravel()):
        array = np.empty(0)
    return array.astype(np.float32)
