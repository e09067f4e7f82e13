"""Reading text files with one annotation per line, and parsing such lines.

If a file or its text cannot be read, the functions raise an UnreadableError.
"""

import codecs
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from itertools import takewhile
from pathlib import Path

import numpy as np

from craftlite.data.annotations import TEXT_OF_NUMBERS, Annotation, IssueLog, UnreadableError
from craftlite.formats.record import DONT_CARE
from craftlite.geometry import Points

LARGEST = 2**24  # pixels; above it float32 cannot represent every whole number
MOST_BYTES = 2**30  # of a file, which is read as a whole
FEWEST_POINTS = 6  # of an outline other than a quad; fewer numbers may belong to the text


Placed = tuple[str, Annotation]
"""An annotation with its place, "FILE:LINE"."""

LineParser = Callable[[str], Annotation]
"""Parses one line into an annotation; the text of a ValueError is the expected form."""


def expecting(form: str) -> Callable[[LineParser], LineParser]:
    """Decorate a LineParser so that any error it raises becomes a ValueError with `form`."""

    def decorate(parse: LineParser) -> LineParser:
        @wraps(parse)
        def parser(line: str) -> Annotation:
            try:
                return parse(line)
            # Total-Text's texts are Python literals; evaluating them raises more than ValueError.
            except (ValueError, LookupError, TypeError, SyntaxError, MemoryError, RecursionError):
                raise ValueError(form) from None

        return parser

    return decorate


def read_bytes(path: Path) -> bytes:
    """Read a regular file of at most MOST_BYTES."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # reading a pipe may block for ever
            raise UnreadableError(str(path), stat.filemode(facts.st_mode), "a regular file")
        if facts.st_size > MOST_BYTES:
            limit = f"a file of at most {MOST_BYTES // 2**20} MiB"
            raise UnreadableError(str(path), f"{facts.st_size:,} bytes", limit)
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: not a valid path
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(str(path), reason, "a file that can be opened") from error


def decoded(raw: bytes, where: str) -> str:
    """Decode UTF-8 text, with or without a byte order mark."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        line = raw.split(b"\n")[number - 1]
        expected = "UTF-8 text"
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            expected += ", not UTF-16; convert with iconv -f UTF-16 -t UTF-8 OLD > NEW"
        raise UnreadableError(f"{where}:{number}", line, expected) from error


def read_text(path: Path) -> str:
    """Read a text file, see `decoded`."""
    return decoded(read_bytes(path), str(path))


def text_lines(raw: bytes, where: str) -> Iterator[tuple[str, str]]:
    """Yield the lines that are not blank, each with its place "where:number" counted from 1.

    Lines end in LF or CRLF only, because a transcription may hold characters that `str.splitlines`
    would split at. If a CR occurs inside a line, the file is refused before any line is yielded.
    """
    lines = [line.rstrip("\r") for line in decoded(raw, where).split("\n")]
    for number, line in enumerate(lines, start=1):
        if "\r" in line:
            expected = r"LF at the ends of lines, not CR alone; convert: tr '\r' '\n' < OLD > NEW"
            raise UnreadableError(f"{where}:{number}", line, expected)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield f"{where}:{number}", line


def read_lines(parse: LineParser) -> Callable[[Path, IssueLog], Iterator[Placed]]:
    """Return a reader of files that have an annotation on every line."""

    def read(path: Path, notes: IssueLog) -> Iterator[Placed]:
        return parse_lines(text_lines(read_bytes(path), str(path)), parse, notes)

    return read


def parse_lines(
    lines: Iterable[tuple[str, str]], parse: LineParser, notes: IssueLog
) -> Iterator[Placed]:
    """Yield the annotations of lines; lines that cannot be read are recorded as problems."""
    for where, line in lines:
        with notes.catching():
            try:
                annotation = parse(line)
            except ValueError as error:
                raise UnreadableError(where, line, f"{error}{advice_on(where, line)}") from error
            yield where, annotation


def advice_on(where: str, line: str) -> str:
    """Return a hint for a first line that looks like a header, or for a byte order mark."""
    if "\ufeff" in line:
        return "; remove the byte order mark U+FEFF from the line"
    if where.endswith(":1") and not any(map(is_number, re.split(r"[\s,;]+", line))):
        return "; the line looks like a header; if it is one, remove it"
    return ""


def is_number(field: str) -> bool:
    """Return whether a field is a number, possibly not a finite one."""
    try:
        float(field)
    except ValueError:
        return False
    return True


def leading_numbers(fields: Iterable[str]) -> int:
    """Return how many fields at the start of a line are numbers."""
    return sum(1 for _ in takewhile(is_number, fields))


def coordinates(fields: Sequence[str]) -> list[float]:
    """Convert fields to numbers; raise a ValueError if one is not a number of pixels."""
    values = list(map(float, fields))
    if not all(abs(value) < LARGEST for value in values):  # false for nan too
        raise ValueError("not a number of pixels")
    return values


def outline(fields: Sequence[str]) -> Points:
    """Return points (K, 2) from fields x1, y1, x2, y2, ...; raise a ValueError for fewer than 3."""
    points = np.array(coordinates(fields), np.float32).reshape(-1, 2)
    if len(points) < 3:
        raise ValueError("fewer than 3 points")
    return points


@expecting("8 numbers and a text: x1,y1,x2,y2,x3,y3,x4,y4,text")
def quad_line(line: str) -> Annotation:
    """Parse an ICDAR 2015 line `x1,y1,x2,y2,x3,y3,x4,y4,text`; the text may hold commas."""
    fields = line.split(",", 8)
    return doubted(transcribed(outline(fields[:8]), fields[8]), line)


def transcribed(corners: Points, field: str) -> Annotation:
    """Return the annotation of a competition's text: `###` is don't care, quotes are removed."""
    text = unquoted(field.strip())
    return Annotation(corners, text, ignore=text == DONT_CARE)


def doubted(word: Annotation, line: str) -> Annotation:
    """Mark the word of a line of 4 points and a text as doubtful if more than 8 numbers begin it.

    A text that is itself a number, such as 100,000, is not doubtful, unless there are enough
    numbers for 6 points.
    """
    fields = line.split(",")
    numbers = leading_numbers(fields)
    doubtful = numbers >= 2 * FEWEST_POINTS or 8 < numbers < len(fields)
    return word._replace(doubt=TEXT_OF_NUMBERS) if doubtful else word


def unquoted(text: str) -> str:
    """Apply the competition's rule: double quotes around a text and its escapes are removed."""
    quoted = re.fullmatch(r'"(.*)"', text, re.DOTALL)
    return quoted[1].replace("\\\\", "\\").replace('\\"', '"') if quoted else text
