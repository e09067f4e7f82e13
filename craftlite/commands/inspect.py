"""`craftlite inspect`: what a dataset holds, what is odd in it, and what training makes of it."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import NonNegativeInt, PositiveInt
from tqdm import tqdm

from craftlite.commands.options import new_parser
from craftlite.data import DATASETS, SPLITS, SYNTH
from craftlite.data.annotations import UNREADABLE, Problem, count_problems
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.detector import open_runtime
from craftlite.draw import write_picture
from craftlite.errors import ConfigError, DatasetError
from craftlite.files import write_whole
from craftlite.inspection.panel import contact_sheet, draw_panel, thumbnail
from craftlite.inspection.statistics import Census
from craftlite.weights import find_weights

Facts = dict[str, Any]
Finder = Callable[[Sample], Sample]

REPORT, SHEET = "inspect.json", "sheet.jpg"
PROBLEMS_SHOWN = 10
BAR = 40  # characters of the longest bar
UNSHARED = ("pictures", "words", "characters")  # counts that are no share of another
QUALITY = 90  # of the JPEG files


def parser() -> ArgumentParser:
    """The command's options."""
    result = new_parser(
        "Count what a dataset holds, list what is odd in it, and draw some of its "
        "pictures with their words and the maps that training makes of them."
    )
    add = result.add_argument
    add("--dataset", required=True, choices=(*DATASETS, SYNTH), help="format of the data")
    add("--split", default="train", choices=SPLITS, help="split to inspect")
    add("--data", type=Path, metavar="DIR", help="its folder; by default data/DATASET")
    add("--out", type=Path, metavar="DIR", help="folder to write panels and counts to")
    add(
        "--count",
        type=PositiveInt,
        default=12,
        metavar="N",
        help="number of panels (with synth: of pictures)",
    )
    add(
        "--seed",
        type=NonNegativeInt,
        default=0,
        metavar="S",
        help="random seed for choosing pictures",
    )
    add("--weights", metavar="NAME|FILE", help="weights whose characters are drawn too")
    add("--json", action="store_true", help="print one JSON object with every problem")
    return result


def run(args: Namespace) -> int:
    """Prints the counts; 0, or 1 where a picture or a line of ground truth cannot be read.

    Raises:
        ConfigError: --out holds files of another origin, or cannot be written to; or it is not
            there and --weights has nothing to draw.
        DatasetError: the dataset is missing.
        WeightsError: the weights cannot be used.
    """
    if args.weights is not None and args.out is None:
        raise ConfigError("--weights needs --out DIR")
    finder = _open_finder(args.weights)
    earlier = [] if args.out is None else _earlier(args.out)

    samples, problems = _open(args)
    facts, order = _count(samples, problems, args.seed)
    for path in earlier:
        path.unlink()
    panels: list[str] = []
    try:
        if args.out is not None:
            _draw(samples, problems, order, panels, finder, args)
    finally:
        # Written even when interrupted: it tells the next inspection which files may go.
        report = _report(args, facts, problems, panels)
    print(json.dumps(report) if args.json else _table(report))
    unreadable = [problem for problem in problems if problem.what == UNREADABLE]
    for problem in unreadable:
        print(f"craftlite inspect: {problem}", file=sys.stderr)
    return 1 if unreadable else 0


def _earlier(out: Path) -> list[Path]:
    """The files of the last inspection in the folder, which must hold nothing else."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        there = {path.name: path for path in out.iterdir()}
        ours: set[str] = set()
        if REPORT in there:
            ours = {REPORT, SHEET, *json.loads(there[REPORT].read_text("utf-8"))["panels"]}
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written to ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"--out {out}: {REPORT} is not a report of craftlite inspect; choose an empty folder"
        ) from error
    strangers = sorted(there.keys() - ours)
    if strangers:
        raise ConfigError(
            f"--out {out}: contains {strangers[0]}, which craftlite inspect did not write; "
            "choose an empty folder"
        )
    return list(there.values())


def _open(args: Namespace) -> tuple[Sequence[Sample], list[Problem]]:
    """The samples, and what is odd in their ground truth."""
    if args.dataset != SYNTH:
        root = args.data or Path("data") / args.dataset
        dataset = read_dataset(args.dataset, root, args.split, strict=False)
        return dataset.samples, list(dataset.problems)

    from craftlite.data.sources import open_source

    source = open_source(SYNTH, args.data)
    return [source.draw(np.random.default_rng((args.seed, k))) for k in range(args.count)], []


def _open_finder(weights: str | None) -> Finder:
    """What gives a sample the characters that a network finds; without weights, nothing does."""
    if weights is None:
        return lambda sample: sample
    from craftlite.pseudo.labels import relabel

    runtime = open_runtime(find_weights(weights), None, "auto", None)
    return lambda sample: relabel([sample], runtime)[0]


def _count(
    samples: Sequence[Sample], problems: list[Problem], seed: int
) -> tuple[Facts, list[int]]:
    """What there is, and the samples in the order in which they are worth drawing.

    Pictures that cannot be opened are added to the problems.
    """
    census, empty = Census(), np.zeros(len(samples), bool)
    for index, sample in enumerate(tqdm(samples, unit="picture", disable=None)):
        empty[index] = all(word.ignore for word in sample.words)
        try:
            census.add(sample)
        except DatasetError as error:
            problems.append(Problem(str(sample.picture), UNREADABLE, str(error.__cause__)))
    order = np.random.default_rng(seed).permutation(len(samples))
    return census.facts(), sorted(order.tolist(), key=lambda index: bool(empty[index]))


def _draw(
    samples: Sequence[Sample],
    problems: list[Problem],
    order: Sequence[int],
    panels: list[str],
    finder: Finder,
    args: Namespace,
) -> None:
    """Writes the first pictures of `order` that can be read; adds their files to `panels`."""
    known = {problem.where for problem in problems if problem.what == UNREADABLE}
    small = []
    with tqdm(total=min(args.count, len(order)), unit="panel", disable=None) as progress:
        for sample in (samples[index] for index in order):
            if len(panels) == args.count:
                break
            try:
                pixels = sample.pixels()
            except DatasetError as error:
                if str(sample.picture) not in known:
                    problems.append(Problem(str(sample.picture), UNREADABLE, str(error)))
                continue
            words = finder(replace(sample, picture=pixels)).words
            pairs = enumerate(zip(words, sample.words, strict=True))
            found = [place for place, (word, before) in pairs if word is not before]
            panel = draw_panel(sample.name, pixels, words, found)
            panels.append(_file_name(sample.name, panels))
            write_picture(args.out / panels[-1], panel, QUALITY)
            small.append(thumbnail(panel))
            progress.update()
    if small:
        write_picture(args.out / SHEET, contact_sheet(small), QUALITY)


def _file_name(name: str, taken: Sequence[str]) -> str:
    """A file of the folder itself, whatever folders the name has, and none that is there."""
    stem = name.replace("/", "_").replace("\\", "_")
    while f"{stem}.jpg" in (SHEET, *taken):
        stem += "_"
    return f"{stem}.jpg"


def _report(
    args: Namespace, facts: Facts, problems: Sequence[Problem], panels: Sequence[str]
) -> Facts:
    """Everything as one JSON object, which --out gets too."""
    where = {"dataset": args.dataset, "split": None if args.dataset == SYNTH else args.split}
    listed = {
        "problem_counts": count_problems(problems),
        "problems": [problem._asdict() for problem in problems],
    }
    report = {**where, **facts, **listed, "panels": list(panels)}
    if args.out is not None:
        write_whole(args.out / REPORT, json.dumps(report, indent=1) + "\n")
    return report


def _table(report: Facts) -> str:
    """The report as lines to read, with the first of its problems."""
    counts, heights, bars = report["counts"], report["heights"], report["histogram"]
    title = report["dataset"] + (f" {report['split']}" if report["split"] else "")
    lines = [f"{title}\n"]
    for name, count in counts.items():
        whole = "pictures" if name.startswith("picture") else "words"
        share = f"{count / counts[whole]:8.1%}" if counts[whole] and name not in UNSHARED else ""
        lines.append(f"{name:<24}{count:>9}{share}")
    sizes = (f"{name} {width} x {height}" for name, (width, height) in report["sizes"].items())
    lines.append(f"\npicture sizes: {', '.join(sizes)}")
    shares = (f"{height:g} at {share} %" for share, height in heights.items())
    lines.append(f"\nheights of the legible words in pixels: {', '.join(shares)}")
    longest = max(*bars.values(), 1)
    for limits, count in bars.items():
        lines.append(f"{limits:>10}{count:>9}  {'#' * round(BAR * count / longest)}".rstrip())
    lines.append(f"\nproblems: {len(report['problems'])}")
    lines += [f"{count:>9}  {what}" for what, count in report["problem_counts"].items()]
    first = report["problems"][:PROBLEMS_SHOWN]
    lines += [f"  {problem['where']}: {problem['what']}: {problem['found']}" for problem in first]
    hidden = len(report["problems"]) - PROBLEMS_SHOWN
    return "\n".join([*lines, f"  and {hidden} more; --json has them all"] if hidden > 0 else lines)
