"""`craftlite serve`: the detector as an HTTP service."""

import os
import sys
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import NonNegativeInt, PositiveFloat, PositiveInt, restricted_number_type

from craftlite.commands.shared.options import (
    add_detector,
    chosen_thresholds,
    new_parser,
    open_detector,
    parse_workers,
)
from craftlite.errors import ConfigError
from craftlite.parallel import cores

PortOrNone = restricted_number_type("PortOrNone", int, [(">=", 0), ("<=", 65535)])


def parser() -> ArgumentParser:
    """The options of the command."""
    result = new_parser(
        "Serve the detector over HTTP: POST /v1/detect takes a picture and gives the JSON that "
        "detect writes. The detector's options and thresholds given here hold for every request "
        "that does not set its own. Needs craftlite[serve]."
    )
    add = result.add_argument
    here = "Address to listen on; 0.0.0.0 accepts connections from other machines."
    add("--host", type=str, default="127.0.0.1", help=here)
    add(
        "--port",
        type=PortOrNone,
        default=8000,
        metavar="N",
        help="Port to listen on; 0 is a free one.",
    )
    workers = "How many pictures to work on at once; they share --threads. auto: one a thread."
    add("--workers", type=str, default="auto", metavar="auto|N", help=workers)
    waiting = "How many pictures may wait; beyond that, requests get status 429."
    add("--max-waiting", type=NonNegativeInt, default=32, metavar="N", help=waiting)
    seconds = "Seconds for a request to arrive, else status 408, and for its result, else 503."
    add("--timeout", type=PositiveFloat, default=30.0, metavar="SECONDS", help=seconds)
    bytes_ = "The most bytes of a request, or of a picture that is fetched from a URL."
    add("--max-bytes", type=PositiveInt, default=32 * 2**20, metavar="N", help=bytes_)
    pixels = "The most pixels of a picture."
    add("--max-pixels", type=PositiveInt, default=40_000_000, metavar="N", help=pixels)
    side = "The largest long_side that a request may ask for."
    add("--max-long-side", type=PositiveInt, default=2560, metavar="PIXELS", help=side)
    tiles = "The most tiles that a picture may be cut into."
    add("--max-tiles", type=PositiveInt, default=32, metavar="N", help=tiles)
    batch = "The most pictures of one batch request."
    add("--max-batch", type=PositiveInt, default=16, metavar="N", help=batch)
    urls = "Accept URLs of pictures too, and fetch them; only addresses of the public internet."
    add("--allow-urls", action="store_true", help=urls)
    keys = "File with API keys, one a line. Each request must then send one of them, or the key in "
    keys += "the environment variable CRAFTLITE_API_KEY."
    add("--api-key-file", type=Path, metavar="FILE", help=keys)
    add_detector(result)
    return result


def run(args: Namespace) -> int:
    """Serve until a signal stops it; returns the exit code.

    Raises:
        ConfigError: the port is taken, a key cannot be used or limits contradict each other.
        WeightsError: the weights cannot be used.
    """
    from craftlite.serve.admission import Admission
    from craftlite.serve.app import Service
    from craftlite.serve.keys import read_keys
    from craftlite.serve.logs import configure, log
    from craftlite.serve.server import listen, serve
    from craftlite.serve.work import Analyser, Limits
    from craftlite.weights import find_weights

    keys = read_keys(args.api_key_file, os.environ)
    threads = args.threads or cores()
    workers = parse_workers(args.workers) or threads
    args.threads = max(1, threads // workers)
    if args.max_batch > workers + args.max_waiting:
        places = workers + args.max_waiting
        raise ConfigError(f"--max-batch {args.max_batch}: there are places for {places} pictures")
    detector = open_detector(args)
    if detector.long_side > args.max_long_side:
        raise ConfigError(f"--max-long-side: is less than the {detector.long_side} of requests")
    limits = Limits(
        bytes=args.max_bytes,
        pixels=args.max_pixels,
        long_side=args.max_long_side,
        tiles=args.max_tiles,
        batch=args.max_batch,
        seconds=args.timeout,
        urls=args.allow_urls,
    )
    analyser = Analyser(
        detector,
        chosen_thresholds(args, args.weights, detector.thresholds),
        limits,
        find_weights(args.weights).presets,
    )
    listener = listen(args.host, args.port)
    configure()
    if not keys and args.host not in ("127.0.0.1", "::1", "localhost"):
        log("no API key is set: whoever reaches this address can use it")
    service = Service(analyser, Admission(workers, args.max_waiting), keys)
    serve(service, listener)
    if service.dropped:
        # Python would wait for their threads, which nobody waits for any more.
        sys.stderr.flush()
        os._exit(0)
    return 0
