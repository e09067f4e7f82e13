"""`craftlite pretrain`: from pictures of classes to a backbone's weights."""

from argparse import SUPPRESS
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser, Namespace

from craftlite.commands.options import new_parser
from craftlite.commands.settings import add_settings
from craftlite.errors import ConfigError, DatasetError
from craftlite.progress import write_line
from craftlite.train.recipe import PretrainRecipe
from craftlite.train.recipe_file import CONFIG, find_recipe, read_recipe, shipped_recipes
from craftlite.train.start import NO_WEIGHTS, is_first_process, starting_weights

FOLDER = "pretrain"  # of the recipes that ship
SMALL = 96  # pixels; the recipe for larger pictures is ImageNet's


def parser() -> ArgumentParser:
    """The options of the command: what to pretrain on, and every setting of the recipe."""
    result = new_parser(
        "Pretrain a backbone as an image classifier; `craftlite train --init` then starts a "
        "detector from it. Needs craftlite[train]."
    )
    add = result.add_argument
    folders = "Folder with the pictures of each class in train/CLASS/ and val/CLASS/."
    add("--data", type=str, default=SUPPRESS, metavar="DIR", help=folders)
    backbones = "rexnet-lite, rexnet-small, rexnet-large, mobilenet-v1 or mobilenet-v2"
    add("--backbone", type=str, default=SUPPRESS, metavar="NAME", help=f"Backbone: {backbones}.")
    recipes = (
        f"Settings of the training: {', '.join(shipped_recipes(FOLDER))}, or a YAML file; by "
        "default one that suits the size of the pictures."
    )
    add("--recipe", type=str, metavar="NAME|FILE", help=recipes)
    weights = f"Weights to start from, or {NO_WEIGHTS}; by default random ones."
    add("--init", type=str, default=SUPPRESS, metavar="NAME|FILE", help=weights)
    out = "Folder of the run, for weights, checkpoints and logs; by default runs/BACKBONE."
    add("--out", type=Path, metavar="DIR", help=out)
    add("--resume", action="store_true", help="Continue the pretraining in --out.")
    add_settings(result, PretrainRecipe, skip=("network",))
    return result


def run(args: Namespace) -> int:
    """Pretrain by the parsed options; 0 when the weights are written.

    Raises:
        ConfigError: no folder is named, or the recipe cannot be used.
        DatasetError: the folder cannot be used.
        WeightsError: the weights to start from are not there.
    """
    from craftlite.model import CLASSIFIERS
    from craftlite.train.classifier.task import ClassifierTask
    from craftlite.train.loop import train

    settings = choose(args)
    data, init = settings.pop("data"), settings.pop("init", None)
    recipe = PretrainRecipe(**settings)
    if recipe.network not in CLASSIFIERS:
        known = ", ".join(CLASSIFIERS)
        raise ConfigError(f"--backbone {recipe.network}: no such backbone; known: {known}")
    out = args.out or Path("runs") / recipe.network
    start = starting_weights(init, recipe.network)
    weights = train(ClassifierTask(recipe, Path(data[0]), start), out, args.resume)
    write_line(f"weights: {weights}")
    return 0


def choose(args: Namespace) -> dict[str, Any]:
    """What the recipe sets, with the given options in its place.

    Without --recipe it is the one that suits the pictures, named on stderr; with --resume, the
    run's own record, so that --out alone is enough.

    Raises:
        ConfigError: no folder is named, or the recipe cannot be used.
    """
    given = {k: v for k, v in vars(args).items() if k not in ("recipe", "out", "resume")}
    if "backbone" in given:
        given["network"] = given.pop("backbone")
    if "data" in given:
        given["data"] = [given["data"]]
    if args.recipe is not None:
        recipe = read_recipe(find_recipe(args.recipe, FOLDER), PretrainRecipe)
    elif args.resume and args.out is not None and (args.out / CONFIG).exists():
        recipe = read_recipe(args.out / CONFIG, PretrainRecipe)
    elif "data" in given:
        recipe = read_recipe(_suitable(Path(given["data"][0])), PretrainRecipe)
    else:
        raise ConfigError("give --data, the folder of the pictures")
    chosen = recipe | given
    if len(chosen.get("data", [])) != 1:
        raise ConfigError("give --data, the folder of the pictures")
    return chosen


def _suitable(folder: Path) -> Path:
    """The recipe for the size of a folder's pictures; the first of several processes says which."""
    from craftlite.train.classifier.pictures import open_or_none, read_splits

    train, _ = read_splits(folder)
    picture = next((p for file, _ in train.samples[:100] if (p := open_or_none(file))), None)
    if picture is None:
        raise DatasetError(f"{folder}: none of its first pictures can be read")
    name = "small-images" if max(picture.size) <= SMALL else "imagenet"
    path = find_recipe(name, FOLDER)
    if is_first_process():
        size = "x".join(map(str, picture.size))
        write_line(f"recipe: {name}, for pictures of {size} ({path}); --recipe names another")
    return path
