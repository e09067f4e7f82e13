"""`craftlite objects train`: train an object detector on pictures in Pascal VOC's layout."""

from argparse import SUPPRESS
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace

from craftlite.commands.shared.options import new_parser
from craftlite.commands.shared.settings import add_run_options, settings_for_folder
from craftlite.install import install_hint
from craftlite.progress import write_line
from craftlite.train.recipe import ObjectsRecipe
from craftlite.train.records.card import list_file
from craftlite.train.start import NO_WEIGHTS, is_first_process, starting_weights
from craftlite.weights import backbones

NO_DATA = "give --data DIR, a folder with Annotations/ and JPEGImages/ as in Pascal VOC"
PREFIX = "ssdlite-"


def parser() -> ArgumentParser:
    """Return the argument parser: what to train on, and every setting of the recipe."""
    result = new_parser(
        "Train an object detector: SSD-lite on a light backbone. Needs craftlite[objects]."
    )
    add = result.add_argument
    folder = (
        "Folder with Annotations/*.xml, JPEGImages/ and ImageSets/Main/{train,val}.txt, as in "
        "Pascal VOC."
    )
    add("--data", type=str, default=SUPPRESS, metavar="DIR", help=folder)
    names = (
        "Backbone: rexnet-lite, rexnet-small, rexnet-large, mobilenet-v1, mobilenet-v2, "
        "mobilenet_v3_large or mnasnet1_0; by default rexnet-lite."
    )
    add("--backbone", type=str, default=SUPPRESS, metavar="NAME", help=names)
    init = (
        "Weights to start from: a name, a file written by `craftlite pretrain` or by another "
        f"training, or {NO_WEIGHTS}; by default the pretrained backbone of the chosen name, if one "
        "ships with craftlite."
    )
    skip = ("network", "restart")
    suits = "the pictures"
    add_run_options(result, ObjectsRecipe, suits, init, "ssdlite-BACKBONE", skip)
    return result


def run(args: Namespace) -> int:
    """Train as the options say; return 0 once the weights are written.

    Raises:
        ConfigError: no folder is given, or the recipe cannot be used.
        DatasetError: the folder cannot be used.
        WeightsError: the weights to start from do not exist.
    """
    from craftlite.train.loop import train
    from craftlite.train.objects.task import ObjectsTask

    settings = settings_for_folder(
        args, ObjectsRecipe, PREFIX, lambda data: ("ssdlite", str(data)), NO_DATA
    )
    data, init = settings.pop("data"), settings.pop("init", None)
    recipe = ObjectsRecipe(**settings)
    out = args.out or Path("runs") / recipe.network
    task = ObjectsTask(
        recipe, Path(data[0]), starting_weights(_start(init, recipe), recipe.network)
    )
    weights = train(task, out, args.resume, args.lengthen)
    if is_first_process():
        write_line(f"weights: {weights}")
        _export(weights, out / "weights.onnx")
    return 0


def _start(init: str | None, recipe: ObjectsRecipe) -> str:
    """Return the given weights, or the shipped backbone; reports if no backbone ships."""
    backbone = recipe.network.removeprefix(PREFIX)
    if init is None and backbone not in backbones() and is_first_process():
        write_line(f"no pretrained {backbone} is shipped; starting from random weights")
    return init or (backbone if backbone in backbones() else NO_WEIGHTS)


def _export(weights: Path, onnx: Path) -> None:
    """Export the weights to ONNX, or report that packages are missing."""
    try:
        from craftlite.export.objects import export_objects
    except ModuleNotFoundError as error:
        write_line(
            f"{onnx.name} was not written: it needs {error.name}, which comes with: "
            f"{install_hint('objects')}"
        )
        return
    export_objects(weights, onnx)
    list_file(onnx.parent, onnx)
    write_line(f"weights for craftlite objects detect: {onnx}")
