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

FAST = 3 / 4  # --fast scales the tuned long side by this factor
# Field of Thresholds, option, type, placeholder and the start of the help text.
_THRESHOLDS = (
    ("text", "--text-threshold", ClosedUnitInterval, "T", "Minimum peak region score of a word"),
    ("link", "--link-threshold", ClosedUnitInterval, "T", "Affinity score that joins characters"),
    ("low", "--low-text", ClosedUnitInterval, "T", "Minimum region score of a text pixel"),
    (
        *("growth", "--growth", NonNegativeFloat, "X"),
        "How far boxes extend beyond the centres of letters, relative to CRAFT's published code, "
        "where it is 1",
    ),
)


class HelpFormatter(DefaultHelpFormatter):
    """Formats help texts as sentences and adds the default, except for switches."""

    def _get_help_string(self, action: Action) -> str:
        text = (action.help or "").rstrip(".")
        text = f"{text[:1].upper()}{text[1:]}."
        hidden = action.default in (None, False, SUPPRESS, []) or action.required
        return text if hidden else f"{text} Default: %(default)s."


class _Parser(ArgumentParser):
    """A parser that escapes control characters in its error messages."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        super().error("\n".join(map(printable, message.split("\n"))), ex)


def new_parser(description: str) -> ArgumentParser:
    """Return the parser of a command, without any options."""
    return _Parser(description=description, formatter_class=HelpFormatter)


def parse_size(text: str) -> tuple[int, int]:
    """Return the (width, height) of WIDTHxHEIGHT, each of at most five digits.

    Raises:
        ConfigError: the text does not have this form.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text, re.ASCII)
    if match is None:
        raise ConfigError(f"--size {text}: expected WIDTHxHEIGHT, such as 1280x736")
    return int(match[1]), int(match[2])


def parse_workers(text: str) -> int | None:
    """Return the number of workers, or None for auto.

    Raises:
        ConfigError: the text is neither auto nor a number from 1 to 999.
    """
    if text == "auto":
        return None
    if not re.fullmatch(r"[1-9]\d{0,2}", text, re.ASCII):
        raise ConfigError(f"--workers {text}: expected auto, or a number from 1 to 999")
    return int(text)


def add_detector(parser: ArgumentParser) -> None:
    """Add the options of `open_detector` and `chosen_thresholds`."""
    add = parser.add_argument
    weights = (
        f"weights to use; by default {DEFAULT_INT8} with ONNX Runtime on the CPU, {DEFAULT} with "
        "other engines and devices"
    )
    add("--weights", type=str, metavar="NAME|FILE", help=weights)
    engine = "engine that runs the network; by default ONNX Runtime, or torch for PyTorch files"
    add("--engine", choices=get_args(Engine), help=engine)
    add("--backend", choices=("onnx", "torch"), help=SUPPRESS)  # former name of --engine
    device = "device: auto, cpu, cuda, or another ONNX Runtime execution provider, such as coreml"
    add("--device", type=str, default="auto", metavar="NAME", help=device)
    add(
        "--threads",
        type=PositiveInt,
        metavar="N",
        help="total number of CPU threads; by default one per core",
    )
    side = "length to scale the longer side of a picture to; pictures are at most doubled in size"
    add("--long-side", type=PositiveInt, metavar="PIXELS", help=side)
    fast = (
        "scale the longer side to three quarters of the length that the weights were tuned for: "
        "takes about 60 % of the time, but misses more small words"
    )
    add("--fast", action="store_true", help=fast)
    tiles = (
        "run long and very large pictures as tiles: auto, off, or the side of a tile in pixels of "
        "the picture"
    )
    add("--tiles", type=str, default="auto", metavar="auto|off|SIZE", help=tiles)
    add_thresholds(parser)


def open_detector(args: Namespace) -> Detector:
    """Return the detector that the options ask for; raises what Detector raises.

    If no weights were given, args.weights is set to the name of the default weights.
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
    """Add an option for each field of Thresholds, and --thresholds for a named preset."""
    preset = "Thresholds tuned for one dataset, given by its name in the weights' card."
    parser.add_argument("--thresholds", type=str, metavar="NAME", help=preset)
    for _, option, kind, metavar, text in _THRESHOLDS:
        text += "; by default the value tuned for the weights."
        parser.add_argument(option, type=kind, metavar=metavar, help=text)


@cache
def _report_defaults(weights: str) -> None:
    """Report once that the weights have no thresholds of their own."""
    beside = Path(weights).with_suffix(".json")
    write_line(
        f"{weights}: no tuned thresholds found beside the file ({beside.name}), so the defaults "
        "are used; craftlite eval --tune writes tuned ones"
    )


def chosen_thresholds(args: Namespace, weights: str, own: Thresholds) -> Thresholds:
    """Return the weights' thresholds or a named preset, overridden by individual options.

    Raises:
        ConfigError: the weights have no preset of that name.
        WeightsError: the weights do not exist.
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
