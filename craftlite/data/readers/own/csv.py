"""A table with one word per row, as written by `craftlite detect --format csv`."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from craftlite.data.annotations import COLUMNS, Dataset, IssueLog, UnreadableError
from craftlite.data.files.labelled import (
    Labelled,
    LabelledWord,
    each_word,
    is_part,
    label_files,
    labelled_word,
    read_labelled,
)
from craftlite.data.files.lines import outline, read_text
from craftlite.data.files.tree import Tree
from craftlite.formats.csv_table import CORNERS

LAYOUTS = {
    "csv": [
        "results.csv (or any .csv; train, val or test in its name sets the split)",
        "  image,width,height,score,x1,y1,x2,y2,x3,y3,x4,y4,polygon,text,ignore",
        "  in any order; required are image and either x1 to y4 or polygon (x y x y ...)",
        "images/<any>.jpg (or the path in image)",
    ]
}
COLUMNS_READ = {"image", "width", "height", "score", "polygon", "text", "ignore", "page", "time"}
COLUMNS_READ |= {*CORNERS}
FLAGS = {"": False, "0": False, "false": False, "no": False, "1": True, "true": True, "yes": True}
Row = dict[str, str]


def fits(file: Path, content: object) -> bool:
    """Return whether a file's text is in this format."""
    if not isinstance(content, str) or file.suffix != ".csv":
        return False
    columns = {column.strip().strip('"') for column in content.partition("\n")[0].split(",")}
    return "image" in columns and ("polygon" in columns or columns.issuperset(CORNERS))


def read_csv(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read a table: `polygon` if present, otherwise the quad, with `text` and `ignore` if present.

    Pictures without words have no row, so they are left out.
    """
    return read_labelled(labelled, root, split, need_pictures)


def labelled(tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    """Yield the pictures of all files."""
    for file, text in label_files(tree, ".csv", read_text, fits, notes):
        rows_of: dict[str, list[tuple[str, Row]]] = defaultdict(list)
        with notes.catching():
            for where, row in _rows(file, text, notes):
                if not is_part(row, where, notes):
                    rows_of[row["image"]].append((where, row))
        split = tree.split_of(file, by_name=True)
        for name, rows in rows_of.items():
            where, first = rows[0]
            with notes.catching():
                picture = tree.find(name, where, file.parent)
                words = each_word(rows, _word, notes)
                yield Labelled(where, name, picture, words, split, _size(first, where))


def _rows(file: Path, text: str, notes: IssueLog) -> Iterator[tuple[str, Row]]:
    """Yield the rows with their places, as texts by column."""
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] = []
    line = 1
    try:
        for fields in table:
            where, line = f"{file}:{line}", table.line_num + 1
            if not columns:
                columns = [column.strip() for column in fields]
                if len(set(columns)) < len(columns):
                    raise UnreadableError(where, columns, "each column once")
                if others := [column for column in columns if column not in COLUMNS_READ]:
                    notes.note(where, COLUMNS, ", ".join(others))
            elif fields:
                with notes.catching():
                    if len(fields) != len(columns):
                        raise UnreadableError(where, fields, f"{len(columns)} fields")
                    yield where, dict(zip(columns, fields, strict=True))
    except csv.Error as error:
        raise UnreadableError(f"{file}:{line}", str(error), "a CSV table") from error


def _size(row: Row, where: str) -> tuple[int, int] | None:
    try:
        return (int(row["width"]), int(row["height"])) if row.get("width") else None
    except (KeyError, ValueError) as error:
        found = (row.get("width"), row.get("height"))
        raise UnreadableError(where, found, "whole numbers for width and height") from error


def _word(row: Row, where: str) -> LabelledWord:
    polygon = row.get("polygon", "").split()
    values = polygon or [row.get(column, "") for column in CORNERS]
    try:
        points = outline(values)
    except ValueError as error:
        raise UnreadableError(where, values, "polygon as x y x y ..., or x1 to y4") from error
    ignore = row.get("ignore", "").strip().lower()
    if ignore not in FLAGS:
        raise UnreadableError(where, ignore, "true or false for ignore")
    return labelled_word(where, points, row.get("text"), ignore=FLAGS[ignore])
