"""Compare backbones by the objects that SSD-lite on them finds, over several seeds.

    python -m tools.compare_objects --data DIR runs/* --out scores.csv --plot curves.png

A RUN is a folder of craftlite objects train. Runs of one backbone and one kind of start are a row:
the mean of their average precisions, an interval over the pictures of the split (bootstrap, 95 %),
and the difference from the first row of the same start, paired over the pictures. The intervals
tell how far other pictures could move a figure, not how far other seeds could: the figures of the
seeds stand beside them. Each RUN is a line of --out; milliseconds are ONNX Runtime's, all networks
in turn.
"""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from craftlite.data.objects import ObjectSet, read_objects
from craftlite.data.pictures import stored_pixels
from craftlite.evaluate.average_precision import LEAST_SCORE, Floats, precision_of
from craftlite.evaluate.bootstrap import interval
from craftlite.evaluate.speed import time_in_turn
from craftlite.files import cpu_model, write_whole
from craftlite.model.cost import Cost, cost_of
from craftlite.model.ssd import PREFIX, build_object_detector
from craftlite.objects import ObjectDetector
from craftlite.progress import Progress
from craftlite.train.records.curves import series
from craftlite.train.records.log import read_log

ONNX = "weights.onnx"
COLUMNS = ("data", "backbone", "start", "seed", "steps", "batch", "side", "ap", "ap50")
COLOURS = ("#d1495b", "#1f6fb4", "#2a9d5c", "#e08a1e", "#6a4fb3", "#4d4d4d", "#00a3a3")


@dataclass(frozen=True, eq=False)
class Run:
    """A training and what its detector reaches: `ap`, `ap50`, and `resampled` (DRAWS, 2)."""

    folder: Path
    facts: dict[str, Any]  # by COLUMNS
    resampled: Floats

    @property
    def row(self) -> tuple[str, str]:
        """What its seeds share: the backbone and the start."""
        return self.facts["backbone"], self.facts["start"]


def score(folder: Path, data: ObjectSet, name: str, threads: int | None) -> Run:
    """Score the ONNX file of a run's folder, the best weights by its validations."""
    config = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))
    detector = ObjectDetector(folder / ONNX, "cpu", threads)
    pictures = Progress(data.pictures, desc=folder.name, unit="picture", leave=False)
    found = [detector.find(stored_pixels(one.path), LEAST_SCORE) for one in pictures]
    result = precision_of(data.pictures, found, detector.classes)
    facts = {
        "data": name,
        "backbone": config["network"].removeprefix(PREFIX),
        "start": "pretrained" if config["init"] else "random",
        **{key: config[key] for key in ("seed", "steps", "batch")},
        "side": config["crop"],
        "ap": round(result.ap, 5),
        "ap50": round(result.ap50, 5),
    }
    return Run(folder, facts, result.resampled())


def rows_of(runs: Sequence[Run]) -> dict[tuple[str, str], list[Run]]:
    """The runs of each row, in the order of the first ones."""
    rows: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        rows.setdefault(run.row, []).append(run)
    return rows


def table(rows: dict[tuple[str, str], list[Run]], costs: dict[str, tuple[Cost, float]]) -> str:
    """The rows as markdown."""
    firsts: dict[str, list[Run]] = {}
    lines = [
        "| backbone | start | parameters | MACs | ms | AP | of seeds | 95 % interval | less the "
        "first of its start | AP50 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (backbone, start), some in rows.items():
        (parameters, macs), milliseconds = costs[backbone]
        first = firsts.setdefault(start, some)
        drawn, base = (np.mean([run.resampled[:, 0] for run in runs], 0) for runs in (some, first))
        low, high = interval(drawn)
        values = [run.facts["ap"] for run in some]
        less = "" if some is first else difference(some, first, interval(drawn - base))
        lines.append(
            f"| `{backbone}` | {start} | {parameters / 1e6:.2f} M | {macs / 1e9:.2f} G | "
            f"{milliseconds:.1f} | {np.mean(values):.1%} | "
            f"{', '.join(f'{value:.1%}' for value in values)} | {low:.1%} to {high:.1%} | {less} | "
            f"{np.mean([run.facts['ap50'] for run in some]):.1%} |"
        )
    return "\n".join(lines)


def difference(some: Sequence[Run], first: Sequence[Run], ends: tuple[float, float]) -> str:
    """The mean AP of a row less that of the first, with the ends of its interval, in points."""
    mean, base = (np.mean([run.facts["ap"] for run in runs]) for runs in (some, first))
    low, high = (100 * end for end in ends)
    return f"{100 * (mean - base):+.1f} ({low:+.1f} to {high:+.1f})"


def measure(rows: dict[tuple[str, str], list[Run]], runs: int) -> dict[str, tuple[Cost, float]]:
    """Cost and median milliseconds of the detector on each backbone, on one thread, in turn."""
    costs, actions = {}, {}
    for (backbone, _), [run, *_] in rows.items():
        if backbone in costs:
            continue
        detector = ObjectDetector(run.folder / ONNX, "cpu", threads=1)
        classes, side = len(detector.classes), detector.side
        network = build_object_detector(detector.network, classes, side)
        costs[backbone] = cost_of(network.eval(), side, side)
        picture = np.random.default_rng(0).normal(size=(1, 3, side, side)).astype(np.float32)
        actions[backbone] = partial(detector.session.run, None, {"pictures": picture})
    times = time_in_turn(actions, runs)
    return {backbone: (cost, times[backbone].median) for backbone, cost in costs.items()}


def curves(rows: dict[tuple[str, str], list[Run]], title: str) -> bytes:
    """AP at validation against the pictures seen, a line each run, a panel each start, as a PNG."""
    from matplotlib.figure import Figure

    starts = list(dict.fromkeys(start for _, start in rows))
    backbones = list(dict.fromkeys(backbone for backbone, _ in rows))
    figure = Figure(figsize=(5.6 * len(starts), 4.4), dpi=110, layout="constrained")
    panels: Any = figure.subplots(1, len(starts), sharey=True, squeeze=False)[0]
    for (backbone, start), some in rows.items():
        axes = panels[starts.index(start)]
        colour = COLOURS[backbones.index(backbone) % len(COLOURS)]
        for number, run in enumerate(some):
            steps, values = series(read_log(run.folder / "log.jsonl"), "ap")
            seen = steps * run.facts["batch"]
            label = None if number else backbone
            axes.plot(seen, 100 * values, color=colour, marker=".", linewidth=1.2, label=label)
    for axes, start in zip(panels, starts, strict=True):
        axes.set(xlabel="pictures seen", title=f"{title}: {start} start")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
    panels[0].set(ylabel="AP at validation, %")
    with io.BytesIO() as png:
        figure.savefig(png, format="png")
        return png.getvalue()


def write_rows(file: Path, runs: Sequence[Run]) -> None:
    """Write a line for each run, as CSV."""
    with io.StringIO(newline="") as text:
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(run.facts for run in runs)
        write_whole(file, text.getvalue())


def main(argv: Sequence[str]) -> int:
    """Score the runs, write the CSV and the curves, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folders of trainings")
    parser.add_argument("--data", type=Path, required=True, help="in Pascal VOC's layout")
    parser.add_argument("--split", choices=("test", "val", "train"), default="test")
    parser.add_argument("--threads", type=int, help="of the scoring; by default all cores")
    parser.add_argument("--repeats", type=int, default=21, help="timed runs of each network")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write a CSV, a line each RUN")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the validations as a PNG")
    args = parser.parse_args(argv)
    data = read_objects(args.data, args.split)
    runs = [score(folder, data, args.data.name, args.threads) for folder in args.runs]
    rows = rows_of(runs)
    if args.out is not None:
        write_rows(args.out, runs)
    if args.plot is not None:
        write_whole(args.plot, curves(rows, args.data.name))
    objects = sum(len(one.labels) for one in data.pictures)
    print(f"{args.data.name}, {args.split}: {len(data.pictures)} pictures, {objects} objects;")
    print(f"milliseconds of one picture, one thread, {cpu_model()}\n")
    print(table(rows, measure(rows, args.repeats)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
