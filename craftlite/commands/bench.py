"""`craftlite bench`: milliseconds of the networks, side by side."""

import json

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt

from craftlite.commands.options import new_parser, parse_size
from craftlite.errors import ConfigError
from craftlite.evaluate.speed import BENCH_WORDS, time_networks, time_postprocess
from craftlite.files import cpu_model
from craftlite.progress import write_line

COMPARED = ("craft-vgg16", "craftlite-small")


def parser() -> ArgumentParser:
    """The options of the command."""
    result = new_parser(
        "Measure the speed of networks with ONNX Runtime on the CPU. They run in turn, so that a "
        "change of the machine's speed affects all of them."
    )
    add = result.add_argument
    weights = (
        "Names of weights, ONNX files or names of networks; the others are compared with the "
        f"first. By default {' and '.join(COMPARED)}."
    )
    add("--weights", nargs="+", action="extend", type=str, metavar="NAME|FILE", help=weights)
    size = "Size of the picture in pixels."
    add("--size", type=str, default="1280x736", metavar="WIDTHxHEIGHT", help=size)
    threads = "CPU threads; by default one for each core."
    add("--threads", type=PositiveInt, metavar="N", help=threads)
    add("--runs", type=PositiveInt, default=7, metavar="N", help="Timed runs of each network.")
    add("--json", action="store_true", help="Print one JSON object.")
    return result


def whole_blocks(text: str) -> tuple[int, int]:
    """(width, height) of WIDTHxHEIGHT that a network takes without padding.

    Raises:
        ConfigError: it is not of that form, or a side is no multiple of 32.
    """
    size = parse_size(text)
    if min(size) < 32 or size[0] % 32 or size[1] % 32:
        raise ConfigError(f"--size {text}: both sides must be multiples of 32")
    return size


def run(args: Namespace) -> int:
    """Time the networks and the post-processing, and print a table or JSON."""
    size = whole_blocks(args.size)
    weights = args.weights or COMPARED
    write_line(f"timing {', '.join(weights)} ...")
    networks = time_networks(weights, size, args.threads, args.runs)
    found, postprocess = time_postprocess(size, 5 * args.runs)
    first = networks[0].median
    rows = [
        {
            "name": timing.name,
            "median_ms": round(timing.median, 2),
            "min_ms": round(timing.fastest, 2),
            "max_ms": round(timing.slowest, 2),
            "times_faster": round(first / timing.median, 2),
        }
        for timing in networks
    ]
    facts = {
        "processor": cpu_model(),
        "threads": args.threads,
        "size": args.size,
        "runs": args.runs,
        "networks": rows,
        "postprocess": {
            "words_drawn": BENCH_WORDS,
            "words_found": found,
            "median_ms": round(postprocess.median, 2),
            "min_ms": round(postprocess.fastest, 2),
            "max_ms": round(postprocess.slowest, 2),
        },
    }
    if args.json:
        print(json.dumps(facts, indent=2))
        return 0
    threads = f"{args.threads} threads" if args.threads else "all cores"
    print(f"{args.size}, {threads}, {args.runs} runs each in turn, {facts['processor']}\n")
    print(f"{'':<28}{'median':>12}{'min':>12}{'max':>12}{'times faster':>15}")
    for row in rows:
        times = "".join(f"{row[key]:>9} ms" for key in ("median_ms", "min_ms", "max_ms"))
        print(f"{row['name']:<28}{times}{row['times_faster']:>15}")
    print(
        f"{f'post-processing, {found} words':<28}{postprocess.median:>9.2f} ms"
        f"{postprocess.fastest:>9.2f} ms{postprocess.slowest:>9.2f} ms"
    )
    return 0
