"""`craftlite bench`: milliseconds of the networks and engines, side by side."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, get_args

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt

from craftlite.commands.options import new_parser, parse_size
from craftlite.errors import ConfigError, WeightsError
from craftlite.evaluate.speed import (
    BENCH_WORDS,
    Timing,
    open_network,
    time_networks,
    time_postprocess,
)
from craftlite.files import cpu_model
from craftlite.progress import write_line
from craftlite.runtime import Engine, Runtime

COMPARED = ("craft-vgg16", "craftlite-small")


def parser() -> ArgumentParser:
    """The options of the command."""
    result = new_parser(
        "Measure the speed of networks on the CPU, with ONNX Runtime or several engines. They run "
        "in turn, so that a change of the machine's speed affects all of them."
    )
    add = result.add_argument
    weights = (
        "Names of weights, ONNX files or names of networks; the others are compared with the "
        f"first. By default {' and '.join(COMPARED)}."
    )
    add("--weights", nargs="+", action="extend", type=str, metavar="NAME|FILE", help=weights)
    engines = (
        "Engines that run each of them; one that cannot run some weights is left out there. "
        "Without a name, all that are installed; by default onnxruntime."
    )
    add("--engines", nargs="*", choices=get_args(Engine), metavar="ENGINE", help=engines)
    size = "Size of the picture in pixels."
    add("--size", type=str, default="1280x736", metavar="WIDTHxHEIGHT", help=size)
    threads = "CPU threads; by default one for each core."
    add("--threads", type=PositiveInt, metavar="N", help=threads)
    add("--runs", type=PositiveInt, default=7, metavar="N", help="Timed runs of each network.")
    add("--json", action="store_true", help="Print one JSON object.")
    return result


def run(args: Namespace) -> int:
    """Time the networks and the post-processing, and print a table or JSON.

    Raises:
        ConfigError: --size is not of that form, or a side is not a multiple of 32.
        WeightsError: a network cannot be used.
    """
    size = parse_size(args.size)
    if min(size) < 32 or size[0] % 32 or size[1] % 32:
        raise ConfigError(f"--size {args.size}: both sides must be multiples of 32")
    weights = args.weights or COMPARED
    engines: list[Engine] = args.engines or _installed()
    if args.engines is None:
        engines = ["onnxruntime"]
    write_line(f"timing {', '.join(weights)} with {', '.join(engines)} ...")
    timings = time_networks(_open_all(weights, engines, args.threads), size, args.runs)
    found, postprocess = time_postprocess(size, 5 * args.runs)
    first = next(iter(timings.values())).median
    rows = [
        {"name": name, "engine": engine}
        | _milliseconds(timing)
        | {"times_faster": round(first / timing.median, 2)}
        for (name, engine), timing in timings.items()
    ]
    words = {"words_drawn": BENCH_WORDS, "words_found": found}
    facts = {
        "processor": cpu_model(),
        "threads": args.threads,
        "size": args.size,
        "runs": args.runs,
        "networks": rows,
        "postprocess": words | _milliseconds(postprocess),
    }
    if args.json:
        print(json.dumps(facts, indent=2))
        return 0
    threads = f"{args.threads} threads" if args.threads else "all cores"
    print(f"{args.size}, {threads}, {args.runs} runs each in turn, {facts['processor']}\n")
    print(f"{'':<28}{'engine':<12}{'median':>12}{'min':>12}{'max':>12}{'times faster':>15}")
    last = {"name": f"post-processing, {found} words", "engine": "", "times_faster": ""}
    for row in (*rows, last | _milliseconds(postprocess)):
        times = "".join(f"{row[key]:>9.2f} ms" for key in ("median_ms", "min_ms", "max_ms"))
        print(f"{row['name']:<28}{row['engine']:<12}{times}{row['times_faster']:>15}".rstrip())
    return 0


def _installed() -> list[Engine]:
    """The engines that run here; openvino-bf16 needs a CPU that can do it."""
    found = [engine for engine in get_args(Engine) if find_spec(engine.partition("-")[0])]
    if "openvino-bf16" in found:
        from craftlite.openvino_runtime import has_bfloat16

        if not has_bfloat16():
            found.remove("openvino-bf16")
    return found


def _open_all(
    weights: Sequence[str], engines: Sequence[Engine], threads: int | None
) -> dict[tuple[str, Engine], Runtime]:
    """Each of the weights in each engine that runs them; those that no engine runs are an error."""
    networks: dict[tuple[str, Engine], Runtime] = {}
    for name in weights:
        for engine in engines:
            try:
                networks[name, engine] = open_network(name, threads, engine)
            except WeightsError as error:
                if engine == engines[-1] and not any(known == name for known, _ in networks):
                    raise
                write_line(f"left out: {error}")
    return networks


def _milliseconds(timing: Timing) -> dict[str, Any]:
    times = {"median_ms": timing.median, "min_ms": timing.fastest, "max_ms": timing.slowest}
    return {name: round(time, 2) for name, time in times.items()}
