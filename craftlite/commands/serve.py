"""`craftlite serve`: serve the detector over HTTP."""

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
    """Return the argument parser of the command."""
    result = new_parser(
        "Serve the detector over HTTP: POST /v1/detect takes a picture and returns the JSON that "
        "craftlite detect writes. The detector options and thresholds given here apply to every "
        "request that does not set its own. Needs craftlite[serve]."
    )
    add = result.add_argument
    here = "Address to listen on; 0.0.0.0 accepts connections from other machines."
    add("--host", type=str, default="127.0.0.1", help=here)
    add(
        "--port",
        type=PortOrNone,
        default=8000,
        metavar="N",
        help="Port to listen on; 0 chooses a free port.",
    )
    workers = (
        "Number of pictures to process in parallel; they share --threads. auto uses one worker per "
        "thread."
    )
    add("--workers", type=str, default="auto", metavar="auto|N", help=workers)
    waiting = "Number of pictures that may wait; further requests get status 429."
    add("--max-waiting", type=NonNegativeInt, default=32, metavar="N", help=waiting)
    seconds = (
        "Time limit for a request to arrive (status 408 after that) and for its result (status 503 "
        "after that)."
    )
    add("--timeout", type=PositiveFloat, default=30.0, metavar="SECONDS", help=seconds)
    bytes_ = "Maximum size in bytes of a request, or of a picture fetched from a URL."
    add("--max-bytes", type=PositiveInt, default=32 * 2**20, metavar="N", help=bytes_)
    pixels = "Maximum number of pixels of a picture."
    add("--max-pixels", type=PositiveInt, default=40_000_000, metavar="N", help=pixels)
    side = "Largest long_side that a request may ask for."
    add("--max-long-side", type=PositiveInt, default=2560, metavar="PIXELS", help=side)
    tiles = "Maximum number of tiles that a picture may be cut into."
    add("--max-tiles", type=PositiveInt, default=32, metavar="N", help=tiles)
    batch = "Maximum number of pictures in one batch request."
    add("--max-batch", type=PositiveInt, default=16, metavar="N", help=batch)
    urls = "Accept URLs of pictures as well and fetch them, from the public internet only."
    add("--allow-urls", action="store_true", help=urls)
    keys = "File with API keys, one per line. Each request must then send one of them, or the key "
    keys += "in the environment variable CRAFTLITE_API_KEY."
    add("--api-key-file", type=Path, metavar="FILE", help=keys)
    add_detector(result)
    return result


def run(args: Namespace) -> int:
    """Serve until a signal arrives; return the exit code.

    Raises:
        ConfigError: the port is in use, a key cannot be used, or limits contradict each other.
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
        raise ConfigError(
            f"--max-batch {args.max_batch}: workers and --max-waiting allow only {places} pictures"
        )
    detector = open_detector(args)
    if detector.long_side > args.max_long_side:
        raise ConfigError(
            f"--max-long-side {args.max_long_side}: is less than the detector's long side of "
            f"{detector.long_side}"
        )
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
        log("no API key is set: anyone who can reach this address can use the service")
    service = Service(analyser, Admission(workers, args.max_waiting), keys)
    serve(service, listener)
    if service.dropped:
        # At exit Python would wait for the threads of dropped requests, which nobody needs.
        sys.stderr.flush()
        os._exit(0)
    return 0
