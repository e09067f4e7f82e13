"""The files that `craftlite detect` writes, one per picture or per run, each atomically."""

import errno
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path, PurePath

from craftlite.errors import ConfigError, CraftliteError
from craftlite.files import unwritable, write_whole, written_whole
from craftlite.formats.coco import coco
from craftlite.formats.csv_table import csv_table
from craftlite.formats.icdar import icdar
from craftlite.formats.labelme import labelme
from craftlite.formats.labelstudio import labelstudio
from craftlite.formats.paddleocr import paddleocr
from craftlite.formats.record import (
    Format,
    Record,
    json_line,
    lines_as_words,
    part_of,
    path_from,
    record,
)
from craftlite.image.document import Part
from craftlite.progress import write_line
from craftlite.words import Words

LABELS = ("labelme", "labelstudio", "paddleocr")  # labels to correct in a tool with the pictures
FINALS = {
    "coco": "coco.json",
    "csv": "results.csv",
    "parquet": "results.parquet",
    "labelstudio": "labelstudio.json",
    "paddleocr": "Label.txt",
}


class FilePerPicture:
    """Writes json, icdar or labelme: one file per picture, in the pictures' folder structure.

    Args:
        out: the folder to write to.
        form: "json", "icdar" or "labelme".
        polygons: whether an icdar line holds the polygon instead of the quad.
        lines: whether icdar and labelme hold lines of text instead of words, and json both.
    """

    def __init__(self, out: Path, form: Format, *, polygons: bool, lines: bool = False) -> None:
        self._out, self._form, self._polygons, self._lines = out, form, polygons, lines

    def _path(self, target: PurePath) -> Path:
        name = f"res_{target.name}.txt" if self._form == "icdar" else f"{target.name}.json"
        return self._out / target.with_name(name)

    def has(self, name: str, target: PurePath, part: Part | None = None) -> bool:
        """Return whether the picture's file exists."""
        return self._path(target).exists()

    def write(self, name: str, target: PurePath, words: Words, part: Part | None = None) -> None:
        """Write the picture's file; raises CraftliteError if it cannot be written.

        For labelme, `name` is the picture's path.
        """
        path = self._path(target)
        if self._form == "icdar":
            shown = lines_as_words(words) if self._lines else words
            content = icdar(shown, polygons=self._polygons)
        elif self._form == "labelme":
            content = labelme(record(path_from(path.parent, name), words, with_lines=self._lines))
        else:
            content = json_line(record(name, words, part, with_lines=self._lines)) + "\n"
        write_whole(path, content)

    def close(self) -> None:
        """Do nothing; every file is already complete."""


class FilePerRun:
    """Writes jsonl, or a format of FINALS: one file per run.

    For every format, each picture is appended to `results.jsonl` as soon as it is done, so that an
    interrupted run keeps its results and can be resumed. The format's own file is created from it
    at the end. PPOCRLabel edits Label.txt, so a resumed run keeps that file's lines and only adds
    those of further pictures.

    Args:
        out: the folder to write to, which exists.
        form: "jsonl" or a format of FINALS.
        resume: keep the contents of `results.jsonl` and continue.
        overwrite: replace the results of an earlier run.
        lines: whether a format of FINALS holds lines of text instead of words; jsonl and parquet
            hold both.

    Raises:
        ConfigError: a file of an earlier run exists, and neither resume nor overwrite is set.
        CraftliteError: a file cannot be written, or `results.jsonl` was not written by craftlite.
        ModuleNotFoundError: the form is parquet, and pyarrow is not installed.
    """

    def __init__(
        self,
        out: Path,
        form: Format,
        *,
        resume: bool = False,
        overwrite: bool = False,
        lines: bool = False,
    ) -> None:
        self._journal = out / "results.jsonl"
        self._final = out / FINALS[form] if form in FINALS else None
        self._form, self._lines = form, lines
        resume = self._resumed = resume and self._journal.exists()
        if form == "parquet":
            import_module("craftlite.formats.parquet")  # fail early if pyarrow is missing
        if not resume and not overwrite:
            self._refuse_to_replace()
        self._done: set[tuple[object, ...]] = set()
        # Rewritten even when resuming, which drops a last line that a crash cut short.
        with written_whole(self._journal) as unfinished, unfinished.open("w", newline="") as file:
            for entry in _read_records(self._journal) if resume else ():
                self._done.add((entry["image"], *part_of(entry).items()))
                file.write(json_line(entry) + "\n")

    def has(self, name: str, target: PurePath, part: Part | None = None) -> bool:
        """Return whether the picture is already in the file."""
        return (name, *(part or {}).items()) in self._done

    def write(self, name: str, target: PurePath, words: Words, part: Part | None = None) -> None:
        """Append the picture's line; raises CraftliteError if it cannot be written."""
        entry = record(name, words, part, with_lines=self._lines)
        line = (json_line(entry) + "\n").encode("ascii")
        try:
            with self._journal.open("ab", buffering=0) as journal:
                whole = journal.seek(0, os.SEEK_END)
                try:
                    if journal.write(line) < len(line):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                except OSError:
                    journal.truncate(whole)  # a partial line would be joined to the next one
                    raise
        except OSError as error:
            raise unwritable(self._journal, error) from error

    def close(self) -> None:
        """Write the format's own file; raises CraftliteError if it cannot be written."""
        if self._final is None:
            return
        if self._form == "parquet":
            from craftlite.formats.parquet import write_parquet

            with written_whole(self._final) as unfinished:
                write_parquet(unfinished, _read_records(self._journal))
            return
        records = list(_read_records(self._journal))
        if self._form in LABELS:
            records = list(_with_files(records, self._final))
        content = file_text(self._form, records, self._final)
        if self._form == "paddleocr" and self._resumed and self._final.exists():
            content = _added(self._final.read_text("utf-8", "replace"), content)
        write_whole(self._final, content)

    def _refuse_to_replace(self) -> None:
        if _holds_something(self._journal):
            advice = "--resume to keep its results and continue, or --overwrite to replace it"
            raise ConfigError(f"{self._journal}: already exists; add {advice}")
        # A final file beside an empty journal is a result without pictures and can be replaced.
        if self._final is not None and _holds_something(self._final) and not self._journal.exists():
            raise ConfigError(f"{self._final}: already exists; add --overwrite to replace it")


def file_text(form: str, records: Sequence[Record], file: Path) -> str:
    """Return the text of a format's file for all pictures.

    Args:
        form: a format of FINALS.
        records: the pictures; images are paths relative to the current folder. In coco and csv,
            they are written unchanged.
        file: the path of the file. Paths in Label.txt are relative to the folder above its own, as
            PPOCRLabel expects; paths in labelstudio.json are relative to the document root, which
            a message reports.
    """
    if form == "coco":
        return coco(records)
    if form == "csv":
        return csv_table(records)
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100 (pathlib's keeps "..")
    images = [path_from(folder.parent, entry["image"]) for entry in records]
    if form == "paddleocr":
        return paddleocr(_renamed(records, images))
    root = _document_root(folder, [entry["image"] for entry in records])
    write_line(f"{file}: start Label Studio with LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={root}")
    return labelstudio(_renamed(records, [path_from(root, entry["image"]) for entry in records]))


def _renamed(records: Iterable[Record], images: Iterable[str]) -> list[Record]:
    return [{**entry, "image": image} for entry, image in zip(records, images, strict=True)]


def _document_root(folder: Path, pictures: Iterable[str]) -> Path:
    """Return the deepest folder from which Label Studio can serve all pictures.

    A storage must be below the document root, so a picture's own folder cannot be the root.
    """
    paths = [Path(os.path.abspath(picture)) for picture in pictures]  # noqa: PTH100
    try:
        return Path(os.path.commonpath([folder.parent, *(path.parent.parent for path in paths)]))
    except ValueError:
        raise CraftliteError(f"{folder}: Label Studio serves pictures of one drive only") from None


def _with_files(records: Iterable[Record], file: Path) -> Iterator[Record]:
    """Yield the records of existing picture files; report others, which earlier runs may have."""
    for entry in records:
        if not part_of(entry) and os.path.isfile(entry["image"]):  # noqa: PTH113 (pathlib's raises)
            yield entry
        else:
            write_line(f"{entry['image']}: is not a picture file here, so {file} omits it")


def _added(old: str, new: str) -> str:
    """Return the lines of an old Label.txt, with the new lines for pictures that it lacks."""
    lines = [line for line in old.split("\n") if line]
    known = {line.partition("\t")[0] for line in lines}
    lines += [line for line in new.split("\n") if line and line.partition("\t")[0] not in known]
    return "".join(f"{line}\n" for line in lines)


def _holds_something(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _read_records(journal: Path) -> Iterator[Record]:
    """Yield the records of a journal; report and skip lines that were cut or joined to others.

    Raises:
        CraftliteError: the first line is not a record.
    """
    with journal.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith("\n"):
                return
            try:
                yield _parse_record(line)
            except (ValueError, KeyError, TypeError) as error:
                if number == 1:
                    raise CraftliteError(
                        f"{journal}: is damaged and cannot be resumed ({error}); "
                        "use --overwrite instead of --resume"
                    ) from error
                write_line(f"{journal}:{number}: is damaged; its picture is processed again")


def _parse_record(line: str) -> Record:
    entry = json.loads(line)
    image, size, found = entry["image"], (entry["width"], entry["height"]), entry["words"]
    whole: Record = {"image": image, "width": size[0], "height": size[1], "words": found}
    if "lines" in entry:
        whole["lines"] = entry["lines"]
    return {**whole, **part_of(entry)}
