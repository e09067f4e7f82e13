"""Whether several pictures in one run of the network take less time each than one after another.

    python -m tools.bench_batching --threads 2 --engines onnxruntime openvino

Prints a table of milliseconds a picture, the median of --rounds: batches of 1, 2, 4 and 8 that all
threads work on, and as many workers as threads that run one picture each at the same time, as
`craftlite serve` does.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, get_args

import numpy as np

from craftlite.detector import open_runtime
from craftlite.runtime import Engine, Runtime, Tensor
from craftlite.weights import DEFAULT, find_weights

BATCHES = (1, 2, 4, 8)
SIZES = ((640, 480), (1280, 736))


def side_by_side(
    networks: list[Runtime], picture: Tensor, pool: ThreadPoolExecutor
) -> Callable[[], Any]:
    """Runs each network on the picture, all at the same time."""
    return lambda: list(pool.map(lambda network: network(picture), networks))


def milliseconds(runs: list[tuple[int, Callable[[], Any]]], rounds: int) -> list[float]:
    """The median time of a picture, for each run of so many pictures; they take turns."""
    times: list[list[float]] = [[] for _ in runs]
    for number in range(rounds + 1):
        for (pictures, run), kept in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            if number:  # the first one allocates
                kept.append(1000 * (time.perf_counter() - start) / pictures)
    return [statistics.median(kept) for kept in times]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engines", nargs="+", choices=get_args(Engine), default=["onnxruntime"])
    args = parser.parse_args()
    open_one = partial(open_runtime, find_weights(DEFAULT), device="cpu")
    batches = " | ".join(f"batch {count}" for count in BATCHES)
    print(f"| engine | input | {batches} | {args.threads} workers, a thread each |")
    print("|---" * (len(BATCHES) + 3) + "|")
    for engine in args.engines:
        network = open_one(engine, threads=args.threads)
        alone = [open_one(engine, threads=1) for _ in range(args.threads)]
        for width, height in SIZES:
            picture = np.random.default_rng(0).normal(size=(1, 3, height, width))
            one = picture.astype(np.float32)
            repeated = [np.repeat(one, count, axis=0) for count in BATCHES]
            runs = [(len(batch), partial(network, batch)) for batch in repeated]
            with ThreadPoolExecutor(args.threads) as pool:
                runs.append((args.threads, side_by_side(alone, one, pool)))
                cells = " | ".join(f"{cell:.0f}" for cell in milliseconds(runs, args.rounds))
            print(f"| {engine} | {width}x{height} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
