"""A Parquet table of pictures with their words, with the fields of the JSON record."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import parquet as pq

from craftlite.formats.record import Record

ROWS = 1000  # pictures per row group, and in memory together

# With 64-bit floats, numbers with one decimal are read back as in JSON. Parquet stores a dictionary
# of the numbers, so files are no larger than with 32-bit floats.
_POINTS = pa.list_(pa.list_(pa.float64()))


def _field(name: str, kind: pa.DataType, about: str) -> pa.Field:
    return pa.field(name, kind, metadata={"description": about})


_OUTLINE = [
    _field("quad", _POINTS, "Four corners [x, y] in pixels, clockwise on the screen."),
    _field("polygon", _POINTS, "Outline [x, y] in pixels; the quad if none was traced."),
    _field("score", pa.float64(), "Probability that the word is right, 0 to 1."),
]
_WORD = [
    *_OUTLINE,
    _field("order", pa.int32(), "Position in reading order, from 0."),
    _field("characters", pa.list_(_POINTS), "Quads of the characters, if requested."),
]
_LINE = [
    *_OUTLINE,
    _field("words", pa.list_(pa.int32()), "Indices of its words in the list of words, from 0."),
    _field("block", pa.int32(), "Number of its block of lines, from 0."),
    _field("vertical", pa.bool_(), "Whether it reads from top to bottom."),
    _field("angle", pa.float64(), "Angle in degrees clockwise at which it is read."),
]
_PICTURE = [
    _field("image", pa.string(), "The picture's path or address."),
    _field("page", pa.int32(), "Page, from 1, if the file holds several."),
    _field("time", pa.float64(), "Seconds from the start, if the file is a video."),
    _field("width", pa.int32(), "Width of the upright picture in pixels."),
    _field("height", pa.int32(), "Height of the upright picture in pixels."),
    _field("words", pa.list_(pa.struct(_WORD)), "The words found."),
    _field("lines", pa.list_(pa.struct(_LINE)), "Lines in reading order, if requested."),
]
_ERROR = _field("error", pa.string(), "Why the picture could not be read; null if it was read.")


def schema(*, errors: bool = False) -> pa.Schema:
    """Return the schema: the fields of JSON, null where JSON omits them, with descriptions.

    errors: whether to add a column with the reason why a picture could not be read.
    """
    return pa.schema([*_PICTURE, _ERROR] if errors else _PICTURE)


def table(records: Iterable[Record], fields: pa.Schema | None = None) -> pa.Table:
    """Return a table with one row per record; bytes in names that are not UTF-8 are escaped."""
    rows: list[dict[str, Any]] = [
        {**entry, "image": entry["image"].encode("utf-8", "backslashreplace").decode("utf-8")}
        for entry in records
    ]
    return pa.Table.from_pylist(rows, fields or schema())


def write_parquet(
    file: Path | BinaryIO, records: Iterable[Record], fields: pa.Schema | None = None
) -> None:
    """Write records to a file with the schema `fields`, keeping `ROWS` at a time in memory."""
    fields, left = fields or schema(), iter(records)
    with pq.ParquetWriter(file, fields, compression="zstd") as writer:
        while some := list(islice(left, ROWS)):
            writer.write_table(table(some, fields))
