"""Options for the settings of a recipe: one for each field, with the text that documents it."""

from argparse import SUPPRESS
from collections.abc import Collection
from dataclasses import fields
from typing import Any

from docstring_parser import parse_from_object
from jsonargparse import ArgumentParser

from craftlite.train.recipe import Settings

# What stands for a value of these types; of others, their choices are shown.
METAVARS: dict[object, str] = {int: "N", float: "X", str: "NAME"}


def add_settings(parser: ArgumentParser, kind: type[Settings], skip: Collection[str] = ()) -> None:
    """An option for every setting but those of `skip`.

    One that is not given is not in the result at all, so that the recipe's value counts.
    """
    group = parser.add_argument_group(
        "recipe settings",
        "An option given here overrides the recipe; a default holds where neither has a value.",
    )
    described = [*parse_from_object(Settings).params, *parse_from_object(kind).params]
    texts = {one.arg_name: one.description for one in described}
    for setting in fields(kind):
        if setting.name not in skip:
            option = "--" + setting.name.replace("_", "-")
            text = f"{texts[setting.name]} Default: {setting.default}."
            named: dict[str, Any] = {}
            if setting.type in METAVARS:
                named["metavar"] = METAVARS[setting.type]
            group.add_argument(option, type=setting.type, default=SUPPRESS, help=text, **named)
