"""Draw the validations of several trainings on one page, and print them as a table.

    python tools/compare_runs.py runs/a runs/b --out curves.png

H-mean of detectors or top-1 error of classifiers, against the pictures seen and against the hours
that the steps took, validations left out. The table has the best and the last of each.
"""

import argparse
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import yaml
from matplotlib.figure import Figure

from craftlite.train.records.curves import series
from craftlite.train.records.log import read_log

SCORES = {"hmean": "H-mean", "top1_error": "top-1 error"}


class Curve(NamedTuple):
    """One training: its folder's name, and float64 (N,) arrays, an entry a validation."""

    name: str
    pictures: npt.NDArray[np.float64]
    hours: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]


def read_curve(folder: Path, score: str) -> Curve:
    """The validations of a run's folder."""
    lines = read_log(folder / "log.jsonl")
    batch = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))["batch"]
    steps, values = series(lines, score)
    hours = np.interp(steps, *hours_of(lines, batch)) if len(steps) else steps
    return Curve(folder.name, steps * batch, hours, values)


def hours_of(lines: list[dict[str, Any]], batch: int) -> tuple[list[float], list[float]]:
    """Steps, and the hours that it took to get there, from the speeds in the log."""
    speeds = [(0, 1.0)] + [
        (line["step"], line["crops_per_second"]) for line in lines if "crops_per_second" in line
    ]
    steps, hours = [0.0], [0.0]
    for (before, _), (step, speed) in pairwise(speeds):
        steps.append(step)
        hours.append(hours[-1] + (step - before) * batch / speed / 3600)
    return steps, hours


def page(curves: list[Curve], score: str) -> Figure:
    """Score against pictures, and against hours."""
    figure = Figure(figsize=(11, 4.4), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for curve in curves:
        left.plot(curve.pictures / 1000, curve.scores, marker=".", label=curve.name)
        right.plot(curve.hours, curve.scores, marker=".", label=curve.name)
    left.set(xlabel="thousand pictures", ylabel=f"{SCORES[score]} at validation")
    right.set(xlabel="hours of training steps")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def table(curves: list[Curve], score: str) -> str:
    """Best and last score, pictures and hours, as markdown."""
    best = np.max if score == "hmean" else np.min
    rows = [
        f"| `{c.name}` | {best(c.scores):.2%} | {c.scores[-1]:.2%} "
        f"| {c.pictures[-1]:,.0f} | {c.hours[-1]:.2f} |"
        for c in curves
    ]
    head = f"| run | best {SCORES[score]} | last | pictures | hours |\n|---|---|---|---|---|"
    return "\n".join([head, *rows])


def main() -> int:
    """Read, draw, print; 2 where a folder has no validation of that score."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, help="folders of trainings")
    parser.add_argument("--score", choices=SCORES, default="hmean")
    parser.add_argument("--out", type=Path, required=True, help="a .png or .svg")
    args = parser.parse_args()
    curves = [read_curve(folder, args.score) for folder in args.runs]
    for curve in curves:
        if not len(curve.scores):
            print(f"{curve.name}: no validation with {args.score} in its log", file=sys.stderr)
            return 2
    figure = page(curves, args.score)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out)
    print(table(curves, args.score))
    return 0


if __name__ == "__main__":
    sys.exit(main())
