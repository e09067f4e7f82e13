"""Milliseconds from a picture's file to its boxes: craftlite and RapidOCR's detector in one run.

Both get the same files and the same number of threads of ONNX Runtime on the CPU, in turn on each
picture, so that a machine whose speed drifts slows all of them alike. RapidOCR is no requirement
of craftlite's: pip install rapidocr. It finds lines where craftlite finds words, so that the
numbers of boxes are no measure of which is better.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from craftlite import Detector
from craftlite.files import cpu_model

SAMPLES = Path(__file__).parents[1] / "data" / "samples" / "images"
OURS = [
    (name, side) for name in ("craftlite-small", "craftlite-small-int8") for side in (1920, 1280)
]


def rapidocr(threads: int) -> Callable[[Path], Any]:
    """RapidOCR's detector as its defaults are: sides as they are, the shorter 736 at least."""
    import rapidocr as package

    engine = package.RapidOCR(
        params={
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Global.log_level": "error",
        }
    )
    return lambda path: engine(str(path), use_det=True, use_cls=False, use_rec=False)


def measure(
    detectors: dict[str, Callable[[Path], Any]], pictures: Sequence[Path], runs: int
) -> dict[str, list[float]]:
    """Milliseconds of each detector for each picture and run; a first run is not counted."""
    times: dict[str, list[float]] = {name: [] for name in detectors}
    for number in range(runs + 1):
        for picture in pictures:
            for name, detector in detectors.items():
                start = time.perf_counter()
                detector(picture)
                if number:
                    times[name].append(1000 * (time.perf_counter() - start))
    return times


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a row for each detector; ratios are paired, picture by picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SAMPLES, help="folder of JPEG files")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args(arguments)
    detectors: dict[str, Callable[[Path], Any]] = {"RapidOCR": rapidocr(args.threads)}
    for name, side in OURS:
        detector = Detector(name, threads=args.threads, long_side=side)
        detectors[f"{name}, {side}"] = partial(detector, polygons=False)
    pictures = sorted(args.data.glob("*.jpg"))
    times = measure(detectors, pictures, args.runs)
    counts = f"{len(pictures)} pictures, {args.runs} runs, {args.threads} threads"
    print(f"{counts}, {cpu_model()}\n\n| | median ms | fastest | slowest | of RapidOCR's time |")
    print("|---|---|---|---|---|")
    first = times["RapidOCR"]
    for name, own in times.items():
        ratio = statistics.median(a / b for a, b in zip(own, first, strict=True))
        shown = " | ".join(f"{value:.0f}" for value in (statistics.median(own), min(own), max(own)))
        print(f"| {name} | {shown} | x {ratio:.2f} |")


if __name__ == "__main__":
    main()
