"""Compare short trainings by loss and H-mean on ICDAR 2015's training and validation pictures.

    python -m tools.score_runs --data DIR runs/first runs/second start.safetensors

A RUN is a weights file, or an output folder of craftlite train, of which the averaged weights of
the last step are scored. Thresholds are searched on the validation pictures for each RUN separately
and used on the training pictures too; the difference between the two H-means shows how much the
network has overfitted. H-means with the thresholds used for validation during training are reported
as well. The loss is computed on one crop of each picture, the same crops for every RUN, with words
split evenly into characters.

The difference in validation H-mean from the first RUN has a 95 % interval, by bootstrap over
pictures. Each RUN is one row of --out, a CSV. A RUN whose weights (by SHA-256), pictures and long
side are already in it is not computed again. The differences in the CSV are from the RUN in the
column `against`; the printed ones are from the first RUN of this call.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import torch

from craftlite.data.fingerprint import fingerprint
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.errors import CraftliteError, WeightsError
from craftlite.files import sha256_of
from craftlite.train.run_folder import WEIGHTS
from tools.scores.network import Pictures, measure, open_network
from tools.scores.rows import (
    COLUMNS,
    Row,
    append_row,
    as_text,
    difference,
    format_row,
    from_log,
    read_rows,
)


def spread(samples: Sequence[Sample], count: int) -> Sequence[Sample]:
    """Return `count` evenly spaced samples; 150 of 900 are every sixth, starting with the first."""
    return samples[:: max(1, len(samples) // count)][:count]


def weights_of(run: Path) -> Path:
    """Return the weights file of a RUN; raises WeightsError if it does not exist."""
    file = run / WEIGHTS if run.is_dir() else run
    if not file.is_file():
        raise WeightsError(f"{run}: neither a file of weights nor a folder with {WEIGHTS}")
    return file


def score(
    run: Path, known: Sequence[Row], first: Row | None, pictures: Pictures, threads: int | None
) -> tuple[Row, bool]:
    """Return a RUN's row, with its difference from the first RUN, and whether it was computed now.

    Args:
        run: output folder of a training, or weights file.
        known: rows already in the CSV.
        first: the row of the first RUN; None if this is the first.
        pictures: pictures to score on.
        threads: number of CPU threads for the network; None uses all cores.

    Raises:
        CraftliteError: weights or pictures cannot be read.
    """
    began, weights = time.perf_counter(), weights_of(run)
    key: dict[str, Any] = {
        "sha256": sha256_of(weights),
        "pictures": fingerprint([*pictures.train, *pictures.val])[:16],
        "long_side": str(pictures.long_side),
        "train_pictures": str(len(pictures.train)),
        "val_pictures": str(len(pictures.val)),
    }
    row = next((row for row in known if key.items() <= row.items()), None)
    is_new = row is None
    if row is None:
        facts = key | measure(open_network(weights, threads), pictures)
        facts["seconds"] = time.perf_counter() - began
        row = dict.fromkeys(COLUMNS, "") | as_text(facts)
    # Known weights may have been scored as a file outside their folder, without the log.
    row = row | as_text(from_log(run)) | {"run": str(run)}
    return row | as_text(difference(row, first or row)), is_new


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    runs = "Output folder of craftlite train, or a .safetensors file."
    add("runs", nargs="+", type=Path, metavar="RUN", help=runs)
    add("--data", type=Path, required=True, metavar="DIR", help="Folder of ICDAR 2015.")
    side = "Scale pictures so that the longer side has PIXELS. Default: 1920."
    add("--long-side", type=int, default=1920, metavar="PIXELS", help=side)
    train = "Number of evenly spaced training pictures to score on. Default: 150."
    add("--train-pictures", type=int, default=150, metavar="N", help=train)
    val = "Number of evenly spaced validation pictures to score on. Default: 100 (all)."
    add("--val-pictures", type=int, default=100, metavar="N", help=val)
    threads = "CPU threads. Default: one per core."
    add("--threads", type=int, metavar="N", help=threads)
    out = "CSV to write. Default: results.csv."
    add("--out", type=Path, default=Path("results.csv"), metavar="FILE", help=out)
    args = parser.parse_args()
    if min(args.train_pictures, args.val_pictures) < 1:
        parser.error("--train-pictures and --val-pictures must be at least 1")
    return args


def main() -> int:
    """Score each RUN, print it and add it to the CSV; return 1 if something cannot be read."""
    args = parse_arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
        cv2.setNumThreads(args.threads)
    try:
        pictures = Pictures(
            spread(read_dataset("icdar15", args.data, "train").samples, args.train_pictures),
            spread(read_dataset("icdar15", args.data, "val").samples, args.val_pictures),
            args.long_side,
        )
        known, first = read_rows(args.out), None
        for run in args.runs:
            row, is_new = score(run, known, first, pictures, args.threads)
            first = first or row
            if is_new:
                append_row(args.out, row)
                known.append(row)
            print(format_row(row), flush=True)
    except CraftliteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
