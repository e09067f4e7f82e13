"""Options for the settings of a recipe: one for each field, with the text that documents it."""

from argparse import SUPPRESS
from collections.abc import Collection
from dataclasses import fields

from docstring_parser import parse_from_object
from jsonargparse import ArgumentParser

from craftlite.train.settings import Settings


def add_settings(parser: ArgumentParser, kind: type[Settings], skip: Collection[str] = ()) -> None:
    """An option for every setting but those of `skip`.

    One that is not given is not in the result at all, so that the recipe's word counts.
    """
    group = parser.add_argument_group(
        "settings", "Keys of a recipe; an option wins. In brackets: where neither says anything."
    )
    described = [*parse_from_object(Settings).params, *parse_from_object(kind).params]
    texts = {one.arg_name: one.description for one in described}
    for setting in fields(kind):
        if setting.name not in skip:
            option = "--" + setting.name.replace("_", "-")
            text = f"{texts[setting.name]} [{setting.default}]"
            group.add_argument(option, type=setting.type, default=SUPPRESS, help=text)
