"""The CSV of compared trainings: its columns, its rows, and a row in words."""

import csv
from pathlib import Path
from typing import Any

import yaml

from craftlite.errors import CraftliteError
from craftlite.evaluate.bootstrap import hmeans, interval
from craftlite.evaluate.score import Tally, summed
from craftlite.train.records.curves import series
from craftlite.train.records.log import read_log
from tools.compare_runs import hours_of

LAST_SHARE = 0.1  # of the log's lines, whose mean is the training's loss at its end
COLUMNS = (
    *("run", "network", "sha256", "pictures", "long_side", "train_pictures", "val_pictures"),
    *("train_loss", "val_loss", "text", "link", "low"),
    *("train_hmean", "train_precision", "train_recall", "train_hmean_fixed"),
    *("val_hmean", "val_precision", "val_recall", "val_hmean_fixed"),
    *("against", "difference", "difference_low", "difference_high"),
    *("steps", "crops", "minutes", "log_loss", "seconds", "val_tallies"),
)

Row = dict[str, str]
"""A line of the CSV, by column; "" is not known."""


def read_rows(file: Path) -> list[Row]:
    """The rows of a CSV; none if it does not exist.

    Raises:
        CraftliteError: it has other columns.
    """
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as text:
        reader = csv.DictReader(text)
        if tuple(reader.fieldnames or ()) not in ((), COLUMNS):
            raise CraftliteError(
                f"{file}: has other columns than this tool's; choose another --out"
            )
        return list(reader)


def append_row(file: Path, row: Row) -> None:
    """Add a row to a CSV, and before the first one the columns' names."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, COLUMNS)
        if not text.tell():
            writer.writeheader()
        writer.writerow(row)


def as_text(facts: dict[str, Any]) -> Row:
    """Figures as the CSV has them: floats to six digits."""
    return {
        name: f"{value:.6g}" if isinstance(value, float) else str(value)
        for name, value in facts.items()
    }


def from_log(run: Path) -> dict[str, float]:
    """Facts of a training in a run's folder: steps, crops, minutes of steps, loss at the end.

    tools/train_pack.py leaves weights in one folder and the rest in `run` below it.
    """
    folder = next((one for one in (run, run / "run") if (one / "log.jsonl").is_file()), None)
    lines = read_log(folder / "log.jsonl") if folder else []
    if folder is None or not lines:
        return {}
    facts = {"steps": lines[-1]["step"]}
    _, losses = series(lines, "loss")
    if len(losses):
        facts["log_loss"] = float(losses[-max(1, round(LAST_SHARE * len(losses))) :].mean())
    if (folder / "config.yaml").is_file():
        batch = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))["batch"]
        facts |= {"crops": batch * facts["steps"], "minutes": 60 * hours_of(lines, batch)[1][-1]}
    return facts


def difference(row: Row, first: Row) -> dict[str, Any]:
    """How much better a run's validation H-mean is than that of the first run, by column."""
    one, other = _tallies_of(row), _tallies_of(first)
    low, high = interval(hmeans(one) - hmeans(other))
    return {
        "against": first["run"],
        "difference": summed(one).hmean - summed(other).hmean,
        "difference_low": low,
        "difference_high": high,
    }


def _tallies_of(row: Row) -> list[Tally]:
    """The tallies of the validation pictures in a row."""
    parts = [map(float, part.split()) for part in row["val_tallies"].split(";")]
    return [
        Tally(truths, detections, found, correct, int(repaired))
        for truths, detections, found, correct, repaired in parts
    ]


def format_row(row: Row) -> str:
    """A row as a line to read."""

    def share(name: str, digits: int = 2) -> str:
        return f"{100 * float(row[name]):.{digits}f}"

    def change(name: str) -> str:
        return f"{100 * float(row[name]):+.2f}"

    parts = [
        f"{row['run']}: loss {float(row['train_loss']):.4f} train, {float(row['val_loss']):.4f} val"
    ]
    for name in ("train", "val"):
        found = f"P {share(f'{name}_precision', 1)}, R {share(f'{name}_recall', 1)}"
        parts.append(
            f"{name} H {share(f'{name}_hmean')} % ({found}; fixed {share(f'{name}_hmean_fixed')})"
        )
    parts.append(f"text {row['text']}, link {row['link']}, low {row['low']}")
    parts.append(
        f"{change('difference')} points against {row['against']}, 95 % interval "
        f"{change('difference_low')} to {change('difference_high')}"
    )
    if row["steps"]:
        done = [f"{row['steps']} steps"]
        if row["crops"]:
            done.append(f"{row['crops']} crops in {float(row['minutes']):.1f} min")
        if row["log_loss"]:
            done.append(f"training loss {float(row['log_loss']):.4f} at the end")
        parts.append(", ".join(done))
    return "; ".join(parts)
