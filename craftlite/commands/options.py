"""Options that several commands share."""

import re
from argparse import SUPPRESS, Action
from dataclasses import replace
from typing import NoReturn

from jsonargparse import ArgumentParser, DefaultHelpFormatter, Namespace
from jsonargparse.typing import ClosedUnitInterval, NonNegativeFloat

from craftlite.errors import ConfigError, printable
from craftlite.postprocess import Thresholds
from craftlite.weights import find_weights

# The options for the fields of Thresholds: field, type, placeholder and help of each.
_LEVELS = {
    "text_threshold": ("text", ClosedUnitInterval, "T", "lowest peak region score of a word"),
    "link_threshold": (
        *("link", ClosedUnitInterval, "T"),
        "affinity score above which characters are joined",
    ),
    "low_text": ("low", ClosedUnitInterval, "T", "region score above which a pixel is text"),
    "growth": (
        *("growth", NonNegativeFloat, "X"),
        "how far boxes reach beyond the middles of letters, as a multiple of what CRAFT's "
        "published code adds",
    ),
}


class HelpFormatter(DefaultHelpFormatter):
    """Options with their defaults, where they have one that is worth saying."""

    def _get_help_string(self, action: Action) -> str:
        text = action.help or ""
        unsaid = action.default in (None, False, SUPPRESS) or action.default == []
        return text if unsaid or action.required else f"{text} [%(default)s]"


class _Parser(ArgumentParser):
    """A parser whose errors obey no terminal, whatever was typed."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        super().error("\n".join(map(printable, message.split("\n"))), ex)


def new_parser(description: str) -> ArgumentParser:
    """A command's parser, without options yet."""
    return _Parser(description=description, formatter_class=HelpFormatter)


def parse_size(text: str) -> tuple[int, int]:
    """(width, height) of WIDTHxHEIGHT, each of five digits at most.

    Raises:
        ConfigError: it is not of that form.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text, re.ASCII)
    if match is None:
        raise ConfigError(f"--size {text}: expected WIDTHxHEIGHT, such as 1280x736")
    return int(match[1]), int(match[2])


def add_thresholds(parser: ArgumentParser) -> None:
    """The fields of Thresholds, unset by default, and the name of some that the weights have."""
    preset = "thresholds tuned for one dataset, by its name in the weights' card"
    parser.add_argument("--thresholds", type=str, metavar="NAME", help=preset)
    unset = "; by default the weights' own"
    for name, (_, kind, metavar, text) in _LEVELS.items():
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=kind, metavar=metavar, help=text + unset)


def chosen_thresholds(args: Namespace, weights: str, own: Thresholds) -> Thresholds:
    """The weights' own levels, or those of --thresholds, with those replaced that were given.

    Raises:
        ConfigError: the weights have none of that name.
        WeightsError: there are no such weights.
    """
    if args.thresholds is not None:
        own = find_weights(weights).preset(args.thresholds)
    given = {field: args[option] for option, (field, *_) in _LEVELS.items()}
    return replace(own, **{name: value for name, value in given.items() if value is not None})
