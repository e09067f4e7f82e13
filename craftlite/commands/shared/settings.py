"""Code shared by the training commands: their options and the choice of the recipe."""

from argparse import SUPPRESS
from collections.abc import Callable, Collection
from dataclasses import fields
from pathlib import Path
from typing import Any

from docstring_parser import parse_from_object
from jsonargparse import ArgumentParser, Namespace

from craftlite.errors import ConfigError
from craftlite.progress import write_line
from craftlite.train.recipe import Settings
from craftlite.train.recipe_file import CONFIG, find_recipe, read_recipe, shipped_recipes
from craftlite.train.start import is_first_process

# Placeholders in help texts by type; for other types, the choices are shown.
METAVARS: dict[object, str] = {int: "N", float: "X", str: "NAME"}


def add_run_options(
    parser: ArgumentParser,
    kind: type[Settings],
    suits: str,
    init: str,
    out: str,
    skip: Collection[str],
) -> None:
    """Add --recipe, --init, --out, --resume, --lengthen and an option for each recipe setting.

    Settings in `skip` get no option. Options that are not given are absent from the parsed
    result, so that the recipe's value is used.

    suits: what the default recipe is chosen for, as named in the help of --recipe. init: the help
    of --init. out: the default folder in runs/.
    """
    add = parser.add_argument
    names = ", ".join(shipped_recipes(kind))
    recipes = (
        f"Recipe, the settings of the training: {names}, or a YAML file; by default one that suits "
        f"{suits}."
    )
    add("--recipe", type=str, metavar="NAME|FILE", help=recipes)
    add("--init", type=str, default=SUPPRESS, metavar="NAME|FILE", help=init)
    folder = f"Folder of the run for weights, checkpoints and logs; by default runs/{out}."
    add("--out", type=Path, metavar="DIR", help=folder)
    add("--resume", action="store_true", help="Continue the interrupted training in --out.")
    longer = (
        "Extend the finished training in --out to --steps steps in total, or by --minutes minutes. "
        "The learning rate warms up and decays again."
    )
    add("--lengthen", action="store_true", help=longer)
    group = parser.add_argument_group(
        "recipe settings",
        "An option given here overrides the recipe; a default applies if neither sets a value.",
    )
    described = [*parse_from_object(Settings).params, *parse_from_object(kind).params]
    texts = {one.arg_name: one.description for one in described}
    for setting in (setting for setting in fields(kind) if setting.name not in skip):
        option = "--" + setting.name.replace("_", "-")
        text = f"{texts[setting.name]} Default: {setting.default}."
        shown: dict[str, Any] = (
            {"metavar": METAVARS[setting.type]} if setting.type in METAVARS else {}
        )
        group.add_argument(option, type=setting.type, default=SUPPRESS, help=text, **shown)


def given_options(args: Namespace) -> dict[str, Any]:
    """Return the options that override a recipe."""
    own = ("recipe", "out", "resume", "lengthen")
    return {name: value for name, value in vars(args).items() if name not in own}


def chosen_recipe(
    args: Namespace,
    out: Path | None,
    kind: type[Settings],
    suitable: Callable[[], tuple[str, str]],
) -> dict[str, Any]:
    """Return the settings of the recipe: --recipe, or the record of a run that is continued.

    Otherwise `suitable` chooses the recipe and says what it suits; a line on stderr reports it.

    Raises:
        ConfigError: the recipe cannot be used.
    """
    if args.recipe is not None:
        path = find_recipe(args.recipe, kind)
    elif (args.resume or args.lengthen) and out is not None and (out / CONFIG).exists():
        path = out / CONFIG
    else:
        name, suited = suitable()
        path = find_recipe(name, kind)
        if is_first_process():
            write_line(f"recipe: {name}, for {suited} ({path}); --recipe chooses another")
    return read_recipe(path, kind)


def settings_for_folder(
    args: Namespace,
    kind: type[Settings],
    prefix: str,
    suitable: Callable[[Path], tuple[str, str]],
    missing: str,
) -> dict[str, Any]:
    """Return the recipe settings of a training on one folder, overridden by the given options.

    prefix: prepended to the name of --backbone to give the network's name. suitable: returns the
    recipe for a folder and what it suits. missing: the error message if no folder is given.

    Raises:
        ConfigError: no folder or several are given, or the recipe cannot be used.
    """
    given = given_options(args)
    if "backbone" in given:
        given["network"] = prefix + given.pop("backbone")
    if "data" in given:
        given["data"] = [given["data"]]

    def suits() -> tuple[str, str]:
        if "data" not in given:
            raise ConfigError(missing)
        return suitable(Path(given["data"][0]))

    chosen = chosen_recipe(args, args.out, kind, suits) | given
    if len(chosen.get("data", [])) != 1:
        raise ConfigError(missing)
    return chosen
