"""Pictures a second of `craftlite detect`, by workers and weights, and whether its memory grows.

    python -m tools.bench_batches --data pictures --count 40 --runs 3
    python -m tools.bench_batches --data pictures --memory 5000 --long-side 640

Each run is a process of its own, as users start it, with its start and its results on disk; the
combinations take turns, so that a machine whose speed drifts slows all of them alike. For the
second, the pictures are named again and again until there are so many.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from craftlite.files import cpu_model
from craftlite.inputs import expand
from craftlite.parallel import cores
from tools.memory import megabytes

WEIGHTS = ("craftlite-small", "craftlite-small-int8")
EVERY = 2.0  # seconds between looks at the memory


def repeated(folder: Path, count: int, into: Path) -> Path:
    """A folder of `count` links to the pictures of another."""
    inputs, _ = expand([str(folder)])
    pictures = [item.source for item in inputs if isinstance(item.source, Path)]
    for number, picture in enumerate(islice(cycle(pictures), count)):
        (into / f"{number:06}{picture.suffix}").symlink_to(picture.absolute())
    return into


def run(folder: Path, options: Sequence[str]) -> tuple[float, list[float]]:
    """Seconds that detecting in a folder took, and the process's megabytes every EVERY seconds."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "craftlite.cli", "detect", str(folder), "--out", out]
        start = time.monotonic()
        process = subprocess.Popen(
            [*command, "--format", "jsonl", *options], stderr=subprocess.PIPE, text=True
        )
        memory = []
        while process.poll() is None:
            memory.append(megabytes(process.pid))
            try:
                process.wait(EVERY)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.monotonic() - start
        if process.returncode:
            raise SystemExit(process.communicate()[1])
        return seconds, memory


def compare(folder: Path, count: int, combinations: Sequence[Sequence[str]], runs: int) -> None:
    """Print a row for each combination of options: pictures a second, and times the first's."""
    seconds: dict[int, list[float]] = {number: [] for number in range(len(combinations))}
    for _ in range(runs):
        for number, options in enumerate(combinations):
            seconds[number].append(run(folder, options)[0])
    first = statistics.median(seconds[0])
    for number, options in enumerate(combinations):
        median = statistics.median(seconds[number])
        row = {
            "options": " ".join(options),
            "pictures_a_second": round(count / median, 2),
            "times_the_first": round(first / median, 2),
            "seconds": [round(one, 1) for one in seconds[number]],
        }
        print(json.dumps(row), flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a JSON line for each row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--count", type=int, default=40, help="pictures of each run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", nargs="+", default=["1", "2"])
    parser.add_argument("--weights", nargs="+", default=WEIGHTS)
    parser.add_argument("--memory", type=int, metavar="COUNT", help="run so many, watch the memory")
    args, options = parser.parse_known_args(arguments)  # the rest is for craftlite detect
    print(json.dumps({"processor": cpu_model(), "cores": cores()}), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = repeated(args.data, args.memory or args.count, Path(scratch))
        if not args.memory:
            combinations = [
                ["--weights", weights, "--workers", workers, *options]
                for weights in args.weights
                for workers in args.workers
            ]
            compare(folder, args.count, combinations, args.runs)
            return
        seconds, memory = run(folder, options)
        tenths = [round(memory[len(memory) * tenth // 10]) for tenth in range(1, 10)]
        print(json.dumps({"seconds": round(seconds), "megabytes_at_each_tenth": tenths}))


if __name__ == "__main__":
    main()
