"""`craftlite synth`: generate pictures with text and their ground truth, characters included."""

import os
from dataclasses import replace
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import ClosedUnitInterval, NonNegativeInt, PositiveInt

from craftlite.commands.shared.options import new_parser, parse_size
from craftlite.errors import ConfigError
from craftlite.progress import write_line

LEAST_SIDE = 64


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser(
        "Generate pictures with text, and their ground truth: words and characters with their "
        "positions. Needs craftlite[synth]."
    )
    add = result.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="Folder to write to.")
    add("--count", type=PositiveInt, required=True, metavar="N", help="Number of pictures.")
    add("--seed", type=NonNegativeInt, default=0, metavar="S", help="Random seed.")
    size = "Size of the pictures in pixels."
    add("--size", type=str, default="640x640", metavar="WIDTHxHEIGHT", help=size)
    fonts = "Folder of font files; by default the system's fonts are used."
    add("--fonts", type=Path, metavar="DIR", help=fonts)
    photographs = "Folder of photographs to write on; by default backgrounds are generated."
    add("--backgrounds", type=Path, metavar="DIR", help=photographs)
    scenes = (
        "Dataset whose photographs are the background of half the pictures. Words already in "
        "them stay in the ground truth, and nothing is written over them. May be repeated."
    )
    add("--dataset", action="append", type=str, default=[], metavar="NAME", help=scenes)
    folders = "Folder of each --dataset, in the same order; by default data/NAME."
    add("--data", action="append", type=str, default=[], metavar="DIR", help=folders)
    words = "Text file with one word per line; by default words are made up."
    add("--words", type=Path, metavar="FILE", help=words)
    scripts = (
        "Scripts to write, such as latin greek hangul, all equally often; by default every script, "
        "with Latin the most frequent."
    )
    add("--scripts", nargs="+", type=str, default=[], metavar="NAME", help=scripts)
    typical = "Typical number of words per 640x640 pixels; 24 is crowded."
    add("--typical-words", type=PositiveInt, default=12, metavar="N", help=typical)
    pages = "Fraction of the pictures, 0 to 1, that are pages or screens full of text."
    add("--pages", type=ClosedUnitInterval, default=0.12, metavar="SHARE", help=pages)
    workers = "Number of processes that generate pictures; by default one for each core."
    add("--workers", type=PositiveInt, metavar="N", help=workers)
    add("--resume", action="store_true", help="Continue the interrupted run in --out.")
    return result


def run(args: Namespace) -> int:
    """Write the pictures; return 0 once all are written.

    Raises:
        ConfigError: an option is out of range, or the folder holds other files.
        DatasetError: fonts, photographs or the word list cannot be used.
    """
    size = parse_size(args.size)
    if min(size) < LEAST_SIDE:
        raise ConfigError(f"--size {args.size}: both sides must be at least {LEAST_SIDE} pixels")
    from craftlite.synth.generator import Generator
    from craftlite.synth.writer import write_dataset

    generator = replace(
        Generator.from_folders(
            args.backgrounds,
            args.fonts,
            args.words,
            args.scripts,
            args.dataset,
            [Path(folder) for folder in args.data],
        ),
        size=size,
        seed=args.seed,
        typical_words=args.typical_words,
        pages=args.pages,
    )
    workers = args.workers or os.cpu_count() or 1
    try:
        totals = write_dataset(generator, args.out, args.count, workers=workers, resume=args.resume)
    except KeyboardInterrupt:
        write_line(f"interrupted; continue the run in {args.out} with --resume")
        raise
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in totals.items())
    write_line(f"{args.out}: {counts}")
    return 0
