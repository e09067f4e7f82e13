"""Sound files turned into odd ones: bytes, lines, numbers, nesting, encodings."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from pathlib import PurePath
from random import Random
from typing import Any

NUMBERS = (
    *("nan", "inf", "-inf", "-1", "0", "-0.0", "1e308", "1e-320", "1e999", "16777215", "16777216"),
    *("2147483648", "-9223372036854775809", "9" * 30, "9" * 5000, "0x10", "1_0", "\u0663", "1e"),
    *("", "true", "null", "0.1.2", "+3", " 4 ", "1,5"),
)
TEXTS = (
    *("\0", "\ufeff", "\r", "\n", "\t", "\u2028", "\x85", "\x1b[2J", "\u202e", "\u0130", '"', "'"),
    *("\\", ",", "####", "[" * 200, "[" * 100_000, '{"a":' * 3000, "(" * 500, "<x>" * 5000),
    *("a" * 100_000, "&#0;", "*a", "&a [*a]", "!!python/name:os.system", "{{", "../" * 9, "%s%n"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**24, 2**31, 2**70, -(10**400), 1e308, 1e-320, 0.5),
    *(float("nan"), float("inf"), "", "\0", "\ud800", "a" * 10_000, "nan", "../..", "/", "."),
    *([], {}, [[]], [[[[0]]]], [None], ["x"] * 3, [[1, 2]] * 2000, [[1e30, -1e30]] * 4, {"a": {}}),
)
ENCODINGS = ("utf-16", "utf-32", "utf-8-sig", "latin-1", "cp037")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
BYTES = (0, 1, 0x7F, 0x80, 0xFF)


def mutated(rng: Random, name: str, data: bytes) -> bytes:
    """A file's bytes with something odd in them, of the kind that its name's suffix suggests."""
    suffix = PurePath(name).suffix
    chance = rng.random()
    if suffix == ".mat":
        # Bytes that differ can crash the library that reads these, which no caller can help.
        return data[: rng.randrange(len(data))]
    if suffix in (".json", ".jsonl") and chance < 0.5:
        return mutated_json(rng, data)
    if suffix in (".json", ".jsonl", ".txt", ".xml", ".gt", ".yaml", ".csv") and chance < 0.9:
        return mutated_text(rng, data)
    return mutated_bytes(rng, data)


def mutated_bytes(rng: Random, data: bytes) -> bytes:
    """Bytes changed, put in, left out, doubled or cut off in a few places, often near the start."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        reach = len(result) if rng.random() < 0.6 else min(len(result), 256)
        at = rng.randrange(reach + 1)
        length = rng.choice((1, 2, 4, 8, 64))
        change = rng.randrange(6)
        if change == 0:
            result[at : at + length] = rng.randbytes(length)
        elif change == 1:
            result[at : at + length] = bytes([rng.choice(BYTES)]) * length
        elif change == 2:
            result[at:at] = rng.randbytes(length)
        elif change == 3:
            del result[at : at + length]
        elif change == 4:
            result[at:at] = result[at : at + 8 * length]
        elif rng.random() < 0.3:
            del result[at:]
        elif at < len(result):
            result[at] ^= 1 << rng.randrange(8)
    return bytes(result)


def mutated_text(rng: Random, data: bytes) -> bytes:
    """Numbers, characters and lines changed; sometimes another encoding."""
    text = data.decode("utf-8", "replace")
    for _ in range(rng.choice((1, 1, 2, 5))):
        text = rng.choice((_odd_number, _odd_number, _odd_text, _odd_lines))(rng, text)
    if rng.random() < 0.1:
        return text.encode(rng.choice(ENCODINGS), "replace")
    return text.encode("utf-8", "surrogatepass")


def _odd_number(rng: Random, text: str) -> str:
    places = [match.span() for match in islice(NUMBER.finditer(text), 100_000)]
    if not places:
        return text
    start, end = rng.choice(places)
    return text[:start] + rng.choice(NUMBERS) + text[end:]


def _odd_text(rng: Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(TEXTS) + text[at + rng.choice((0, 0, 1, 5)) :]


def _odd_lines(rng: Random, text: str) -> str:
    lines = text.split("\n")
    at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
    change = rng.randrange(4)
    if change == 0:
        count = rng.choice((1, 2, 1000))
        lines[at:at] = [lines[to]] * (count if len(lines[to]) < 10_000 else 1)
    elif change == 1:
        del lines[at]
    elif change == 2:
        lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
    else:
        lines[at], lines[to] = lines[to], lines[at]
    return rng.choice(("\n", "\n", "\r\n", "\r")).join(lines)


def mutated_json(rng: Random, data: bytes) -> bytes:
    """One value or key of a JSON object, or of a line of them, in place of which something odd."""
    lines = data.decode("utf-8-sig").split("\n")
    at = rng.choice([number for number, line in enumerate(lines) if line.strip()])
    # A file of several lines is either one object a line, or one object.
    whole = lines[at].strip()[-1:] != "}" or lines[at].strip()[:1] != "{"
    value = json.loads("\n".join(lines) if whole else lines[at])
    for _ in range(rng.choice((1, 1, 3))):
        value = _with_odd_value(rng, value)
    text = json.dumps(value, ensure_ascii=rng.random() < 0.8)
    if not whole:
        text = "\n".join([*lines[:at], text, *lines[at + 1 :]])
    return text.encode("utf-8", "surrogatepass")


def _with_odd_value(rng: Random, value: Any) -> Any:
    places = list(islice(_places(value), 10_000))  # an odd value may hold a million more
    if not places or rng.random() < 0.03:
        return deepcopy(rng.choice(VALUES))
    inside, key = rng.choice(places)
    if isinstance(inside, dict) and rng.random() < 0.15:
        inside[rng.choice(("", "\0", "nan", str(key) + " "))] = inside.pop(key)
    elif rng.random() < 0.1:
        del inside[key]
    else:
        inside[key] = deepcopy(rng.choice(VALUES))
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in nested lists and objects, as the container and its key."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])
