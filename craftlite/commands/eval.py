"""`craftlite eval`: precision, recall and H-mean of weights, or of result files, on a dataset."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt

from craftlite.commands.options import add_thresholds, chosen_thresholds, new_parser
from craftlite.data import DATASETS, SPLITS
from craftlite.data.annotations import Dataset, problem_lines
from craftlite.data.mix import folders_of
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.errors import ConfigError, DatasetError
from craftlite.evaluate.comparison import Candidate
from craftlite.evaluate.map_cache import default_folder
from craftlite.evaluate.protocols.metric import PROTOCOLS, Metric
from craftlite.evaluate.result_files import read_results
from craftlite.evaluate.runner import ModelRunner
from craftlite.evaluate.score import Score
from craftlite.evaluate.summary import format_summary
from craftlite.evaluate.tune import search, shown, sides_around, write_tuning
from craftlite.postprocess import Thresholds
from craftlite.progress import Progress, write_line
from craftlite.weights import find_weights

MODEL_OPTIONS = (
    *("long_side", "thresholds", "text_threshold", "link_threshold", "low_text", "growth"),
    "tune",
)
NAMES_SHOWN = 5
RESULTS_HELP = (
    "Score the files in this folder or zip (res_NAME.txt, or the JSON of craftlite detect) instead "
    "of running a detector; of the dataset only the ground truth is needed, not the pictures. "
    "Repeat it to compare."
)
TUNE_HELP = (
    "Search for the best thresholds and long side on this split, which may not be the test split, "
    "and write them to the weights' card. For several datasets the mean of their H-means is "
    "maximised; the best of each alone is stored under its name, for --thresholds."
)


def parser() -> ArgumentParser:
    """The command's options."""
    result = new_parser(
        "Score weights, or existing result files, against the ground truth of a dataset: "
        "precision, recall and their harmonic mean (H-mean)."
    )
    add = result.add_argument
    names = f"Format of the data: {', '.join(DATASETS)}. Repeat it for several datasets."
    add("--dataset", action="append", type=str, required=True, metavar="NAME", help=names)
    add("--split", default="test", choices=SPLITS, help="Split to score.")
    folders = "Folder of each --dataset, in the same order; by default data/NAME."
    add("--data", action="append", type=str, default=[], metavar="DIR", help=folders)
    one = "Weights to score; by default craftlite-small. Repeat it to compare."
    add("--weights", action="append", type=str, metavar="NAME|FILE", help=one)
    add("--results", action="append", type=str, metavar="[NAME=]DIR", help=RESULTS_HELP)
    protocols = (
        f"How detections are matched with the ground truth: {', '.join(PROTOCOLS)}; by default as "
        "the dataset's competition does. Repeat it for several."
    )
    add("--protocol", action="append", type=str, metavar="NAME", help=protocols)
    report = "Folder to write a report to: report.html, report.json and report.md."
    add("--report", type=Path, metavar="DIR", help=report)
    add("--json", action="store_true", help="Print one JSON object, with ratios from 0 to 1.")
    add("--tune", action="store_true", help=TUNE_HELP)
    cache = "Folder where score maps are cached; by default ~/.cache."
    add("--cache", type=Path, metavar="DIR", help=cache)
    side = "Scale pictures so that the longer side has PIXELS; by default the weights' own."
    add("--long-side", type=PositiveInt, metavar="PIXELS", help=side)
    add_thresholds(result)
    return result


@dataclass(frozen=True)
class EvaluationSet:
    """A dataset that is scored on: its name on the screen, its layout, samples and protocols."""

    name: str
    layout: str
    dataset: Dataset
    protocols: list[str]


def run(args: Namespace) -> int:
    """Prints the scores on stdout and everything else on stderr; returns the exit code.

    Raises:
        ConfigError: an option is out of range or contradicts another.
        DatasetError: a dataset or the result files cannot be used.
        WeightsError: the weights cannot be used.
    """
    weights = args.weights or ([] if args.results else ["craftlite-small"])
    _check(args, weights)
    parts = _read_parts(args, pictures=bool(weights))
    if args.tune:
        _tune(weights[0], parts, args)
    for number, part in enumerate(parts):
        if number and not args.json:
            print()
        _score(part, weights, args, alone=len(parts) == 1)
    return 0


def _read_parts(args: Namespace, pictures: bool) -> list[EvaluationSet]:
    """The datasets, opened; two of one layout are distinguished by their folders' names."""
    folders = folders_of(args.dataset, [Path(folder) for folder in args.data])
    parts = []
    for layout, folder in zip(args.dataset, folders, strict=True):
        name = layout if args.dataset.count(layout) == 1 else f"{layout}-{folder.stem}"
        dataset = read_dataset(layout, folder, args.split, pictures=pictures)
        _warn_of(dataset, name if len(folders) > 1 else "")
        protocols = list(dict.fromkeys(args.protocol or [DATASETS[layout].protocol]))
        parts.append(EvaluationSet(name, layout, dataset, protocols))
    names = [part.name for part in parts]
    if len(set(names)) < len(names):
        raise ConfigError(f"--data: two folders are called {folders[-1].stem}; rename one")
    return parts


def _score(part: EvaluationSet, weights: list[str], args: Namespace, alone: bool) -> None:
    """Runs and judges every detector on a dataset, prints the figures and writes the report."""
    samples, protocols = part.dataset.samples, part.protocols
    named = zip(_short(weights), weights, strict=True)
    candidates = [_run_model(name, file, part, args) for name, file in named]
    candidates += [_read_results(text, part.dataset) for text in args.results or ()]
    for one in candidates:
        for protocol in protocols:
            one.score_by(samples, protocol)
    print(format_summary(candidates, protocols, part.name, args.split, as_json=args.json))
    if args.report is not None:
        from craftlite.evaluate.report.write import write_report

        folder = args.report if alone else args.report / part.name
        page = write_report(folder, part.name, args.split, samples, candidates, protocols)
        write_line(f"report: {page}")
    for one in candidates:
        if one.model is not None:
            one.model.close()


def _check(args: Namespace, weights: list[str]) -> None:
    """Refuses options that are out of range or contradict one another."""
    for name in args.dataset:
        if name not in DATASETS:
            raise ConfigError(f"--dataset {name}: known are {', '.join(DATASETS)}")
    for name in args.protocol or ():
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
    if args.results and len(args.dataset) > 1:
        raise ConfigError("--results: the files are of one dataset; give one --dataset")
    if args.report is not None and args.protocol and set(args.protocol) == {"cleval"}:
        raise ConfigError("--report needs a word-level protocol; cleval scores characters")
    names = _short(weights) + [_named(text)[0] for text in args.results or ()]
    if len(set(names)) < len(names):
        raise ConfigError(
            f"duplicate name among {', '.join(names)}; use NAME=DIR to distinguish them"
        )


def _named(text: str) -> tuple[str, Path]:
    """Name and path of NAME=DIR; a path alone is named by its last part."""
    name, equals, path = text.partition("=")
    if not equals or Path(text).exists():
        return Path(text).name or text, Path(text)
    return name, Path(path)


def _warn_of(dataset: Dataset, name: str) -> None:

    of = f"{name}: " if name else ""
    for line in problem_lines(dataset.problems):
        write_line(f"warning: {of}{line}")
    if all(word.ignore for sample in dataset.samples for word in sample.words):
        write_line(
            f"warning: {of}no word is to be found, so recall is 0 whatever is found; false finds "
            "are counted"
        )


def _open(weights: str, part: EvaluationSet, args: Namespace) -> ModelRunner:

    return ModelRunner(
        weights,
        part.layout,
        cache=args.cache or default_folder(),
        long_side=args.long_side,
        polygons=any(PROTOCOLS[name].curved for name in part.protocols),
    )


def _short(weights: list[str]) -> list[str]:
    """Names for tables: those of files without folder and suffix, where that tells them apart."""
    names = [Path(one).stem for one in weights]
    return names if len(set(names)) == len(names) else weights


def _run_model(name: str, weights: str, part: EvaluationSet, args: Namespace) -> Candidate:

    model = _open(weights, part, args)
    thresholds = chosen_thresholds(args, weights, model.thresholds)
    samples = Progress(part.dataset.samples, desc=f"{name} on {part.name}", unit="picture")
    detections = [model.detections(sample, thresholds) for sample in samples]
    return Candidate(name, model.facts(thresholds), detections, model, thresholds)


def _read_results(text: str, dataset: Dataset) -> Candidate:

    name, path = _named(text)
    results = read_results(path, {sample.name: _size(sample) for sample in dataset.samples})
    if results.missing:
        _warn("no result file, so no detections, for", results.missing)
    if results.unknown:
        _warn("not scored, as this split has no such pictures:", results.unknown)
    for line in problem_lines(results.problems):
        write_line(f"warning: {line}")
    facts = {"results": str(path), "odd": [str(problem) for problem in results.problems]}
    return Candidate(name, facts, [results.detections[s.name] for s in dataset.samples])


def _size(sample: Sample) -> tuple[int, int] | None:
    """The picture's (width, height), or None where it is not there."""
    try:
        return sample.size()
    except DatasetError:
        return None


def _tune(weights: str, parts: list[EvaluationSet], args: Namespace) -> None:
    """Searches, says what it finds, and writes it down; the evaluation after it uses that."""
    parts = _with_words(parts)
    models = [_open(weights, part, args) for part in parts]
    start = chosen_thresholds(args, weights, models[0].thresholds)
    sides = [args.long_side] if args.long_side else sides_around(models[0].detector.long_side)
    with Progress(desc="tuning", unit="combination") as bar:
        score = _scorer(parts, models, bar)
        every, own = range(len(parts)), {}
        for tuning in search(partial(_scores, score, every), start, sides):
            best = f"best so far: long side {tuning.long_side}; {shown(tuning.thresholds)}"
            write_line(f"{best}: H-mean {tuning.hmean:.4f}")
        for number in every if len(parts) > 1 else ():
            alone = partial(_scores, score, [number])
            *_, own[parts[number].name] = search(alone, tuning.thresholds, [tuning.long_side])
    where = " and ".join(
        f"{part.name} {args.split}, {len(part.dataset.samples)} pictures, by {part.protocols[0]}"
        for part in parts
    )
    files = write_tuning(find_weights(weights), tuning, f"on {where}", own)
    write_line(f"wrote {' and '.join(map(str, files))}")
    for name in MODEL_OPTIONS:
        setattr(args, name, None)


def _with_words(parts: list[EvaluationSet]) -> list[EvaluationSet]:
    """The datasets that thresholds can be chosen on; the others are named on stderr."""
    chosen = []
    for part in parts:
        if any(not word.ignore for sample in part.dataset.samples for word in sample.words):
            chosen.append(part)
        else:
            write_line(f"{part.name}: no words, so it has no say in the thresholds")
    if not chosen:
        raise ConfigError("--tune: no dataset has a word to be found")
    return chosen


def _scorer(
    parts: list[EvaluationSet], models: list[ModelRunner], bar: Progress
) -> Callable[[int, int, Thresholds], Score]:
    """What scores the part of a number with a long side and thresholds, each once."""

    @cache
    def score(number: int, side: int, levels: Thresholds) -> Score:
        part, model = parts[number], models[number].at(side)
        metric = Metric(part.protocols[0])
        for sample in part.dataset.samples:
            metric.update(sample.words, model.detections(sample, levels))
        bar.update()
        return metric.summary()

    return score


def _scores(
    score: Callable[[int, int, Thresholds], Score],
    parts: Iterable[int],
    side: int,
    levels: Thresholds,
) -> list[Score]:
    return [score(part, side, levels) for part in parts]


def _warn(what: str, names: list[str]) -> None:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    write_line(f"warning: {what} {', '.join(names[:NAMES_SHOWN])}{more}")
