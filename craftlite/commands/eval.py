"""`craftlite eval`: precision, recall and H-mean of weights, or of result files, on a dataset."""

# Everything that takes long to import waits for `run`: other commands share this parser's start.
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt

from craftlite.commands.options import add_thresholds, chosen_thresholds
from craftlite.data import DATASETS, SPLITS
from craftlite.errors import ConfigError

if TYPE_CHECKING:
    from craftlite.data.dataset import Dataset
    from craftlite.evaluate.iou import Score

    Facts = dict[str, Any]

PROTOCOLS = {"iou": "IoU above 0.5, ICDAR 2015"}
MODEL_OPTIONS = ("long_side", "text_threshold", "link_threshold", "low_text")
NAMES_SHOWN = 5
RESULTS_HELP = (
    "Score the files res_NAME.txt in this folder (or zip file) instead of running a model; "
    "needs the ground truth alone, no pictures."
)


def parser() -> ArgumentParser:
    """The command's options."""
    result = ArgumentParser(
        description="Score weights, or result files that exist, against a dataset's ground truth."
    )
    add = result.add_argument
    add("--dataset", required=True, choices=DATASETS, help="How the data is laid out.")
    add("--split", default="test", choices=SPLITS, help="Which part of it.")
    add("--data", type=Path, metavar="DIR", help="Its folder; by default data/DATASET.")
    add("--weights", default="craftlite-small", metavar="NAME|FILE", help="Which network.")
    add("--protocol", default="iou", choices=tuple(PROTOCOLS), help="How words are matched.")
    add("--results", type=Path, metavar="DIR", help=RESULTS_HELP)
    add("--json", action="store_true", help="Print one JSON object, its ratios in 0..1.")
    unset = "; by default the weights' own."
    add("--long-side", type=PositiveInt, metavar="PIXELS", help="Longest side it sees" + unset)
    add_thresholds(result)
    return result


def run(args: Namespace) -> int:
    """Prints the score on stdout and everything else on stderr; returns the exit code.

    Raises:
        ConfigError: an option is out of range or contradicts another.
        DatasetError: the dataset or the result files cannot be used.
        WeightsError: the weights cannot be used.
    """
    _refuse_model_options_with_results(args)
    from craftlite.data.dataset import problem_lines
    from craftlite.data.readers import read_dataset

    root = args.data or Path("data") / args.dataset
    dataset = read_dataset(args.dataset, root, args.split, pictures=args.results is None)
    for line in problem_lines(dataset.problems):
        print(f"warning: {line}", file=sys.stderr)
    scoring = _score_model if args.results is None else _score_results
    result, source = scoring(dataset, args)
    if args.json:
        where = {"dataset": args.dataset, "split": args.split, "protocol": args.protocol}
        print(json.dumps(result.facts() | where | source))
    else:
        print(_table(result, args, source))
    return 0


def _refuse_model_options_with_results(args: Namespace) -> None:
    if args.results is None:
        return
    given = [name for name in MODEL_OPTIONS if getattr(args, name) is not None]
    if given:
        options = ", ".join("--" + name.replace("_", "-") for name in given)
        raise ConfigError(f"{options}: of no use with --results, which runs no model")


def _score_model(dataset: Dataset, args: Namespace) -> tuple[Score, Facts]:
    from tqdm import tqdm

    from craftlite.detector import Detector
    from craftlite.evaluate.iou import score

    detector = Detector(args.weights, long_side=args.long_side)
    thresholds = chosen_thresholds(args, detector.thresholds)
    samples = tqdm(dataset.samples, desc=f"{args.dataset} {args.split}", unit="picture")
    result = score(samples, lambda pixels: detector(pixels, thresholds, polygons=False))
    return result, {
        "weights": str(args.weights),
        "long_side": detector.long_side,
        "text_threshold": thresholds.text,
        "link_threshold": thresholds.link,
        "low_text": thresholds.low,
    }


def _score_results(dataset: Dataset, args: Namespace) -> tuple[Score, Facts]:
    from craftlite.evaluate.iou import IoU
    from craftlite.evaluate.results import read_results

    results = read_results(args.results, [sample.name for sample in dataset.samples])
    if results.missing:
        _warn("no result file, so no detections, for", results.missing)
    if results.unknown:
        _warn("not scored, as this split has no such pictures:", results.unknown)
    metric = IoU()
    for sample in dataset.samples:
        metric.update(sample.words, results.polygons[sample.name])
    return metric.summary(), {"results": str(args.results)}


def _warn(what: str, names: list[str]) -> None:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    print(f"warning: {what} {', '.join(names[:NAMES_SHOWN])}{more}", file=sys.stderr)


def _table(result: Score, args: Namespace, source: Facts) -> str:
    whole = "" if "results" in source else ", quads rounded to whole pixels"
    rows: Facts = {
        "dataset": f"{args.dataset} {args.split}, {result.pictures} pictures",
        "protocol": PROTOCOLS[args.protocol] + whole,
        **{name.replace("_", " "): value for name, value in source.items()},
        "words": f"{result.truths}, don't-care words left out",
        "detections": f"{result.detections}, those in don't-care regions left out",
        "matched": result.matched,
        "repaired": f"{result.repaired} detections that crossed themselves or had no area",
        "precision": f"{result.precision:.2%}",
        "recall": f"{result.recall:.2%}",
        "H-mean": f"{result.hmean:.2%}",
    }
    return "\n".join(f"{name:<15} {value}" for name, value in rows.items())
