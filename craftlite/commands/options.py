"""Options that several commands share."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import ClosedUnitInterval

from craftlite.errors import ConfigError

if TYPE_CHECKING:
    from craftlite.postprocess import Thresholds

# Option and field of Thresholds.
_FIELDS = {"text_threshold": "text", "link_threshold": "link", "low_text": "low"}


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
    """The three levels, each unset by default, and the name of three that the weights have."""
    preset = "Those that suit one kind of picture best, by its name in the weights' card."
    parser.add_argument("--thresholds", type=str, metavar="NAME", help=preset)
    unset = "; by default the weights' own."
    helps = ("Least peak of a word", "Affinity that joins characters", "Region score of text")
    for name, text in zip(_FIELDS, helps, strict=True):
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=ClosedUnitInterval, metavar="T", help=text + unset)


def chosen_thresholds(args: Namespace, weights: str, own: Thresholds) -> Thresholds:
    """The weights' own levels, or those of --thresholds, with those replaced that were given.

    Raises:
        ConfigError: the weights have none of that name.
        WeightsError: there are no such weights.
    """
    if args.thresholds is not None:
        from craftlite.weights import find_weights

        own = find_weights(weights).preset(args.thresholds)
    given = {field: args[option] for option, field in _FIELDS.items()}
    return replace(own, **{name: value for name, value in given.items() if value is not None})
