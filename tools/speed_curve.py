"""H-mean against milliseconds: what fewer pixels, or 8-bit integers, save and cost.

    python -m tools.speed_curve --data data/icdar15 --out speed.csv --plot speed.png

Each of the weights detects in the pictures of a split at every long side, with its own thresholds.
All of them take turns on each picture, so that a machine whose speed drifts slows them alike; the
milliseconds are from a picture's file to its words, the mean over the pictures.
"""

import argparse
import csv
import io
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from craftlite import Detector
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.evaluate.bootstrap import hmeans, interval
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.files import cpu_model, write_whole
from craftlite.progress import Progress

WEIGHTS = ("craftlite-small", "craftlite-small-int8")
SIDES = (960, 1280, 1440, 1600, 1920, 2240)


class Point(NamedTuple):
    """What weights reach at a long side, and what that costs; H-means in 0..1."""

    weights: str
    long_side: int
    milliseconds: float
    hmean: float
    low: float  # 95 % interval over the pictures
    high: float


def measure(
    weights: Sequence[str], sides: Sequence[int], samples: Sequence[Sample], threads: int | None
) -> list[Point]:
    """A point for each of the weights and long sides; the first picture is run twice."""
    detectors: dict[tuple[str, int], Detector] = {}
    for name in weights:
        detector = Detector(name, threads=threads)
        detectors |= {(name, side): detector.at(side) for side in sides}
    metrics, seconds = {key: Metric() for key in detectors}, dict.fromkeys(detectors, 0.0)
    for number, sample in enumerate(Progress([samples[0], *samples], "detecting", unit="picture")):
        for key, detector in detectors.items():
            start = time.perf_counter()
            words = detector(sample.pixels())
            if number:
                seconds[key] += time.perf_counter() - start
                metrics[key].update(sample.words, Detections.of(words))
    return [
        Point(
            *key,
            1000 * seconds[key] / len(samples),
            metric.summary().hmean,
            *interval(hmeans(metric.tallies)),
        )
        for key, metric in metrics.items()
    ]


def as_csv(points: Sequence[Point]) -> str:
    """A line for each point."""
    with io.StringIO(newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(Point._fields)
        for point in points:
            writer.writerow([f"{cell:.4f}" if isinstance(cell, float) else cell for cell in point])
        return text.getvalue()


def as_plot(points: Sequence[Point], title: str) -> bytes:
    """A curve for each of the weights, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    for name in dict.fromkeys(point.weights for point in points):
        own = [point for point in points if point.weights == name]
        axes.plot([p.milliseconds for p in own], [100 * p.hmean for p in own], "o-", label=name)
        for point in own:
            at = point.milliseconds, 100 * point.hmean
            axes.annotate(f"{point.long_side}", at, (4, -12), textcoords="offset points")
    axes.set(xlabel="milliseconds a picture, from file to words", ylabel="H-mean, %")
    axes.set_title(title, fontsize=10)
    axes.legend()
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    with io.BytesIO() as png:
        figure.savefig(png, format="png")
        return png.getvalue()


def main(argv: Sequence[str]) -> int:
    """Measure, and write the CSV and the plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--dataset", default="icdar15")
    add("--data", type=Path, required=True, help="folder of the dataset")
    add("--split", default="val")
    add("--weights", nargs="+", default=WEIGHTS)
    add("--long-sides", nargs="+", type=int, default=SIDES)
    add("--pictures", type=int, default=100, help="the first of the split; default: 100")
    add("--threads", type=int, help="by default all cores")
    add("--out", type=Path, required=True, help="CSV to write")
    add("--plot", type=Path, help="PNG to write")
    args = parser.parse_args(argv)
    samples = read_dataset(args.dataset, args.data, args.split).samples[: args.pictures]
    points = measure(args.weights, args.long_sides, samples, args.threads)
    write_whole(args.out, as_csv(points))
    threads = f"{args.threads} threads" if args.threads else "all cores"
    title = f"{args.dataset}, {len(samples)} pictures of {args.split}; {threads}, {cpu_model()}"
    if args.plot is not None:
        write_whole(args.plot, as_plot(points, title))
    print(f"{title}\n\n{as_csv(points)}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
