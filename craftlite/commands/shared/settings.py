"""What `craftlite train` and `craftlite pretrain` share: their options, and which recipe counts."""

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

# The placeholder of a value in help, by type; of other types, the choices are shown.
METAVARS: dict[object, str] = {int: "N", float: "X", str: "NAME"}


def add_run_options(
    parser: ArgumentParser,
    kind: type[Settings],
    suits: str,
    init: str,
    out: str,
    skip: Collection[str],
) -> None:
    """--recipe, --init, --out, --resume, --lengthen, and an option for all settings but `skip`.

    One that is not given is not in the result at all, so that the recipe's value counts.

    suits: what a recipe suits. init: the help of --init. out: the default folder in runs/.
    """
    add = parser.add_argument
    names = ", ".join(shipped_recipes(kind))
    recipes = (
        f"Settings of the training: {names}, or a YAML file; by default one that suits {suits}."
    )
    add("--recipe", type=str, metavar="NAME|FILE", help=recipes)
    add("--init", type=str, default=SUPPRESS, metavar="NAME|FILE", help=init)
    folder = f"Folder of the run, for weights, checkpoints and logs; by default runs/{out}."
    add("--out", type=Path, metavar="DIR", help=folder)
    add("--resume", action="store_true", help="Continue the training in --out.")
    longer = (
        "Go on with the training in --out, which has ended: to --steps in all, or for --minutes "
        "more. The learning rate warms up and falls again."
    )
    add("--lengthen", action="store_true", help=longer)
    group = parser.add_argument_group(
        "recipe settings",
        "An option given here overrides the recipe; a default holds where neither has a value.",
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
    """The options that override a recipe."""
    own = ("recipe", "out", "resume", "lengthen")
    return {name: value for name, value in vars(args).items() if name not in own}


def chosen_recipe(
    args: Namespace,
    out: Path | None,
    kind: type[Settings],
    suitable: Callable[[], tuple[str, str]],
) -> dict[str, Any]:
    """What the recipe sets: that of --recipe, or of a run that goes on its own record.

    Otherwise it is the one that `suitable` names, with what it suits; a line on stderr names it.

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
            write_line(f"recipe: {name}, for {suited} ({path}); --recipe names another")
    return read_recipe(path, kind)


def settings_for_folder(
    args: Namespace,
    kind: type[Settings],
    prefix: str,
    suitable: Callable[[Path], tuple[str, str]],
    missing: str,
) -> dict[str, Any]:
    """What the recipe of a training on one folder sets, with the given options in its place.

    prefix: what the network is called before the name of --backbone. suitable: the recipe for a
    folder, and what it suits. missing: what is said where there is no folder.

    Raises:
        ConfigError: there is no folder or there are several, or the recipe cannot be used.
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
