"""Words as a CSV table."""

import csv
import io
from collections.abc import Iterable

from craftlite.formats.record import Record, part_of, regions
from craftlite.image.document import Part

CORNERS = [f"{axis}{number}" for number in range(1, 5) for axis in "xy"]  # names of columns


def csv_table(records: Iterable[Record]) -> str:
    """Return a table of all records with one word per row; polygons are written as "x y x y ...".

    Columns for page, time, text and "ignore" are present only if a record has such a value.
    """
    records = list(records)
    parts = [key for key in Part.__annotations__ if any(key in entry for entry in records)]
    words = [word for entry in records for word in regions(entry)]
    labels = [key for key in ("text", "ignore") if any(key in word for word in words)]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["image", *parts, "width", "height", "score", *CORNERS, "polygon", *labels])
    for entry in records:
        for word in regions(entry):
            place = [entry["image"], *(part_of(entry).get(key, "") for key in parts)]
            head = [*place, entry["width"], entry["height"], word.get("score", "")]
            polygon = " ".join(str(v) for point in word["polygon"] for v in point)
            values = {"text": word.get("text"), "ignore": "true" if word.get("ignore") else ""}
            tail = [polygon, *(values[key] for key in labels)]
            writer.writerow([*head, *(v for point in word["quad"] for v in point), *tail])
    return table.getvalue()
