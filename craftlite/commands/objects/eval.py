"""`craftlite objects eval`: compare object detectors by COCO's average precision."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt

from craftlite.commands.shared.options import new_parser
from craftlite.data.annotations import problem_lines
from craftlite.data.objects import ObjectSet, read_objects
from craftlite.data.pictures import stored_pixels
from craftlite.errors import ConfigError, DatasetError
from craftlite.evaluate.bootstrap import interval
from craftlite.objects import ObjectDetector
from craftlite.progress import Progress, write_line

if TYPE_CHECKING:
    from craftlite.evaluate.average_precision import Floats, Precision


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser(
        "Score object detectors on a folder in Pascal VOC's layout: COCO's average precision (AP) "
        "and the AP at an IoU of 0.5 (AP50), with 95 % intervals over the pictures. Needs "
        "craftlite[objects]."
    )
    add = result.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="Folder of the pictures.")
    split = "Split to score on; if ImageSets/Main names no splits, each split is the whole dataset."
    add("--split", choices=("test", "val", "train"), default="test", help=split)
    weights = "ONNX file of a detector; repeat the option to compare several with the first."
    add("--weights", action="append", type=str, required=True, metavar="FILE", help=weights)
    device = "Device: auto, cpu, cuda, or another ONNX Runtime execution provider."
    add("--device", type=str, default="auto", metavar="NAME", help=device)
    add("--threads", type=PositiveInt, metavar="N", help="CPU threads; by default one per core.")
    add("--json", action="store_true", help="Print one JSON object.")
    return result


def run(args: Namespace) -> int:
    """Print the scores of all detectors; return 0.

    Raises:
        ConfigError: the same weights are given twice.
        DatasetError: the folder or a picture cannot be used, or has a class that a detector did
            not learn.
        WeightsError: weights cannot be used.
    """
    if len(set(args.weights)) < len(args.weights):
        raise ConfigError("--weights: the same file is given twice")
    data = read_objects(args.data, args.split)
    for line in problem_lines(data.problems):
        write_line(f"warning: {line}")
    results = {file: _score(args, file, data) for file in args.weights}
    rows = [_row(file, result, results[args.weights[0]]) for file, result in results.items()]
    objects = sum(len(one.labels) for one in data.pictures)
    facts = {"data": str(args.data), "split": args.split, "pictures": len(data.pictures)}
    if args.json:
        print(json.dumps(facts | {"objects": objects, "detectors": rows}, indent=2))
        return 0
    print(f"{args.data}, {args.split}: {len(data.pictures)} pictures with {objects} objects\n")
    for row in rows:
        print(_text(row))
    return 0


class _Scored(NamedTuple):
    """A detector's network, its precision, and AP and AP50 for resampled pictures (DRAWS, 2)."""

    network: str
    result: "Precision"
    drawn: "Floats"


def _score(args: Namespace, file: str, data: ObjectSet) -> _Scored:
    """Run a detector on all pictures, and score its detections."""
    from craftlite.evaluate.average_precision import LEAST_SCORE, precision_of

    detector = ObjectDetector(file, args.device, args.threads)
    if unknown := sorted(set(data.classes()) - set(detector.classes)):
        raise DatasetError(
            f"{file}: has not learnt {', '.join(unknown)}, only {', '.join(detector.classes)}"
        )
    pictures = Progress(data.pictures, desc=detector.network, unit="picture")
    found = [detector.find(stored_pixels(one.path), LEAST_SCORE) for one in pictures]
    result = precision_of(data.pictures, found, detector.classes)
    return _Scored(detector.network, result, result.resampled())


def _row(file: str, scored: _Scored, first: _Scored) -> dict[str, Any]:
    """Return a detector's figures, and their differences from the first detector's."""
    network, result, drawn = scored
    row: dict[str, Any] = {
        "weights": file,
        "network": network,
        "ap": result.ap,
        "ap50": result.ap50,
    }
    row |= {"ap_interval": interval(drawn[:, 0]), "ap50_interval": interval(drawn[:, 1])}
    row["classes"] = result.of_class
    if scored is not first:
        _, base, others = first
        row["less_first"] = {
            "ap": result.ap - base.ap,
            "ap_interval": interval(drawn[:, 0] - others[:, 0]),
            "ap50": result.ap50 - base.ap50,
            "ap50_interval": interval(drawn[:, 1] - others[:, 1]),
        }
    return row


def _text(row: dict[str, Any]) -> str:
    """Format a detector's figures as a few lines."""
    lines = [f"{row['weights']} ({row['network']})"]
    lines += [
        f"  {name:<5} {row[key]:>6.1%}   95 % interval {_span(row[f'{key}_interval'])}"
        for name, key in (("AP", "ap"), ("AP50", "ap50"))
    ]
    lines.append("  AP    " + ", ".join(f"{name} {ap:.1%}" for name, ap in row["classes"].items()))
    if less := row.get("less_first"):
        lines += [
            f"  {name} minus the first's: {100 * less[key]:+.1f} points, 95 % interval "
            f"{_points(less[f'{key}_interval'])}"
            for name, key in (("AP", "ap"), ("AP50", "ap50"))
        ]
    return "\n".join(lines)


def _span(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.1%} to {ends[1]:.1%}"


def _points(ends: tuple[float, float]) -> str:
    return f"{100 * ends[0]:+.1f} to {100 * ends[1]:+.1f}"
