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
    parser = new_parser("Time networks with ONNX Runtime on the CPU, in turn, in one run.")
    parser.add_argument(
        "--weights",
        nargs="+",
        action="extend",
        type=str,
        metavar="NAME|FILE",
        help="weights, ONNX files or networks; the first is what the others are compared with; "
        f"by default {' and '.join(COMPARED)}",
    )
    parser.add_argument(
        "--size", type=str, default="1280x736", metavar="WxH", help="size of the picture"
    )
    parser.add_argument("--threads", type=PositiveInt, help="default: the machine's cores")
    parser.add_argument("--runs", type=PositiveInt, default=7, help="counted runs of each")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


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
