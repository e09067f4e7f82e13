"""`craftlite eval`: score weights or result files on a dataset by precision, recall and H-mean."""

from pathlib import Path

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt

from craftlite.calibration import Calibration
from craftlite.commands.shared.options import add_thresholds, chosen_thresholds, new_parser
from craftlite.data import AUTO, DATASETS, SPLITS
from craftlite.data.annotations import problem_lines
from craftlite.data.layout import name_layouts
from craftlite.data.mix import folders_of
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.detector import default_weights
from craftlite.errors import ConfigError, DatasetError
from craftlite.evaluate.calibrate import Pair, fit_calibration
from craftlite.evaluate.comparison import Candidate, EvaluationSet
from craftlite.evaluate.lines import line_note
from craftlite.evaluate.map_cache import clear, default_folder, trim
from craftlite.evaluate.protocols import cleval
from craftlite.evaluate.protocols.metric import PROTOCOLS
from craftlite.evaluate.results.read import read_results
from craftlite.evaluate.runner import ModelRunner
from craftlite.evaluate.summary import format_summary
from craftlite.evaluate.tune import (
    search,
    shown,
    sides_around,
    trial_of,
    write_calibration,
    write_tuning,
)
from craftlite.postprocess import Thresholds
from craftlite.progress import Progress, write_line
from craftlite.weights import DEFAULT_INT8, find_weights

MODEL_OPTIONS = (
    *("long_side", "thresholds", "text_threshold", "link_threshold", "low_text", "growth"),
    *("tune", "calibrate_scores"),
)
NAMES_SHOWN = 5
NOTABLE = 100e6  # bytes of cached maps; above this the cache folder is reported
RESULTS_HELP = (
    "Score the files in this folder or zip (res_NAME.txt, or what craftlite detect writes in any "
    "of its formats) instead of running a detector. Only the ground truth of the dataset is "
    "needed, not the pictures. Repeat the option to compare several."
)
TUNE_HELP = (
    "Search for the best thresholds and long side on this split, which must not be the test split, "
    "and write them to the weights' card. With several datasets, the mean of their H-means is "
    "maximised; the best thresholds for each dataset are stored under its name, for --thresholds."
)
CALIBRATE_HELP = (
    "Fit scores to these datasets so that a score is the probability that a word is right, and "
    "write the fit beside the weights; the thresholds stay as they are. --tune does this too. Not "
    "possible on the test split."
)


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser(
        "Score weights, or existing result files, against the ground truth of a dataset: "
        "precision, recall and their harmonic mean (H-mean)."
    )
    add = result.add_argument
    names = (
        f"Format of the data: {', '.join(DATASETS)}, or {AUTO} to recognise one of these by the "
        "folder's contents. Repeat the option for several datasets."
    )
    add("--dataset", action="append", type=str, metavar="NAME", help=names)
    add("--split", default="test", choices=SPLITS, help="Split to score.")
    folders = "Folder of each --dataset, in the same order; by default data/NAME."
    add("--data", action="append", type=str, default=[], metavar="DIR", help=folders)
    one = (
        f"Weights to score; by default those of craftlite detect, {DEFAULT_INT8} on the CPU. "
        "Repeat the option to compare several."
    )
    add("--weights", action="append", type=str, metavar="NAME|FILE", help=one)
    add("--results", action="append", type=str, metavar="[NAME=]DIR", help=RESULTS_HELP)
    protocols = (
        f"How detections are matched with the ground truth: {', '.join(PROTOCOLS)}; by default the "
        "protocol of the dataset's competition. Repeat the option for several."
    )
    add("--protocol", action="append", type=str, metavar="NAME", help=protocols)
    report = "Folder to write a report to: report.html, report.json and report.md."
    add("--report", type=Path, metavar="DIR", help=report)
    add("--json", action="store_true", help="Print one JSON object, with ratios from 0 to 1.")
    add("--tune", action="store_true", help=TUNE_HELP)
    add("--calibrate-scores", action="store_true", help=CALIBRATE_HELP)
    cache = "Folder where score maps are cached; by default ~/.cache."
    add("--cache", type=Path, metavar="DIR", help=cache)
    clearing = "Remove all cached score maps first; without --dataset, do nothing else."
    add("--clear-cache", action="store_true", help=clearing)
    side = (
        "Scale pictures so that the longer side has PIXELS; by default the long side that the "
        "weights were tuned for."
    )
    add("--long-side", type=PositiveInt, metavar="PIXELS", help=side)
    add_thresholds(result)
    return result


def run(args: Namespace) -> int:
    """Print the scores to stdout and everything else to stderr; return the exit code.

    Raises:
        ConfigError: an option is out of range or contradicts another.
        DatasetError: a dataset or the result files cannot be used.
        WeightsError: the weights cannot be used.
    """
    cache = args.cache or default_folder()
    if args.clear_cache:
        write_line(f"removed {clear(cache) / 1e6:.1f} MB of score maps from {cache}")
        if not args.dataset:
            return 0
    weights = args.weights or ([] if args.results else [default_weights()])
    _check(args, weights)
    args.dataset = name_layouts(args.dataset, args.data)
    _leave_out_cleval(args)
    if args.report is not None:  # imported before the work, as packages may be missing
        from craftlite.evaluate.report.write import write_report
    sets = _read_sets(args, pictures=bool(weights))
    if args.tune:
        _tune(weights[0], sets, args)
        for name in MODEL_OPTIONS:  # score with the settings just written beside the weights
            args[name] = None
    elif args.calibrate_scores:
        _calibrate(weights[0], sets, args)
    for number, data in enumerate(sets):
        if number and not args.json:
            print()
        candidates = [_run_model(*named, data, args) for named in _named_weights(weights)]
        candidates += [_read_results(text, data) for text in args.results or ()]
        for one in candidates:
            one.score_on(data)
            one.note = line_note(one, data)
            if one.note:
                write_line(f"warning: {one.note}")
        print(format_summary(candidates, data, as_json=args.json))
        if args.report is not None:
            folder = args.report if len(sets) == 1 else args.report / data.name
            write_line(f"report: {write_report(folder, data, candidates)}")
    size = trim(cache) if weights else 0
    if size > NOTABLE:
        write_line(
            f"score maps are cached in {cache} ({size / 1e9:.1f} GB); --cache DIR stores them "
            "elsewhere, --clear-cache removes them"
        )
    return 0


def _check(args: Namespace, weights: list[str]) -> None:
    """Raise a ConfigError for options that are out of range or contradict one another."""
    if not args.dataset:
        raise ConfigError("give at least one --dataset")
    for option, known in (("dataset", (*DATASETS, AUTO)), ("protocol", PROTOCOLS)):
        for name in args[option] or ():
            if name not in known:
                raise ConfigError(f"--{option} {name}: unknown; use one of {', '.join(known)}")
    # A threshold of 0 counts as given.
    given = [name for name in MODEL_OPTIONS if args[name] is not None and args[name] is not False]
    options = ", ".join("--" + name.replace("_", "-") for name in given)
    names = [name for name, _ in (*_named_weights(weights), *map(_named, args.results or ()))]
    for wrong, reason in (
        (given and not weights, f"{options}: no effect with --results, which runs no model"),
        (
            args.tune and args.split == "test",
            "--tune: thresholds must not be chosen on the test split; add --split val or "
            "--split train",
        ),
        (
            args.calibrate_scores and args.split == "test",
            "--calibrate-scores: scores must not be fitted to the test split; add --split val or "
            "--split train",
        ),
        (
            args.calibrate_scores and len(given) > 1,
            f"{options}: --calibrate-scores uses the thresholds and the long side of the weights, "
            "and --tune calibrates too; give --calibrate-scores alone",
        ),
        (
            (args.tune or args.calibrate_scores) and (len(weights) > 1 or args.results),
            f"--{'tune' if args.tune else 'calibrate-scores'}: give one set of weights only, and "
            "no --results",
        ),
        (
            args.results and len(args.dataset) > 1,
            "--results: the files belong to one dataset; give one --dataset",
        ),
        (
            args.report is not None and set(args.protocol or ()) == {"cleval"},
            "--report needs a word-level protocol; cleval scores characters",
        ),
        (
            len(set(names)) < len(names),
            f"duplicate name among {', '.join(names)}; use NAME=DIR to distinguish them",
        ),
    ):
        if wrong:
            raise ConfigError(reason)


def _leave_out_cleval(args: Namespace) -> None:
    """Drop the protocol cleval if its package is missing and another protocol was given."""
    if "cleval" not in (args.protocol or ()) or cleval.is_installed():
        return
    hint = "pip install cleval"
    args.protocol = [name for name in args.protocol if name != "cleval"]
    if not args.protocol:
        raise ConfigError(f"--protocol cleval needs a package that is not installed: {hint}")
    write_line(f"cleval is left out: {hint}")


def _named_weights(weights: list[str]) -> list[tuple[str, str]]:
    """Return a (name for tables, weights) pair for each set of weights.

    The names are without folder and suffix, provided that they then differ from one another.
    """
    names = [Path(one).stem for one in weights]
    return list(zip(names if len(set(names)) == len(names) else weights, weights, strict=True))


def _named(text: str) -> tuple[str, Path]:
    """Return the name and path of NAME=DIR; a path alone is named by its last part."""
    name, equals, path = text.partition("=")
    if not equals or Path(text).exists():
        return Path(text).name or text, Path(text)
    return name, Path(path)


def _read_sets(args: Namespace, pictures: bool) -> list[EvaluationSet]:
    """Read the datasets; the names of those that share a layout include their folder's name."""
    folders = folders_of(args.dataset, [Path(folder) for folder in args.data])
    sets = []
    for layout, folder in zip(args.dataset, folders, strict=True):
        name = layout if args.dataset.count(layout) == 1 else f"{layout}-{folder.stem}"
        dataset = read_dataset(layout, folder, args.split, pictures=pictures)
        protocols = list(dict.fromkeys(args.protocol or [DATASETS[layout].protocol]))
        sets.append(EvaluationSet(name, layout, args.split, dataset.samples, protocols))
        warnings = problem_lines(dataset.problems)
        if not sets[-1].has_words():
            warnings.append(
                "the ground truth has no words, so recall is 0; false positives are counted"
            )
        for line in warnings:
            write_line(f"warning: {name + ': ' if len(folders) > 1 else ''}{line}")
    names = [data.name for data in sets]
    if len(set(names)) < len(names):
        raise ConfigError(f"--data: two folders are named {folders[-1].stem}; rename one")
    return sets


def _open(weights: str, data: EvaluationSet, args: Namespace) -> ModelRunner:
    return ModelRunner(
        weights,
        data.layout,
        cache=args.cache or default_folder(),
        long_side=args.long_side,
        polygons=any(PROTOCOLS[name].curved for name in data.protocols),
    )


def _run_model(name: str, weights: str, data: EvaluationSet, args: Namespace) -> Candidate:
    model = _open(weights, data, args)
    thresholds = chosen_thresholds(args, weights, model.thresholds)
    progress = Progress(data.samples, f"{name} on {data.name}", unit="picture", leave=False)
    detections = [model.detections(sample, thresholds) for sample in progress]
    progress.write_summary(from_the_cache=model.cached)
    return Candidate(name, model.facts(thresholds), detections, model, thresholds)


def _read_results(text: str, data: EvaluationSet) -> Candidate:
    name, path = _named(text)
    results = read_results(path, {sample.name: _size(sample) for sample in data.samples})
    for what, names in (
        ("no result file, so no detections, for", results.missing),
        ("not scored, because this split has no picture of that name:", results.unknown),
    ):
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        if names:
            write_line(f"warning: {what} {', '.join(names[:NAMES_SHOWN])}{more}")
    for line in problem_lines(results.problems):
        write_line(f"warning: {line}")
    facts = {"results": str(path), "odd": [str(problem) for problem in results.problems]}
    return Candidate(name, facts, [results.detections[sample.name] for sample in data.samples])


def _size(sample: Sample) -> tuple[int, int] | None:
    """Return the picture's (width, height), or None if it cannot be read."""
    try:
        return sample.size()
    except DatasetError:
        return None


def _tune(weights: str, sets: list[EvaluationSet], args: Namespace) -> None:
    """Search on the datasets that have words, and write the best settings beside the weights."""
    for data in sets:
        if not data.has_words():
            write_line(f"{data.name}: no words, so it does not affect the thresholds")
    sets = [data for data in sets if data.has_words()]
    if not sets:
        raise ConfigError("--tune: no dataset has a word to find")
    models = [_open(weights, data, args) for data in sets]
    start = chosen_thresholds(args, weights, models[0].thresholds)
    sides = [args.long_side] if args.long_side else sides_around(models[0].detector.long_side)
    own = {}
    with Progress(desc="tuning", unit="combination") as bar:
        trials = {
            data.name: trial_of(data, model, bar.update)
            for data, model in zip(sets, models, strict=True)
        }
        for best in search(list(trials.values()), start, sides):
            choice = f"long side {best.long_side}; {shown(best.thresholds)}"
            write_line(f"best so far: {choice}: H-mean {best.hmean:.4f}")
        for name, trial in trials.items() if len(trials) > 1 else ():
            *_, own[name] = search([trial], best.thresholds, [best.long_side])
    pairs = [(data, model.at(best.long_side)) for data, model in zip(sets, models, strict=True)]
    calibration = _fit(pairs, best.thresholds)
    files = write_tuning(find_weights(weights), best, _where(sets), own, calibration)
    write_line(f"wrote {' and '.join(map(str, files))}")


def _calibrate(weights: str, sets: list[EvaluationSet], args: Namespace) -> None:
    """Fit scores at the weights' own thresholds, and write the fit beside the weights."""
    entry = find_weights(weights)
    if entry.tuned is None:
        raise ConfigError(f"--calibrate-scores: {weights} has no thresholds yet; use --tune")
    calibration = _fit([(data, _open(weights, data, args)) for data in sets], entry.thresholds)
    if calibration is not None:
        files = write_calibration(entry, calibration)
        write_line(f"wrote {' and '.join(map(str, files))}")


def _fit(pairs: list[Pair], thresholds: Thresholds) -> Calibration | None:
    """Fit a calibration to the models' detections and report it; None if they are too few."""
    fit = fit_calibration(pairs, thresholds, _where([data for data, _ in pairs]))
    if fit.calibration is None:
        write_line(f"scores are not calibrated: {fit.refusal}")
    for name, error in fit.errors.items():
        write_line(f"{name}: expected calibration error on held-out pictures {error:.3f}")
    return fit.calibration


def _where(sets: list[EvaluationSet]) -> str:
    """Return a phrase that names the datasets on which something was chosen."""
    return "on " + " and ".join(
        f"{data.name} {data.split}, {len(data.samples)} pictures, by {data.protocols[0]}"
        for data in sets
    )
