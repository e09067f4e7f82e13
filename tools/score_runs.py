"""Compare short trainings: losses and H-means on ICDAR 2015's training and validation pictures.

    python -m tools.score_runs --data DIR runs/first runs/second start.safetensors

A RUN is a folder of craftlite train, of which the averaged weights of the last step are scored, or
a file of weights. Thresholds are searched on the validation pictures, for each RUN by itself, and
used on the training pictures too; the difference between the two H-means shows how far the network
has overfitted. H-means with the thresholds of validations during training are given as well. The
loss is that of a crop of each picture, the same ones for all, with words split evenly into
characters.

The validation H-mean less that of the first RUN has a 95 % interval, by bootstrap over pictures.
Each RUN is a row of --out, a CSV: what is there, by the SHA-256 of the weights, the pictures and
the long side, is not computed again. The differences in it are from the RUN in the column
`against`; those that are printed are from the first RUN of this call.
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
    """`count` of the samples, evenly from all; 150 of 900 are every sixth, from the first."""
    return samples[:: max(1, len(samples) // count)][:count]


def weights_of(run: Path) -> Path:
    """The file of a RUN's weights; raises WeightsError if it does not exist."""
    file = run / WEIGHTS if run.is_dir() else run
    if not file.is_file():
        raise WeightsError(f"{run}: neither a file of weights nor a folder with {WEIGHTS}")
    return file


def score(
    run: Path, known: Sequence[Row], first: Row | None, pictures: Pictures, threads: int | None
) -> tuple[Row, bool]:
    """A RUN's row, with its difference from the first RUN's, and whether it had to be computed.

    Args:
        run: the folder or file.
        known: rows of the CSV.
        first: the row of the first RUN; None if this is the first.
        pictures: to score on.
        threads: for the network; None takes the machine's cores.

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
    # Weights that are known may have been scored as a file elsewhere, without their log.
    row = row | as_text(from_log(run)) | {"run": str(run)}
    return row | as_text(difference(row, first or row)), is_new


def parse_arguments() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    runs = "Folder of a training, or a .safetensors file."
    add("runs", nargs="+", type=Path, metavar="RUN", help=runs)
    add("--data", type=Path, required=True, metavar="DIR", help="Folder of ICDAR 2015.")
    side = "Scale pictures so that the longer side has PIXELS. Default: 1920."
    add("--long-side", type=int, default=1920, metavar="PIXELS", help=side)
    train = "Training pictures to score on, evenly from all. Default: 150."
    add("--train-pictures", type=int, default=150, metavar="N", help=train)
    val = "Validation pictures to score on, evenly from all. Default: 100, which is all."
    add("--val-pictures", type=int, default=100, metavar="N", help=val)
    threads = "CPU threads; by default one for each core."
    add("--threads", type=int, metavar="N", help=threads)
    out = "CSV to write. Default: results.csv."
    add("--out", type=Path, default=Path("results.csv"), metavar="FILE", help=out)
    args = parser.parse_args()
    if min(args.train_pictures, args.val_pictures) < 1:
        parser.error("--train-pictures and --val-pictures must be at least 1")
    return args


def main() -> int:
    """Score each RUN, print it and write it to the CSV; 1 if something cannot be read."""
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
