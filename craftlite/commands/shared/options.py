"""Options that several commands share."""

import re
from argparse import SUPPRESS, Action
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NoReturn, get_args

from jsonargparse import ArgumentParser, DefaultHelpFormatter, Namespace
from jsonargparse.typing import ClosedUnitInterval, NonNegativeFloat, PositiveInt

from craftlite.detector import Detector, chosen_engine, default_weights
from craftlite.errors import ConfigError, printable
from craftlite.postprocess import Thresholds
from craftlite.progress import write_line
from craftlite.runtime import Engine
from craftlite.tiles import parse_tiles
from craftlite.weights import DEFAULT, DEFAULT_INT8, find_weights

FAST = 3 / 4  # of the tuned long side
# Field of Thresholds, option, its type and placeholder, and the start of its help.
_THRESHOLDS = (
    ("text", "--text-threshold", ClosedUnitInterval, "T", "Peak region score that a word needs"),
    ("link", "--link-threshold", ClosedUnitInterval, "T", "Affinity score that joins characters"),
    ("low", "--low-text", ClosedUnitInterval, "T", "Region score from which a pixel is text"),
    (
        *("growth", "--growth", NonNegativeFloat, "X"),
        "How far boxes reach beyond the middles of letters, where 1 is as far as in CRAFT's "
        "published code",
    ),
)


class HelpFormatter(DefaultHelpFormatter):
    """Help texts as sentences, with the option's default, except for switches."""

    def _get_help_string(self, action: Action) -> str:
        text = (action.help or "").rstrip(".")
        text = f"{text[:1].upper()}{text[1:]}."
        hidden = action.default in (None, False, SUPPRESS, []) or action.required
        return text if hidden else f"{text} Default: %(default)s."


class _Parser(ArgumentParser):
    """A parser whose errors escape control characters, whatever was typed."""

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


def parse_workers(text: str) -> int | None:
    """The number of workers, None for auto.

    Raises:
        ConfigError: it is neither auto nor a number from 1 to 999.
    """
    if text == "auto":
        return None
    if not re.fullmatch(r"[1-9]\d{0,2}", text, re.ASCII):
        raise ConfigError(f"--workers {text}: expected auto, or a number from 1 to 999")
    return int(text)


def add_detector(parser: ArgumentParser) -> None:
    """The options of `open_detector`, and those of `chosen_thresholds`."""
    add = parser.add_argument
    weights = (
        f"weights to use; by default {DEFAULT_INT8} with ONNX Runtime on the CPU, and {DEFAULT} "
        "with other engines and devices"
    )
    add("--weights", type=str, metavar="NAME|FILE", help=weights)
    engine = "what runs the network; by default ONNX Runtime, or torch for torch's files"
    add("--engine", choices=get_args(Engine), help=engine)
    add("--backend", choices=("onnx", "torch"), help=SUPPRESS)  # the older name of --engine
    device = "auto, cpu, cuda, or another of ONNX Runtime's execution providers, such as coreml"
    add("--device", type=str, default="auto", metavar="NAME", help=device)
    add(
        "--threads", type=PositiveInt, metavar="N", help="CPU threads in all; by default one a core"
    )
    side = "pixels that the longer side is scaled to, enlarging at most twice"
    add("--long-side", type=PositiveInt, metavar="PIXELS", help=side)
    fast = (
        "scale the longer side to three quarters of what the weights were tuned for: some 60 % of "
        "the time, but more small words are missed"
    )
    add("--fast", action="store_true", help=fast)
    tiles = (
        "run long and very large pictures as tiles: auto, off, or a tile's side in pixels of the "
        "picture"
    )
    add("--tiles", type=str, default="auto", metavar="auto|off|SIZE", help=tiles)
    add_thresholds(parser)


def open_detector(args: Namespace) -> Detector:
    """The detector that the options ask for; raises as Detector does.

    Where no weights were named, args.weights becomes the name of the default.
    """
    if args.fast and args.long_side:
        raise ConfigError("--fast and --long-side: choose one")
    if args.weights is None:
        args.weights = default_weights(chosen_engine(args.engine, args.backend), args.device)
    detector = Detector(
        args.weights,
        engine=args.engine,
        backend=args.backend,
        device=args.device,
        threads=args.threads,
        long_side=args.long_side,
        tiles=parse_tiles(args.tiles),
    )
    return detector.at(round(FAST * detector.long_side)) if args.fast else detector


def add_thresholds(parser: ArgumentParser) -> None:
    """An option for each field of Thresholds, and one for a set that the weights have by name."""
    preset = "Thresholds tuned for one dataset, by its name in the weights' card."
    parser.add_argument("--thresholds", type=str, metavar="NAME", help=preset)
    for _, option, kind, metavar, text in _THRESHOLDS:
        text += "; by default the weights' own."
        parser.add_argument(option, type=kind, metavar=metavar, help=text)


@cache
def _report_defaults(weights: str) -> None:
    """Report, once, that weights have no thresholds of their own."""
    beside = Path(weights).with_suffix(".json")
    write_line(
        f"{weights}: has no thresholds beside it ({beside.name}), so the defaults are used; "
        "craftlite eval --tune chooses some that suit it"
    )


def chosen_thresholds(args: Namespace, weights: str, own: Thresholds) -> Thresholds:
    """The weights' own thresholds, or those of --thresholds, with those replaced that were given.

    Raises:
        ConfigError: the weights have none of that name.
        WeightsError: there are no such weights.
    """
    if args.thresholds is not None:
        own = find_weights(weights).preset(args.thresholds)
    elif own == Thresholds() and find_weights(weights).tuned is None:
        _report_defaults(weights)
    given = {
        field: args[option.removeprefix("--").replace("-", "_")]
        for field, option, *_ in _THRESHOLDS
    }
    return replace(own, **{field: value for field, value in given.items() if value is not None})
