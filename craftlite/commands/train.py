"""`craftlite train`: from datasets to weights."""

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
    """The options of the command: what to train on, and every setting of the recipe."""
    result = new_parser("Train a detector. Needs craftlite[train].")
    names = (
        f"Dataset to train on: {', '.join(DATASETS)}, {AUTO} (one of these, by what the folder "
        "holds) or synth (pictures generated on the fly). "
        "Repeat it for a mix; WEIGHT is how often each is drawn from, relative to the others."
    )
    folders = (
        "Folder of each --dataset, in the same order; by default data/NAME. For one's own "
        "data, the file of labels can be given too; for synth, a folder of photographs to write on."
    )
    repeated: dict[str, Any] = {"action": "append", "type": str, "default": SUPPRESS}
    result.add_argument("--dataset", metavar="NAME[:WEIGHT]", help=names, **repeated)
    result.add_argument("--data", metavar="DIR", help=folders, **repeated)
    init = (
        f"Weights to start from: a name, a file, {OWN_BACKBONE} (the pretrained backbone that "
        f"ships for the network) or {NO_WEIGHTS}; by default what the recipe names."
    )
    add_run_options(result, Recipe, suits="the datasets", init=init, out="NAME", skip=["restart"])
    return result


def run(args: Namespace) -> int:
    """Train by the parsed options; 0 when the weights are written.

    Raises:
        ConfigError: no dataset is named, or the recipe cannot be used.
        WeightsError: the weights to start from are not there.
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

        describe_file(onnx)  # with the thresholds that it has only now
        list_file(onnx.parent, onnx)
    return 0


def _export(weights: Path, onnx: Path) -> Path | None:
    """Export the weights for ONNX Runtime; the file, or None where the packages are missing."""
    try:
        from craftlite.export import export_onnx
    except ModuleNotFoundError as error:
        write_line(f"no {onnx.name}: {error.name} comes with: {install_hint('export')}")
        return None
    export_onnx(weights, onnx)
    write_line(f"for detect: {onnx}")
    return onnx


def choose(args: Namespace) -> tuple[Path, dict[str, Any]]:
    """The run's folder, and what the recipe sets with the given options in its place.

    Raises:
        ConfigError: no dataset is named, or the recipe cannot be used.
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
        # The folders of the recipe belong to the datasets of the recipe.
        recipe.pop("data", None)
    chosen = recipe | given
    if not chosen.get("dataset"):
        raise ConfigError("the recipe names no dataset; give at least one --dataset")
    chosen["dataset"] = _with_layouts(chosen)  # a recipe may name auto too
    return out or default_out(chosen["dataset"]), chosen


def _with_layouts(settings: dict[str, Any]) -> list[str]:
    """The datasets of settings, the layout of its folder in place of each "auto"."""
    report = write_line if is_first_process() else lambda _: None
    return name_layouts(settings["dataset"], settings.get("data", []), report)


def default_out(datasets: Sequence[str]) -> Path:
    """runs/NAME, or runs/NAME-NAME for a mix."""
    return Path("runs") / "-".join(entry.partition(":")[0] for entry in datasets)
