"""`craftlite train`: train a detector on datasets."""

from argparse import SUPPRESS
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser, Namespace

from craftlite.commands.shared.options import new_parser
from craftlite.commands.shared.settings import add_run_options, chosen_recipe, given_options
from craftlite.data import AUTO, DATASETS
from craftlite.data.layout import name_layouts
from craftlite.errors import ConfigError
from craftlite.install import install_hint
from craftlite.progress import write_line
from craftlite.train.recipe import Recipe
from craftlite.train.recipe_file import recipe_for
from craftlite.train.records.card import list_file
from craftlite.train.start import NO_WEIGHTS, OWN_BACKBONE, is_first_process, starting_weights


def parser() -> ArgumentParser:
    """Return the argument parser: what to train on, and every setting of the recipe."""
    result = new_parser("Train a detector. Needs craftlite[train].")
    names = (
        f"Dataset to train on: {', '.join(DATASETS)}, {AUTO} (recognise one of these by the "
        "folder's contents) or synth (pictures generated on the fly). Repeat the option for a mix; "
        "WEIGHT is how often a dataset is drawn from, relative to the others."
    )
    folders = (
        "Folder of each --dataset, in the same order; by default data/NAME. For your own data, the "
        "label file can be given instead; for synth, give a folder of photographs to write on."
    )
    repeated: dict[str, Any] = {"action": "append", "type": str, "default": SUPPRESS}
    result.add_argument("--dataset", metavar="NAME[:WEIGHT]", help=names, **repeated)
    result.add_argument("--data", metavar="DIR", help=folders, **repeated)
    init = (
        f"Weights to start from: a name, a file, {OWN_BACKBONE} (the pretrained backbone that "
        f"ships for the network) or {NO_WEIGHTS}; by default the recipe's choice."
    )
    add_run_options(result, Recipe, suits="the datasets", init=init, out="NAME", skip=["restart"])
    return result


def run(args: Namespace) -> int:
    """Train as the options say; return 0 once the weights are written.

    Raises:
        ConfigError: no dataset is given, or the recipe cannot be used.
        WeightsError: the weights to start from do not exist.
    """
    from craftlite.train.detector.conclusion import conclude
    from craftlite.train.detector.task import DetectorTask, network_of
    from craftlite.train.loop import train

    out, settings = choose(args)
    datasets, folders = settings.pop("dataset"), settings.pop("data", [])
    init = starting_weights(settings.pop("init", None), settings.get("network", Recipe.network))
    recipe = Recipe(**({"network": network_of(init)} | settings))
    task = DetectorTask(recipe, datasets, [Path(folder) for folder in folders], init)
    weights = train(task, out, args.resume, args.lengthen)
    if not is_first_process():
        return 0
    write_line(f"weights: {weights}")
    onnx = _export(weights, out / "weights.onnx")
    conclude(weights, onnx, init, task.validation, task.recipe.tune_pictures)
    if onnx is not None:
        from craftlite.export.contract import describe_file

        describe_file(onnx)  # again, as `conclude` has tuned the thresholds
        list_file(onnx.parent, onnx)
    return 0


def _export(weights: Path, onnx: Path) -> Path | None:
    """Export the weights to ONNX; return the file, or None if packages are missing."""
    try:
        from craftlite.export import export_onnx
    except ModuleNotFoundError as error:
        write_line(
            f"{onnx.name} was not written: it needs {error.name}, which comes with: "
            f"{install_hint('export')}"
        )
        return None
    export_onnx(weights, onnx)
    write_line(f"weights for craftlite detect: {onnx}")
    return onnx


def choose(args: Namespace) -> tuple[Path, dict[str, Any]]:
    """Return the run's folder, and the recipe's settings as overridden by the given options.

    Raises:
        ConfigError: no dataset is given, or the recipe cannot be used.
    """
    given = given_options(args)
    if "dataset" in given:
        given["dataset"] = _with_layouts(given)
    out = args.out or (default_out(given["dataset"]) if "dataset" in given else None)

    def suitable() -> tuple[str, str]:
        if "dataset" not in given:
            raise ConfigError("give at least one --dataset")
        return recipe_for(given["dataset"]), " ".join(given["dataset"])

    recipe = chosen_recipe(args, out, Recipe, suitable)
    if "dataset" in given:
        # The recipe's folders belong to the recipe's datasets.
        recipe.pop("data", None)
    chosen = recipe | given
    if not chosen.get("dataset"):
        raise ConfigError("the recipe names no dataset; give at least one --dataset")
    chosen["dataset"] = _with_layouts(chosen)  # a recipe may name auto too
    return out or default_out(chosen["dataset"]), chosen


def _with_layouts(settings: dict[str, Any]) -> list[str]:
    """Return the datasets of the settings, with each "auto" replaced by its folder's layout."""
    report = write_line if is_first_process() else lambda _: None
    return name_layouts(settings["dataset"], settings.get("data", []), report)


def default_out(datasets: Sequence[str]) -> Path:
    """Return runs/NAME, or runs/NAME-NAME for a mix."""
    return Path("runs") / "-".join(entry.partition(":")[0] for entry in datasets)
