"""A table of pictures with their words, as Parquet: the JSON record, field for field."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import parquet as pq

from craftlite.formats.record import Record

ROWS = 1000  # pictures in a row group, and in memory at once

# 64-bit floats give numbers of one decimal back as JSON has them. Parquet keeps a dictionary of
# the numbers, so that files are no larger than with 32-bit floats.
_POINTS = pa.list_(pa.list_(pa.float64()))


def _field(name: str, kind: pa.DataType, about: str) -> pa.Field:
    return pa.field(name, kind, metadata={"description": about})


_OUTLINE = [
    _field("quad", _POINTS, "Four corners [x, y] in pixels, clockwise on the screen."),
    _field("polygon", _POINTS, "Outline [x, y] in pixels; the quad where none was traced."),
    _field("score", pa.float64(), "0 to 1: the chance that it is right."),
]
_WORD = [
    *_OUTLINE,
    _field("order", pa.int32(), "Place in reading order, from 0."),
    _field("characters", pa.list_(_POINTS), "Quads of the characters, where asked for."),
]
_LINE = [
    *_OUTLINE,
    _field("words", pa.list_(pa.int32()), "Places of its words in the list of words, from 0."),
    _field("block", pa.int32(), "Number of its block of lines, from 0."),
    _field("vertical", pa.bool_(), "Whether it reads from top to bottom."),
    _field("angle", pa.float64(), "Degrees clockwise that it is read at."),
]
_PICTURE = [
    _field("image", pa.string(), "The picture's path or address."),
    _field("page", pa.int32(), "Page, from 1, where the file holds several."),
    _field("time", pa.float64(), "Seconds from the start, where the file is a video."),
    _field("width", pa.int32(), "Pixels of the upright picture."),
    _field("height", pa.int32(), "Pixels of the upright picture."),
    _field("words", pa.list_(pa.struct(_WORD)), "The words that were found."),
    _field("lines", pa.list_(pa.struct(_LINE)), "Lines in reading order, where asked for."),
]
_ERROR = _field("error", pa.string(), "Why the picture has no words; null where it was read.")


def schema(*, errors: bool = False) -> pa.Schema:
    """The columns, those of JSON; what JSON leaves out is null. Each field's metadata describes it.

    errors: whether there is a column for why a picture could not be read.
    """
    return pa.schema([*_PICTURE, _ERROR] if errors else _PICTURE)


def table(records: Iterable[Record], fields: pa.Schema | None = None) -> pa.Table:
    """A row for each record; bytes of a name that are not UTF-8 are escaped, as \\udce9 is."""
    rows: list[dict[str, Any]] = [
        {**entry, "image": entry["image"].encode("utf-8", "backslashreplace").decode("utf-8")}
        for entry in records
    ]
    return pa.Table.from_pylist(rows, fields or schema())


def write_parquet(
    file: Path | BinaryIO, records: Iterable[Record], fields: pa.Schema | None = None
) -> None:
    """Write records, of which `ROWS` at a time are in memory, to a file that `fields` describes."""
    fields, left = fields or schema(), iter(records)
    with pq.ParquetWriter(file, fields, compression="zstd") as writer:
        while some := list(islice(left, ROWS)):
            writer.write_table(table(some, fields))
