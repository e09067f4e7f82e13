"""`craftlite convert`: convert a dataset from one format into another."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import restricted_number_type

from craftlite.commands.shared.options import new_parser
from craftlite.data import AUTO, DATASETS
from craftlite.data.annotations import problem_lines
from craftlite.data.layout import name_layouts
from craftlite.data.records import losses, read_splits, record_of, validation_names
from craftlite.errors import ConfigError, DatasetError
from craftlite.files import write_whole, written_whole
from craftlite.formats.layouts import LACKS, files_of
from craftlite.formats.record import Record
from craftlite.progress import Progress, write_line

Share = restricted_number_type("Share", float, [(">=", 0), ("<=", 0.5)])


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser(
        "Convert a dataset from one format into another. The source is never changed; information "
        "that the new format cannot hold is counted and reported."
    )
    add = result.add_argument
    pair: dict[str, Any] = {"nargs": 2, "type": str, "required": True, "metavar": ("FORMAT", "DIR")}
    known = (
        f"Format and folder of the dataset: {', '.join(DATASETS)}, or {AUTO} to recognise one of "
        "these by the folder's contents. All its splits are read."
    )
    add("--from", dest="source", help=known, **pair)
    written = (
        f"Format and folder to write: {', '.join(LACKS)}. For quads, voc and yolo the pictures are "
        "copied (as hard links where possible); the others refer to them by relative paths."
    )
    add("--to", dest="target", help=written, **pair)
    share = (
        "Fraction of the pictures, 0 to 0.5, to put into the split val if the source names no "
        "splits: at least one picture, and the same pictures on every run."
    )
    add("--val", type=Share, default=0.0, metavar="SHARE", help=share)
    replaced = "Write to a folder that is not empty, and replace files of the same name in it."
    add("--overwrite", action="store_true", help=replaced)
    return result


def run(args: Namespace) -> int:
    """Write the dataset; return the exit code, 0, or 1 if a picture could not be read.

    Raises:
        ConfigError: a format is unknown, or the folder must not be written to.
        DatasetError: the source cannot be used.
        CraftliteError: a file cannot be written.
    """
    (source_form, source), (form, target) = args.source, args.target
    for option, name, known in (("from", source_form, (*DATASETS, AUTO)), ("to", form, LACKS)):
        if name not in known:
            raise ConfigError(f"--{option} {name}: unknown; use one of {', '.join(known)}")
    out = Path(target)
    _check_target(Path(source), out, args.overwrite)
    [source_form] = name_layouts([source_form], [source])
    records, failed = _records(source_form, Path(source), args.val)
    for line in losses(records, form, LACKS[form]):
        write_line(line)
    _write(form, out, records)
    words = sum(len(entry["words"]) for entry in records)
    write_line(f"wrote {len(records)} pictures with {words} words as {form} to {out}")
    return 1 if failed else 0


def _check_target(source: Path, out: Path, overwrite: bool) -> None:
    """Raise a ConfigError if the folder is not empty or the source's files could be replaced."""
    there, here = out.resolve(), source.resolve()
    if there == here or there in here.parents:
        raise ConfigError(f"--to {out}: the folder contains the source; choose another folder")
    if not out.exists():
        return
    if not out.is_dir():
        raise ConfigError(f"--to {out}: is not a folder")
    if any(out.iterdir()):
        if here in there.parents:
            raise ConfigError(
                f"--to {out}: is inside the source and is not empty; choose another folder"
            )
        if not overwrite:
            raise ConfigError(f"--to {out}: is not empty; add --overwrite to write there")


def _records(form: str, root: Path, share: float) -> tuple[list[Record], int]:
    """Return the records of all splits and the number of unreadable pictures, which it reports."""
    samples, problems = read_splits(form, root)
    for line in problem_lines(problems):
        write_line(f"warning: {line}")
    if share and "" in samples:
        whole = samples.pop("")
        chosen = validation_names((sample.name for sample in whole), share)
        samples["train"] = [sample for sample in whole if sample.name not in chosen]
        samples["val"] = [sample for sample in whole if sample.name in chosen]
    elif share:
        write_line(f"--val: ignored, because {root} already has splits: {', '.join(samples)}")
    records, failed = [], 0
    placed = [(split, sample) for split, some in samples.items() for sample in some]
    progress = Progress(placed, unit="picture")
    for split, sample in progress:
        try:
            records.append(record_of(sample, split))
        except DatasetError as error:
            write_line(f"craftlite: {error}")
            failed += 1
    progress.write_summary(len(records), failed=failed)
    if not records:
        raise DatasetError(f"{root}: holds no picture that can be read")
    return records, failed


def _write(form: str, out: Path, records: list[Record]) -> None:
    """Write all files, and report files in the folder that are not from this conversion."""
    pictures = {Path(entry["image"]).resolve() for entry in records}
    written = set()
    for path, content in Progress(files_of(form, out, records), unit="file"):
        if path.resolve() in pictures:
            raise ConfigError(
                f"--to {out}: {path} is a picture of the source; choose another folder"
            )
        if isinstance(content, Path):
            _copy(content, path)
        else:
            write_whole(path, content, durable=False)
        written.add(path)
    others = [
        p
        for p in out.rglob("*")
        if p.is_file() and p not in written and p.resolve() not in pictures
    ]
    if others:
        write_line(f"warning: {out} contains {len(others)} other files, such as {others[0]}")


def _copy(picture: Path, target: Path) -> None:
    """Link `target` to the picture, or copy it if a hard link is impossible."""
    with written_whole(target, durable=False) as unfinished:
        with suppress(OSError):
            os.link(picture.resolve(), unfinished)
            return
        shutil.copyfile(picture, unfinished)
