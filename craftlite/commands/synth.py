"""`craftlite synth`: pictures with text whose characters are known, written to a folder."""

# Everything that takes long to import waits for `run`: other commands share this parser's start.
from __future__ import annotations

import os
import sys
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import ClosedUnitInterval, NonNegativeInt, PositiveInt

from craftlite.commands.options import parse_size
from craftlite.errors import ConfigError

LEAST_SIDE = 64


def parser() -> ArgumentParser:
    """The command's options."""
    result = ArgumentParser(
        description="Make pictures with text whose characters are known; needs craftlite[synth]."
    )
    add = result.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="Where they go.")
    add("--count", type=PositiveInt, required=True, metavar="N", help="How many.")
    add("--seed", type=NonNegativeInt, default=0, metavar="S", help="Of every random choice.")
    add("--size", type=str, default="640x640", metavar="WIDTHxHEIGHT", help="In pixels.")
    add("--fonts", type=Path, metavar="DIR", help="Font files; by default the system's.")
    add("--backgrounds", type=Path, metavar="DIR", help="Photographs; by default, made grounds.")
    scenes = (
        "Photographs with text, for half of the pictures: their words stay, and nothing is written "
        "over them. Repeat it for more."
    )
    add("--dataset", action="append", type=str, default=[], metavar="NAME", help=scenes)
    folders = "Folder of each --dataset, in their order; by default data/NAME."
    add("--data", action="append", type=str, default=[], metavar="DIR", help=folders)
    add("--words", type=Path, metavar="FILE", help="A word a line; by default, made up.")
    scripts = "Such as latin greek hangul, each as often; by default all, mostly Latin."
    add("--scripts", nargs="+", type=str, default=[], metavar="NAME", help=scripts)
    words = "Words that a picture of 640x640 mostly has, larger ones more; 24 are crowded."
    add("--typical-words", type=PositiveInt, default=12, metavar="N", help=words)
    pages = "Share of the pictures, 0..1, that are pages or screens full of text; by default 0.12."
    add("--pages", type=ClosedUnitInterval, metavar="SHARE", help=pages)
    add("--workers", type=PositiveInt, metavar="N", help="Processes; by default one a core.")
    add("--resume", action="store_true", help="Go on with the interrupted run in --out.")
    return result


def run(args: Namespace) -> int:
    """Writes the pictures; 0 when all are there.

    Raises:
        ConfigError: an option is out of range, or the folder is taken.
        DatasetError: fonts, photographs or the word list cannot be used.
    """
    size = parse_size(args.size)
    if min(size) < LEAST_SIDE:
        raise ConfigError(f"--size {args.size}: both sides must have {LEAST_SIDE} pixels or more")
    from craftlite.synth.generator import PAGES, Generator
    from craftlite.synth.scene import find_scenes
    from craftlite.synth.write import write_dataset

    generator = Generator.from_folders(
        *(args.backgrounds, args.fonts, args.words),
        scripts=args.scripts,
        size=size,
        seed=args.seed,
        typical_words=args.typical_words,
        pages=PAGES if args.pages is None else args.pages,
        scenes=find_scenes(args.dataset, [Path(folder) for folder in args.data]),
    )
    workers = args.workers or os.cpu_count() or 1
    try:
        totals = write_dataset(generator, args.out, args.count, workers=workers, resume=args.resume)
    except KeyboardInterrupt:
        print(f"stopped; --resume goes on with what is in {args.out}", file=sys.stderr)
        raise
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in totals.items())
    print(f"{args.out}: {counts}", file=sys.stderr)
    return 0
