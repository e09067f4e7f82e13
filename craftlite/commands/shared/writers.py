"""Writers of `craftlite detect`: to stdout, to one file per picture, or to one file per run."""

import sys
from pathlib import PurePath
from typing import Protocol

from jsonargparse import Namespace

from craftlite.errors import ConfigError
from craftlite.formats import FilePerPicture, FilePerRun, json_line, part_target, record
from craftlite.image.document import Part
from craftlite.inputs import Input
from craftlite.progress import Progress
from craftlite.words import Words

ADVICE = "add --resume to keep results and continue, or --overwrite to replace them"


class Writer(Protocol):
    """Writes results to stdout, to one file per picture, or to one file per run."""

    def has(self, name: str, target: PurePath, part: Part | None = None) -> bool: ...
    def write(
        self, name: str, target: PurePath, words: Words, part: Part | None = None
    ) -> None: ...
    def close(self) -> None: ...


def new_writer(args: Namespace) -> Writer:
    """Return the writer that --out and --format ask for; raises what FilePerRun raises."""
    lines = args.level == "line"
    if args.out is None:
        return _Stdout(lines)
    if args.format in ("json", "icdar", "labelme"):
        return FilePerPicture(args.out, args.format, polygons=args.polygons, lines=lines)
    return FilePerRun(
        args.out, args.format, resume=args.resume, overwrite=args.overwrite, lines=lines
    )


class _Stdout:
    """Prints one JSON object per line, each as soon as it is known."""

    def __init__(self, lines: bool) -> None:
        self._lines = lines

    def has(self, name: str, target: PurePath, part: Part | None = None) -> bool:
        return False

    def write(self, name: str, target: PurePath, words: Words, part: Part | None = None) -> None:
        # tqdm's own print keeps the line out of the progress bar when both share a terminal.
        Progress.write(
            json_line(record(name, words, part, with_lines=self._lines)), file=sys.stdout
        )
        sys.stdout.flush()

    def close(self) -> None:
        pass


def refuse_to_replace(args: Namespace, inputs: list[Input], writer: Writer) -> None:
    """Raise a ConfigError if the inputs, or their first pages, already have results."""
    if args.resume or args.overwrite:
        return
    firsts = (Part(), Part(page=(args.pages or (1,))[0]), Part(time=0.0))
    for item in inputs:
        if any(writer.has(item.name, part_target(item.target, part), part) for part in firsts):
            raise ConfigError(f"--out {args.out}: has a result of {item.name} already; {ADVICE}")
