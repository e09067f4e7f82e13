"""`craftlite inspect`: what a dataset contains, its problems, and the maps training would use."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import NonNegativeInt, PositiveInt

from craftlite.commands.shared.options import new_parser
from craftlite.data import AUTO, DATASETS, SPLITS, SYNTH
from craftlite.data.annotations import Problem
from craftlite.data.layout import name_layouts
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.detector import open_runtime
from craftlite.errors import ConfigError
from craftlite.files import write_whole
from craftlite.inspection.report import REPORT, Finder, Inspection, earlier_files, format_report
from craftlite.progress import write_line
from craftlite.weights import find_weights


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser(
        "Count what a dataset contains, list its problems, and draw some of its pictures "
        "with their words and with the score maps that training derives from them."
    )
    add = result.add_argument
    names = (*DATASETS, AUTO, SYNTH)
    formats = (
        f"Format of the data: {', '.join(DATASETS)}, {AUTO} (recognise one of these by the "
        f"folder's contents) or {SYNTH} (pictures generated on the fly)."
    )
    add("--dataset", required=True, choices=names, metavar="NAME", help=formats)
    add("--split", default="train", choices=SPLITS, help="Split to inspect.")
    add("--data", type=Path, metavar="DIR", help="Folder of the data; by default data/NAME.")
    drawn = "Folder to write drawings and counts to; without it, counts are only printed."
    add("--out", type=Path, metavar="DIR", help=drawn)
    add(
        "--count",
        type=PositiveInt,
        default=12,
        metavar="N",
        help="Number of pictures to draw; with synth, also the number to generate.",
    )
    add(
        "--seed",
        type=NonNegativeInt,
        default=0,
        metavar="S",
        help="Random seed for choosing pictures.",
    )
    found = "Weights of a detector whose characters are drawn too. Needs --out."
    add("--weights", metavar="NAME|FILE", help=found)
    add("--json", action="store_true", help="Print one JSON object, with every problem.")
    return result


def run(args: Namespace) -> int:
    """Print the counts; return 0, or 1 if a picture or a line of ground truth cannot be read.

    Raises:
        ConfigError: --out holds files of another origin, or cannot be written to; or --weights
            is given without --out.
        DatasetError: the dataset is missing.
        WeightsError: the weights cannot be used.
    """
    if args.weights is not None and args.out is None:
        raise ConfigError("--weights needs --out DIR")
    [args.dataset] = name_layouts([args.dataset], [] if args.data is None else [args.data])
    finder = _open_finder(args.weights)
    earlier = [] if args.out is None else earlier_files(args.out)

    inspection = Inspection(*_open(args))
    for path in earlier:
        path.unlink()
    try:
        if args.out is not None:
            inspection.draw(args.out, args.count, args.seed, finder)
    finally:
        # Written even when interrupted: the next inspection reads it to know which files it may
        # delete.
        split = None if args.dataset == SYNTH else args.split
        report = {"dataset": args.dataset, "split": split, **inspection.facts()}
        if args.out is not None:
            write_whole(args.out / REPORT, json.dumps(report, indent=1) + "\n")
    print(json.dumps(report) if args.json else format_report(report))
    unreadable = inspection.unreadable()
    for problem in unreadable:
        write_line(f"craftlite inspect: {problem}")
    return 1 if unreadable else 0


def _open(args: Namespace) -> tuple[Sequence[Sample], Sequence[Problem]]:
    """Return the samples and the problems of their ground truth."""
    if args.dataset != SYNTH:
        root = args.data or Path("data") / args.dataset
        dataset = read_dataset(args.dataset, root, args.split, strict=False)
        return dataset.samples, dataset.problems

    from craftlite.data.sources import open_source

    source = open_source(SYNTH, args.data)
    return [source.draw(np.random.default_rng((args.seed, k))) for k in range(args.count)], []


def _open_finder(weights: str | None) -> Finder:
    """Return a function that adds the characters a network finds to a sample.

    Without weights, it returns the sample unchanged.
    """
    if weights is None:
        return lambda sample: sample
    from craftlite.pseudo.labels import relabel

    runtime = open_runtime(find_weights(weights), None, "auto", None)
    return lambda sample: relabel([sample], runtime)[0]
