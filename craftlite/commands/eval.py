"""`craftlite eval`: precision, recall and H-mean of weights, or of result files, on a dataset."""

# Everything that takes long to import waits for `run`: other commands share this parser's start.
from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt

from craftlite.commands.options import add_thresholds, chosen_thresholds
from craftlite.data import DATASETS, SPLITS
from craftlite.errors import ConfigError
from craftlite.evaluate import PROTOCOLS, own_protocol

if TYPE_CHECKING:
    from craftlite.data.dataset import Dataset
    from craftlite.data.sample import Sample
    from craftlite.evaluate.contest import Contestant
    from craftlite.evaluate.model import Model

MODEL_OPTIONS = ("long_side", "text_threshold", "link_threshold", "low_text", "tune")
NAMES_SHOWN = 5
RESULTS_HELP = (
    "score the files in this folder or zip (res_NAME.txt, or the JSON of craftlite detect) instead "
    "of running a model; needs the ground truth alone, no pictures; repeat it to compare"
)
TUNE_HELP = (
    "search the thresholds and the long side on this split, which may not be the test split, and "
    "write them into the weights' card"
)


def parser() -> ArgumentParser:
    """The command's options."""
    result = ArgumentParser(
        description="Score weights, or result files that exist, against a dataset's ground truth."
    )
    add = result.add_argument
    add("--dataset", required=True, choices=DATASETS, help="how the data is laid out")
    add("--split", default="test", choices=SPLITS, help="which part of it")
    add("--data", type=Path, metavar="DIR", help="its folder; by default data/DATASET")
    one = "weights to run; repeat it to compare; by default craftlite-small"
    add("--weights", action="append", type=str, metavar="NAME|FILE", help=one)
    add("--results", action="append", type=str, metavar="[NAME=]DIR", help=RESULTS_HELP)
    protocols = f"{', '.join(PROTOCOLS)}; repeat it for several; by default the dataset's own"
    add("--protocol", action="append", type=str, metavar="NAME", help=protocols)
    add("--report", type=Path, metavar="DIR", help="write report.html, .json and .md there")
    add("--json", action="store_true", help="print one JSON object, its ratios in 0..1")
    add("--tune", action="store_true", help=TUNE_HELP)
    add("--cache", type=Path, metavar="DIR", help="where maps are kept; by default ~/.cache")
    unset = "; by default the weights' own"
    add("--long-side", type=PositiveInt, metavar="PIXELS", help="longest side it sees" + unset)
    add_thresholds(result)
    return result


def run(args: Namespace) -> int:
    """Prints the scores on stdout and everything else on stderr; returns the exit code.

    Raises:
        ConfigError: an option is out of range or contradicts another.
        DatasetError: the dataset or the result files cannot be used.
        WeightsError: the weights cannot be used.
    """
    args.protocol = protocols = list(dict.fromkeys(args.protocol or [own_protocol(args.dataset)]))
    weights = args.weights or ([] if args.results else ["craftlite-small"])
    _check(args, protocols, weights)
    from craftlite.data.readers import read_dataset
    from craftlite.evaluate.tell import told

    root = args.data or Path("data") / args.dataset
    dataset = read_dataset(args.dataset, root, args.split, pictures=bool(weights))
    _warn_of(dataset)
    if args.tune:
        _tune(weights[0], dataset, protocols[0], args)
    named = zip(_short(weights), weights, strict=True)
    contestants = [_run_model(name, file, dataset, args) for name, file in named]
    contestants += [_read_results(text, dataset) for text in args.results or ()]
    for one in contestants:
        for protocol in protocols:
            one.judge(dataset.samples, protocol)
    print(told(contestants, protocols, args.dataset, args.split, as_json=args.json))
    if args.report is not None:
        from craftlite.evaluate.report.write import write_report

        data = args.dataset, args.split, dataset.samples
        page = write_report(args.report, *data, contestants, protocols)
        print(f"report: {page}", file=sys.stderr)
    for one in contestants:
        if one.model is not None:
            one.model.close()
    return 0


def _check(args: Namespace, protocols: list[str], weights: list[str]) -> None:
    """Refuses options that are out of range or contradict one another."""
    for name in protocols:
        if name not in PROTOCOLS:
            raise ConfigError(f"--protocol {name}: known are {', '.join(PROTOCOLS)}")
    # A threshold of 0 is given too.
    given = [name for name in MODEL_OPTIONS if args[name] is not None and args[name] is not False]
    if given and not weights:
        options = ", ".join("--" + name.replace("_", "-") for name in given)
        raise ConfigError(f"{options}: of no use with --results, which runs no model")
    if args.tune and args.split == "test":
        raise ConfigError(
            "--tune: thresholds are not chosen on the test split; add --split val, or --split train"
        )
    if args.tune and (len(weights) > 1 or args.results):
        raise ConfigError("--tune: one set of weights at a time, and no --results")
    if args.report is not None and protocols == ["cleval"]:
        raise ConfigError("--report: cleval tells no words apart; add another --protocol")
    names = _short(weights) + [_named(text)[0] for text in args.results or ()]
    if len(set(names)) < len(names):
        raise ConfigError(f"{', '.join(names)}: two have one name; tell them apart by NAME=DIR")


def _named(text: str) -> tuple[str, Path]:
    """Name and path of NAME=DIR; a path alone is named by its last part."""
    name, equals, path = text.partition("=")
    if not equals or Path(text).exists():
        return Path(text).name or text, Path(text)
    return name, Path(path)


def _warn_of(dataset: Dataset) -> None:
    from craftlite.data.dataset import problem_lines

    for line in problem_lines(dataset.problems):
        print(f"warning: {line}", file=sys.stderr)
    if all(word.ignore for sample in dataset.samples for word in sample.words):
        print("warning: no word is to be found, so recall is 0 whatever is found", file=sys.stderr)


def _open(weights: str, args: Namespace) -> Model:
    from craftlite.evaluate.maps import default_folder
    from craftlite.evaluate.model import Model
    from craftlite.evaluate.protocols import BY_NAME

    return Model(
        weights,
        args.dataset,
        cache=args.cache or default_folder(),
        long_side=args.long_side,
        polygons=any(BY_NAME[name].curved for name in args.protocol),
    )


def _short(weights: list[str]) -> list[str]:
    """Names for tables: those of files without folder and suffix, where that tells them apart."""
    names = [Path(one).stem for one in weights]
    return names if len(set(names)) == len(names) else weights


def _run_model(name: str, weights: str, dataset: Dataset, args: Namespace) -> Contestant:
    from tqdm import tqdm

    from craftlite.evaluate.contest import Contestant

    model = _open(weights, args)
    thresholds = chosen_thresholds(args, model.thresholds)
    samples = tqdm(dataset.samples, desc=f"{name} on {args.dataset}", unit="picture")
    detections = [model.detections(sample, thresholds) for sample in samples]
    return Contestant(name, model.facts(thresholds), detections, model, thresholds)


def _read_results(text: str, dataset: Dataset) -> Contestant:
    from craftlite.data.dataset import problem_lines
    from craftlite.evaluate.contest import Contestant
    from craftlite.evaluate.results import read_results

    name, path = _named(text)
    results = read_results(path, {sample.name: _size(sample) for sample in dataset.samples})
    if results.missing:
        _warn("no result file, so no detections, for", results.missing)
    if results.unknown:
        _warn("not scored, as this split has no such pictures:", results.unknown)
    for line in problem_lines(results.problems):
        print(f"warning: {line}", file=sys.stderr)
    facts = {"results": str(path), "odd": [str(problem) for problem in results.problems]}
    return Contestant(name, facts, [results.detections[s.name] for s in dataset.samples])


def _size(sample: Sample) -> tuple[int, int] | None:
    """The picture's (width, height), or None where it is not there."""
    from craftlite.errors import DatasetError

    try:
        return sample.size()
    except DatasetError:
        return None


def _tune(weights: str, dataset: Dataset, protocol: str, args: Namespace) -> None:
    """Searches, says what it finds, and writes it down; the evaluation after it uses that."""
    from dataclasses import astuple

    from tqdm import tqdm

    from craftlite.evaluate.protocols import Metric
    from craftlite.evaluate.score import Score
    from craftlite.evaluate.tune import search, sides_around, write_tuning
    from craftlite.postprocess import Thresholds
    from craftlite.weights import find_weights

    model, bar = _open(weights, args), tqdm(desc="tuning", unit="combination")

    def trial(side: int, levels: Thresholds) -> Score:
        metric, resized = Metric(protocol), model.at(side)
        for sample in dataset.samples:
            metric.update(sample.words, resized.detections(sample, levels))
        bar.update()
        return metric.summary()

    sides = [args.long_side] if args.long_side else sides_around(model.detector.long_side)
    for tuning in search(trial, chosen_thresholds(args, model.thresholds), sides):
        levels = ", ".join(f"{level:g}" for level in astuple(tuning.thresholds))
        best = f"best so far: long side {tuning.long_side}; text, link, low {levels}"
        bar.write(f"{best}: H-mean {tuning.score.hmean:.4f}", file=sys.stderr)
    bar.close()
    pictures = f"{len(dataset.samples)} pictures"
    where = f"on {args.dataset} {args.split}, {pictures}, by {protocol}"
    files = write_tuning(find_weights(weights), tuning, where)
    print(f"written: {', '.join(map(str, files))}", file=sys.stderr)
    for name in MODEL_OPTIONS:
        setattr(args, name, None)


def _warn(what: str, names: list[str]) -> None:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    print(f"warning: {what} {', '.join(names[:NAMES_SHOWN])}{more}", file=sys.stderr)
