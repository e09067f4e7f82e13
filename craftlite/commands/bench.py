"""`craftlite bench`: time networks, engines and whole detectors side by side."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, get_args

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt

from craftlite.commands.shared.options import new_parser, parse_size
from craftlite.detector import Detector
from craftlite.errors import ConfigError, WeightsError
from craftlite.evaluate.speed import (
    BENCH_WORDS,
    Timing,
    draw_picture,
    has_weights,
    noise,
    open_network,
    rapidocr,
    time_in_turn,
    time_postprocess,
)
from craftlite.files import cpu_model
from craftlite.progress import write_line
from craftlite.runtime import Engine, Runtime
from craftlite.weights import find_weights

COMPARED = ("craft-vgg16", "craftlite-small", "craftlite-small-int8")
DRAWN = (1280, 720)
RAPIDOCR = "RapidOCR's detector"


class _Network(NamedTuple):
    """A network that is timed on a tensor."""

    name: str
    engine: str


class _Detection(NamedTuple):
    """A detector that is timed from files to words; a number that it lacks is None."""

    name: str
    engine: str
    long_side: int | None
    hmean: float | None


File = Path | bytes
Actions = dict[_Network | _Detection, Callable[[], object]]


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser(
        "Measure the speed of networks on the CPU, with ONNX Runtime or several engines, and of "
        "whole detection, from a picture's file to its words. All run in turn, so that a change in "
        "the machine's speed affects all of them. RapidOCR's detector is measured too if the "
        "package rapidocr is installed."
    )
    add = result.add_argument
    weights = (
        "Names of weights, ONNX files or names of networks; each is compared with the first. By "
        f"default {', '.join(COMPARED[:-1])} and {COMPARED[-1]}."
    )
    add("--weights", nargs="+", action="extend", type=str, metavar="NAME|FILE", help=weights)
    engines = (
        "Engines to run each network with; combinations that cannot run are left out. Without a "
        "name, all installed engines; by default onnxruntime."
    )
    add("--engines", nargs="*", choices=get_args(Engine), metavar="ENGINE", help=engines)
    size = "Size in pixels of the input when networks alone are timed."
    add("--size", type=str, default="1280x736", metavar="WIDTHxHEIGHT", help=size)
    pictures = (
        "Pictures for whole detection; by default one generated picture of "
        f"{DRAWN[0]}x{DRAWN[1]} pixels with {BENCH_WORDS} words."
    )
    add("--pictures", nargs="+", type=Path, metavar="FILE", help=pictures)
    sides = "Long sides for whole detection; by default the one that the weights were tuned for."
    add("--long-sides", nargs="+", type=PositiveInt, metavar="PIXELS", help=sides)
    threads = "CPU threads; by default one for each core."
    add("--threads", type=PositiveInt, metavar="N", help=threads)
    add("--runs", type=PositiveInt, default=7, metavar="N", help="Timed runs of each.")
    add("--json", action="store_true", help="Print one JSON object.")
    return result


def run(args: Namespace) -> int:
    """Time networks, detectors and the post-processing, and print tables or JSON.

    Raises:
        ConfigError: --size is malformed, a side is not a multiple of 32, or a picture of
            --pictures is missing.
        WeightsError: a network cannot be used.
        InputError: a picture cannot be read.
    """
    size = parse_size(args.size)
    if min(size) < 32 or size[0] % 32 or size[1] % 32:
        raise ConfigError(f"--size {args.size}: both sides must be multiples of 32")
    weights = args.weights or COMPARED
    engines: list[Engine] = args.engines or _installed()
    if args.engines is None:
        engines = ["onnxruntime"]
    files = _files(args.pictures)
    write_line(f"timing {', '.join(weights)} with {', '.join(engines)} ...")
    networks = _open_all(weights, engines, args.threads)
    actions: Actions = {row: partial(network, noise(size)) for row, network in networks.items()}
    for one, detect in _detectors(networks, args.long_sides, args.threads).items():
        actions[one] = partial(_detect_all, detect, files)
    timings = time_in_turn(actions, args.runs)
    found, postprocess = time_postprocess(size, 5 * args.runs)
    first = next(iter(timings.values())).median
    tables: dict[type, list[dict[str, Any]]] = {_Network: [], _Detection: []}
    for row, timing in timings.items():
        times = _milliseconds(timing, len(files) if isinstance(row, _Detection) else 1)
        faster = {"times_faster": round(first / times["median_ms"], 2)}
        tables[type(row)].append(row._asdict() | times | faster)
    facts = {
        "processor": cpu_model(),
        "threads": args.threads,
        "size": args.size,
        "runs": args.runs,
        "networks": tables[_Network],
        "pictures": len(files),
        "detection": tables[_Detection],
        "postprocess": {"words_drawn": BENCH_WORDS, "words_found": found}
        | _milliseconds(postprocess, 1),
    }
    print(json.dumps(facts, indent=2) if args.json else _tables(facts))
    return 0


def _files(paths: Sequence[Path] | None) -> list[File]:
    """Return the pictures for whole detection, by default a generated one."""
    for path in paths or ():
        if not path.is_file():
            raise ConfigError(f"--pictures {path}: no such file")
    return list(paths) if paths else [draw_picture(DRAWN)]


def _installed() -> list[Engine]:
    """Return the engines that run here; openvino-bf16 needs a CPU with bfloat16 instructions."""
    found = [engine for engine in get_args(Engine) if find_spec(engine.partition("-")[0])]
    if "openvino-bf16" in found:
        from craftlite.openvino_runtime import has_bfloat16

        if not has_bfloat16():
            found.remove("openvino-bf16")
    return found


def _open_all(
    weights: Sequence[str], engines: Sequence[Engine], threads: int | None
) -> dict[_Network, Runtime]:
    """Open all weights in every engine that can run them.

    Raises:
        WeightsError: no engine can run some of the weights.
    """
    networks: dict[_Network, Runtime] = {}
    for name in weights:
        for engine in engines:
            try:
                networks[_Network(name, engine)] = open_network(name, threads, engine)
            except WeightsError as error:
                if engine == engines[-1] and not any(row.name == name for row in networks):
                    raise
                write_line(f"left out: {error}")
    return networks


def _detectors(
    networks: dict[_Network, Runtime], long_sides: Sequence[int] | None, threads: int | None
) -> dict[_Detection, Callable[[File], object]]:
    """Return a detector for each network with weights and each long side, and RapidOCR's."""
    result: dict[_Detection, Callable[[File], object]] = {}
    for (name, engine), network in networks.items():
        if not has_weights(name):
            continue  # random weights find no words
        entry = find_weights(name)
        for side in long_sides or [entry.long_side]:
            hmean = entry.hmean if side == entry.long_side else None
            detect = partial(Detector(network, long_side=side), thresholds=entry.thresholds)
            result[_Detection(name, engine, side, hmean)] = detect
    if find_spec("rapidocr"):
        result[_Detection(RAPIDOCR, "onnxruntime", None, None)] = rapidocr(threads)
    return result


def _detect_all(detect: Callable[[File], object], files: Sequence[File]) -> None:
    for file in files:
        detect(file)


def _milliseconds(timing: Timing, count: int) -> dict[str, float]:
    """Return the timing of `count` items in milliseconds per item."""
    times = {"median_ms": timing.median, "min_ms": timing.fastest, "max_ms": timing.slowest}
    return {name: round(time / count, 2) for name, time in times.items()}


def _tables(facts: dict[str, Any]) -> str:
    """Format the facts as tables: networks and post-processing, then whole detection."""
    count = facts["threads"]
    threads = f"{count} thread{'s' * (count > 1)}" if count else "all cores"
    runs = f"{threads}, {facts['runs']} runs each, in turn, {facts['processor']}"
    postprocess = facts["postprocess"]
    name = f"post-processing, {postprocess['words_found']} words"
    pictures = facts["pictures"]
    what = f"{pictures} picture{'s' * (pictures > 1)}, from file to words, per picture"
    first = facts["networks"][0]["name"]
    return "\n".join(
        [
            f"networks at {facts['size']}, {runs}",
            "",
            _line("", "engine", "median", "min", "max", "times faster"),
            *map(_row, facts["networks"]),
            _row(postprocess | {"name": name, "engine": "", "times_faster": ""}),
            "",
            f"{what}; times faster than {first}'s network above",
            "",
            _line("", "engine", "median", "min", "max", "times faster", "long side", "H-mean"),
            *map(_row, facts["detection"]),
            "",
            "H-mean is taken from the weights' cards: validation pictures at this long side.",
        ]
    )


def _row(entry: dict[str, Any]) -> str:
    times = [f"{entry[key]:.2f} ms" for key in ("median_ms", "min_ms", "max_ms")]
    cells = [entry["name"], entry["engine"], *times, str(entry["times_faster"])]
    if "long_side" in entry:
        hmean = entry["hmean"]
        cells += [str(entry["long_side"] or "its own"), "" if hmean is None else f"{hmean:.1%}"]
    return _line(*cells)


def _line(name: str, engine: str, *cells: str) -> str:
    widths = (12, 12, 12, 15, 12, 10)
    row = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=False))
    return f"{name:<28}{engine:<14}{row}".rstrip()
