"""`craftlite pretrain`: train a backbone as an image classifier."""

from argparse import SUPPRESS
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace

from craftlite.commands.shared.options import new_parser
from craftlite.commands.shared.settings import add_run_options, settings_for_folder
from craftlite.progress import write_line
from craftlite.train.recipe import PretrainRecipe
from craftlite.train.start import NO_WEIGHTS, starting_weights

NO_DATA = "give --data DIR, the folder of the pictures"


def parser() -> ArgumentParser:
    """Return the argument parser: what to pretrain on, and every setting of the recipe."""
    result = new_parser(
        "Pretrain a backbone as an image classifier; `craftlite train --init` then starts a "
        "detector from it. Needs craftlite[train]."
    )
    add = result.add_argument
    folders = "Folder that holds the pictures of each class in train/CLASS/ and val/CLASS/."
    add("--data", type=str, default=SUPPRESS, metavar="DIR", help=folders)
    names = (
        "Backbone: rexnet-lite, rexnet-small, rexnet-large, mobilenet-v1, mobilenet-v2, "
        "mobilenet_v3_large or mnasnet1_0."
    )
    add("--backbone", type=str, default=SUPPRESS, metavar="NAME", help=names)
    init = f"Weights to start from, or {NO_WEIGHTS}; by default training starts from random ones."
    suits = "the size of the pictures"
    skip = ("network", "restart")
    add_run_options(result, PretrainRecipe, suits, init, "BACKBONE", skip)
    return result


def run(args: Namespace) -> int:
    """Pretrain as the options say; return 0 once the weights are written.

    Raises:
        ConfigError: no folder is given, or the recipe cannot be used.
        DatasetError: the folder cannot be used.
        WeightsError: the weights to start from do not exist.
    """
    from craftlite.train.classifier.task import ClassifierTask
    from craftlite.train.loop import train

    settings = settings_for_folder(args, PretrainRecipe, "", _suitable, NO_DATA)
    data, init = settings.pop("data"), settings.pop("init", None)
    recipe = PretrainRecipe(**settings)
    out = args.out or Path("runs") / recipe.network
    start = starting_weights(init, recipe.network)
    task = ClassifierTask(recipe, Path(data[0]), start)
    weights = train(task, out, args.resume, args.lengthen)
    write_line(f"weights: {weights}")
    return 0


def _suitable(data: Path) -> tuple[str, str]:
    from craftlite.train.classifier.pictures import recipe_for

    return recipe_for(data)
