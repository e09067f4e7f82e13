"""How words are written down: json, jsonl, icdar, coco and csv, each file whole or not at all."""

import csv
import errno
import io
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any, Literal, TypedDict

import numpy as np

from craftlite.errors import ConfigError, CraftliteError
from craftlite.files import unwritable, write_whole
from craftlite.geometry import Points, signed_area
from craftlite.image.document import Part
from craftlite.progress import write_line
from craftlite.words import Words

Format = Literal["json", "jsonl", "icdar", "coco", "csv"]


class WordRecord(TypedDict, total=False):
    """One word; coordinates in pixels to one decimal, the score in 0..1 to four."""

    quad: list[list[float]]
    polygon: list[list[float]]
    score: float
    characters: list[list[list[float]]]  # only where characters were asked for


class Record(Part):
    """One picture's words as JSON has them, with its page or time where the file holds several."""

    image: str
    width: int
    height: int
    words: list[WordRecord]


def part_target(target: PurePath, part: Part) -> PurePath:
    """Where the results of a part of a file belong, as NAME.p003 or NAME.t00001.500."""
    if "page" in part:
        return target.with_name(f"{target.name}.p{part['page']:03}")
    if "time" in part:
        return target.with_name(f"{target.name}.t{part['time']:09.3f}")
    return target


def record(image: str, words: Words, part: Part | None = None) -> Record:
    """The JSON object of one picture, or of a part of a file of several."""
    width, height = words.size
    listed = [
        WordRecord(quad=_rounded(quad), polygon=_rounded(polygon), score=round(float(score), 4))
        for quad, polygon, score in zip(words.quads, words.polygons, words.scores, strict=True)
    ]
    for word, boxes in zip(listed, words.characters or (), strict=False):
        word["characters"] = _rounded(boxes)
    part = part or Part()
    return {"image": image, **part, "width": int(width), "height": int(height), "words": listed}


def json_line(record: Record) -> str:
    """A record as one line of ASCII JSON without its end, whatever the picture's name."""
    return json.dumps(record)


def icdar(words: Words, *, polygons: bool = False) -> str:
    """The text of one `res_<picture>.txt` of the ICDAR 2015 competition, one word a line.

    A line is x1,y1,...,x4,y4 in whole pixels, or all points of the polygon; it has no score.
    """
    outlines: Sequence[Points] = words.polygons if polygons else list(words.quads)
    lines = (",".join(map(str, np.rint(outline).astype(int).ravel())) for outline in outlines)
    return "".join(f"{line}\n" for line in lines)


def coco(records: Iterable[Record]) -> str:
    """The text of one COCO file (images, annotations, categories); ids count from 1."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, entry in enumerate(records, 1):
        size = {"width": entry["width"], "height": entry["height"]}
        images.append({"id": image_id, "file_name": entry["image"], **_part(entry), **size})
        for word in entry["words"]:
            ids = {"id": len(annotations) + 1, "image_id": image_id}
            annotations.append(ids | _annotation(word))
    categories = [{"id": 1, "name": "text", "supercategory": "text"}]
    return json.dumps({"images": images, "annotations": annotations, "categories": categories})


def csv_table(records: Iterable[Record]) -> str:
    """One table of all records, a word a row; the polygon is "x y x y ...".

    It has a column for the page or the time where a record has one.
    """
    records = list(records)
    parts = [key for key in Part.__annotations__ if any(key in entry for entry in records)]
    corners = [f"{axis}{i}" for i in range(1, 5) for axis in "xy"]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["image", *parts, "width", "height", "score", *corners, "polygon"])
    for entry in records:
        for word in entry["words"]:
            place = [entry["image"], *(_part(entry).get(key, "") for key in parts)]
            head = [*place, entry["width"], entry["height"], word["score"]]
            polygon = " ".join(str(v) for point in word["polygon"] for v in point)
            writer.writerow([*head, *(v for point in word["quad"] for v in point), polygon])
    return table.getvalue()


class FilePerPicture:
    """Writes json or icdar: one file a picture, in folders like those that the pictures lie in.

    Args:
        out: the folder to write to.
        form: "json" or "icdar".
        polygons: whether an icdar line holds the polygon in place of the quad.
    """

    def __init__(self, out: Path, form: Format, *, polygons: bool) -> None:
        self._out, self._form, self._polygons = out, form, polygons

    def _path(self, target: PurePath) -> Path:
        name = f"res_{target.name}.txt" if self._form == "icdar" else f"{target.name}.json"
        return self._out / target.with_name(name)

    def has(self, name: str, target: PurePath, part: Part | None = None) -> bool:
        """Whether the picture's file is there already."""
        return self._path(target).exists()

    def write(self, name: str, target: PurePath, words: Words, part: Part | None = None) -> None:
        """Write the picture's file; raises CraftliteError where it cannot be written."""
        if self._form == "icdar":
            content = icdar(words, polygons=self._polygons)
        else:
            content = json_line(record(name, words, part)) + "\n"
        write_whole(self._path(target), content)

    def close(self) -> None:
        """Nothing is left to do."""


class FilePerRun:
    """Writes jsonl, coco or csv: one file a run.

    Whatever the format, each picture is appended to `results.jsonl` as soon as it is done: an
    interrupted run keeps what it has, and a resumed one goes on from there. `coco.json` or
    `results.csv` is made of that file at the end.

    Args:
        out: the folder to write to, which exists.
        form: "jsonl", "coco" or "csv".
        resume: keep what `results.jsonl` holds, and go on from there.
        overwrite: replace what an earlier run wrote.

    Raises:
        ConfigError: an earlier run's file is there, and neither resume nor overwrite is set.
        CraftliteError: a file cannot be written, or `results.jsonl` is not one of ours.
    """

    def __init__(
        self, out: Path, form: Format, *, resume: bool = False, overwrite: bool = False
    ) -> None:
        self._journal = out / "results.jsonl"
        self._final = {"coco": out / "coco.json", "csv": out / "results.csv"}.get(form)
        self._form = form
        resume = resume and self._journal.exists()
        if not resume and not overwrite:
            self._refuse_to_replace()
        records = _read_records(self._journal) if resume else []
        self._done = {(entry["image"], *_part(entry).items()) for entry in records}
        # Written anew even when resuming, which drops a last line that a crash cut short.
        write_whole(self._journal, "".join(json_line(entry) + "\n" for entry in records))

    def has(self, name: str, target: PurePath, part: Part | None = None) -> bool:
        """Whether the picture is in the file already."""
        return (name, *(part or {}).items()) in self._done

    def write(self, name: str, target: PurePath, words: Words, part: Part | None = None) -> None:
        """Append the picture's line; raises CraftliteError where it cannot be written."""
        line = (json_line(record(name, words, part)) + "\n").encode("ascii")
        try:
            with self._journal.open("ab", buffering=0) as journal:
                whole = journal.seek(0, os.SEEK_END)
                try:
                    if journal.write(line) < len(line):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                except OSError:
                    journal.truncate(whole)  # a part of a line would be glued to the next one
                    raise
        except OSError as error:
            raise unwritable(self._journal, error) from error

    def close(self) -> None:
        """Write the coco or csv file; raises CraftliteError where it cannot be written."""
        if self._final is not None:
            as_text = coco if self._form == "coco" else csv_table
            write_whole(self._final, as_text(_read_records(self._journal)))

    def _refuse_to_replace(self) -> None:
        if _holds_something(self._journal):
            advice = "--resume to keep what it holds and go on, or --overwrite to replace it"
            raise ConfigError(f"{self._journal}: exists already; add {advice}")
        # Beside an empty journal lies a final file of ours, of no pictures.
        if self._final is not None and _holds_something(self._final) and not self._journal.exists():
            raise ConfigError(f"{self._final}: exists already; add --overwrite to replace it")


def _holds_something(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _part(entry: Record) -> Part:
    """The page or time of a record."""
    part = Part()
    if "page" in entry:
        part["page"] = entry["page"]
    if "time" in entry:
        part["time"] = entry["time"]
    return part


def _read_records(journal: Path) -> list[Record]:
    """The whole lines of a journal; one that was cut or glued to another is left out and named.

    Raises:
        CraftliteError: the first line is none of ours.
    """
    *lines, _ = journal.read_text("utf-8", "replace").split("\n")
    records: list[Record] = []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            image, size, found = entry["image"], (entry["width"], entry["height"]), entry["words"]
            whole: Record = {"image": image, "width": size[0], "height": size[1], "words": found}
            records.append({**whole, **_part(entry)})
        except (ValueError, KeyError, TypeError) as error:
            if number == 1:
                raise CraftliteError(
                    f"{journal}: is damaged and cannot be resumed ({error}); "
                    "run with --overwrite in place of --resume"
                ) from error
            write_line(f"{journal}:{number}: is damaged; its picture is done again")
    return records


def _rounded(points: Points) -> Any:
    # Adding zero turns -0.0 into 0.0.
    return (np.round(np.asarray(points, np.float64), 1) + 0.0).tolist()


def _annotation(word: WordRecord) -> dict[str, Any]:
    polygon = np.asarray(word["polygon"])
    (left, top), (right, bottom) = polygon.min(axis=0), polygon.max(axis=0)
    box = [float(round(v, 1)) for v in (left, top, right - left, bottom - top)]
    return {
        "category_id": 1,
        "bbox": box,
        "segmentation": [polygon.ravel().tolist()],
        "area": round(abs(signed_area(polygon)), 1),
        "iscrowd": 0,
        "score": word["score"],
    }
