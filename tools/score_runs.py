"""Compare short trainings: losses and H-means on ICDAR 2015's training and validation pictures.

    python tools/score_runs.py --data DIR runs/first runs/second start.safetensors

A RUN is a folder of craftlite train, of which the averaged weights of the last step count, or a
file of weights. Thresholds are searched on the validation pictures, for each RUN by itself, and
used on the training pictures too; the difference between the two H-means tells how much is learnt
by heart. H-means with the thresholds of validations while training stand beside them. The loss is
that of a crop of each picture, the same ones for all, with words split evenly into characters.

The validation H-mean less that of the first RUN has a 95 % interval, by bootstrap over pictures.
A line a RUN goes into --out, a CSV: what is there, by the SHA-256 of the weights, the pictures and
the long side, is not computed again. The differences in it are from the RUN named `against`; those
that are printed are from the first RUN of this call.
"""

import argparse
import csv
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import onnx
import torch
import yaml
from tqdm import tqdm

from craftlite.data.fingerprint import fingerprint
from craftlite.data.loader import Crops
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.data.sources import Listed
from craftlite.detector import Detector, Maps
from craftlite.errors import CraftliteError, WeightsError
from craftlite.evaluate.bootstrap import hmeans, interval
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.score import Score, Tally, summed
from craftlite.evaluate.tune import search
from craftlite.export import onnx_of
from craftlite.files import sha256_of
from craftlite.model.files import read_model
from craftlite.postprocess import Thresholds
from craftlite.runtime import OnnxRuntime, Runtime
from craftlite.train.detector.loss import craft_loss
from craftlite.train.detector.validate import AS_THEY_ARE, THRESHOLDS
from craftlite.train.records.curves import series
from craftlite.train.records.log import read_log
from craftlite.train.run_folder import WEIGHTS
from tools import bodies  # noqa: F401 - their names are known then
from tools.compare_runs import hours_of

CROP = 512  # pixels
SEED = 0
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


@dataclass(frozen=True)
class Pictures:
    """What every RUN is looked at on, and the pixels that longer sides are scaled to."""

    train: Sequence[Sample]
    val: Sequence[Sample]
    long_side: int


class InTurn(Crops):
    """Crops of one list of samples, a crop a sample in their order."""

    def draw(self, index: int) -> tuple[Sample, np.random.Generator]:
        """Sample number `index`, and the generator that cuts it."""
        [source] = self.sources
        assert isinstance(source, Listed)
        return source.samples[index], np.random.default_rng((self.seed, index))


def spread(samples: Sequence[Sample], count: int) -> Sequence[Sample]:
    """So many of the samples, evenly from all; 150 of 900 are every sixth, from the first."""
    return samples[:: max(1, len(samples) // count)][:count]


def weights_of(run: Path) -> Path:
    """The file of weights that a RUN means.

    Raises:
        WeightsError: it is not there.
    """
    file = run / WEIGHTS if run.is_dir() else run
    if not file.is_file():
        raise WeightsError(f"{run}: neither a file of weights nor a folder with {WEIGHTS}")
    return file


def opened(weights: Path, threads: int | None) -> Runtime:
    """The network of a file of weights, in ONNX Runtime: on CPUs it takes a third of torch's time.

    Raises:
        WeightsError: the weights cannot be read.
    """
    network, model = read_model(weights)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        onnx.save(onnx_of(network, model), file)
        return OnnxRuntime(file, threads=threads)


def mean_loss(runtime: Runtime, samples: Sequence[Sample]) -> float:
    """The mean loss of a crop of each sample, scaled and cut and otherwise as it is."""
    crops = InTurn([Listed(samples)], [1.0], CROP, SEED, AS_THEY_ARE)
    losses = []
    for number in tqdm(range(len(samples)), desc="loss", leave=False, mininterval=5):
        picture, scores, weight = crops[number]
        maps = torch.from_numpy(runtime(picture[None].numpy()))
        losses.append(craft_loss(maps.permute(0, 2, 3, 1), scores[None], weight[None]).total)
    return float(torch.stack(losses).mean())


def judged(
    detector: Detector, seen: Iterable[tuple[Sample, Maps]], levels: Sequence[Thresholds]
) -> list[list[Tally]]:
    """What is found on pictures whose maps are known, a tally each, for each of the thresholds."""
    metrics = [Metric("iou") for _ in levels]
    for sample, maps in seen:
        for metric, level in zip(metrics, levels, strict=True):
            words = detector.words(maps, level, polygons=False)
            metric.update(sample.words, Detections.of(words))
    return [metric.tallies for metric in metrics]


def tuned(detector: Detector, seen: Sequence[tuple[Sample, Maps]]) -> Thresholds:
    """The thresholds that give the best H-mean on pictures whose maps are known."""
    bar = tqdm(desc="thresholds", unit="combination", leave=False, mininterval=5)

    def trial(_: int, levels: Thresholds) -> list[Score]:
        bar.update()
        return [summed(judged(detector, seen, [levels])[0])]

    *_, best = search(trial, THRESHOLDS, [detector.long_side])
    bar.close()
    return best.thresholds


def figures(runtime: Runtime, pictures: Pictures) -> dict[str, Any]:
    """Losses, thresholds and scores of a network, by column."""
    facts: dict[str, Any] = {
        "network": runtime.network,
        "train_loss": mean_loss(runtime, pictures.train),
        "val_loss": mean_loss(runtime, pictures.val),
    }
    detector = Detector(runtime, long_side=pictures.long_side)

    def maps(samples: Sequence[Sample]) -> Iterable[tuple[Sample, Maps]]:
        for sample in tqdm(samples, desc="maps", leave=False, mininterval=5):
            yield sample, detector.maps(sample.pixels())

    # Of the validation pictures alone are the maps needed more than once.
    val = list(maps(pictures.val))
    best = tuned(detector, val)
    facts |= {"text": best.text, "link": best.link, "low": best.low}
    for name, seen in (("train", maps(pictures.train)), ("val", val)):
        tallies, fixed = judged(detector, seen, [best, THRESHOLDS])
        score = summed(tallies)
        facts |= {
            f"{name}_hmean": score.hmean,
            f"{name}_precision": score.precision,
            f"{name}_recall": score.recall,
            f"{name}_hmean_fixed": summed(fixed).hmean,
        }
    # The validation pictures were the last.
    facts["val_tallies"] = ";".join(" ".join(f"{n:g}" for n in tally) for tally in tallies)
    return facts


def tallies_of(row: Row) -> list[Tally]:
    """The validation pictures' sums in a line of the CSV."""
    parts = [map(float, part.split()) for part in row["val_tallies"].split(";")]
    return [
        Tally(truths, detections, found, correct, int(repaired))
        for truths, detections, found, correct, repaired in parts
    ]


def from_log(run: Path) -> dict[str, float]:
    """What a run's folder says of the training: steps, crops, minutes of steps, loss at the end.

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
    """How much better a RUN is on the validation pictures than the first, by column."""
    one, other = tallies_of(row), tallies_of(first)
    low, high = interval(hmeans(one) - hmeans(other))
    return {
        "against": first["run"],
        "difference": summed(one).hmean - summed(other).hmean,
        "difference_low": low,
        "difference_high": high,
    }


def as_text(facts: dict[str, Any]) -> Row:
    """Figures as the CSV has them: floats to six digits."""
    return {
        name: f"{value:.6g}" if isinstance(value, float) else str(value)
        for name, value in facts.items()
    }


def scored(
    run: Path, known: Sequence[Row], first: Row | None, pictures: Pictures, threads: int | None
) -> tuple[Row, bool]:
    """A RUN's line, with its difference from the first RUN's, and whether it had to be computed.

    Args:
        run: the folder or file.
        known: lines that are there.
        first: the line of the first RUN; None where this is it.
        pictures: to look at.
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
        facts = key | figures(opened(weights, threads), pictures)
        facts["seconds"] = time.perf_counter() - began
        row = dict.fromkeys(COLUMNS, "") | as_text(facts)
    # Weights that are known may have been scored as a file elsewhere, without their log.
    row = row | as_text(from_log(run)) | {"run": str(run)}
    return row | as_text(difference(row, first or row)), is_new


def read_rows(file: Path) -> list[Row]:
    """The lines of a CSV; none where it is not there.

    Raises:
        CraftliteError: it has other columns.
    """
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as text:
        reader = csv.DictReader(text)
        if tuple(reader.fieldnames or ()) not in ((), COLUMNS):
            raise CraftliteError(f"{file}: has other columns than this tool's; name another --out")
        return list(reader)


def append(file: Path, row: Row) -> None:
    """One more line in a CSV; the first has the columns' names above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, COLUMNS)
        if not text.tell():
            writer.writeheader()
        writer.writerow(row)


def told(row: Row) -> str:
    """A RUN in a line."""

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


def main() -> int:
    """Score each RUN, print it and note it; 1 where something cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("runs", nargs="+", type=Path, metavar="RUN", help="folder of a training, or .safetensors")
    add("--data", type=Path, required=True, metavar="DIR", help="ICDAR 2015's folders")
    add("--long-side", type=int, default=1920, metavar="PIXELS", help="of pictures; default 1920")
    add("--train-pictures", type=int, default=150, metavar="N", help="evenly from all; default 150")
    add("--val-pictures", type=int, default=100, metavar="N", help="likewise; default 100, all")
    add("--threads", type=int, metavar="N", help="by default the machine's cores")
    add("--out", type=Path, default=Path("results.csv"), metavar="FILE", help="the CSV")
    args = parser.parse_args()
    if min(args.train_pictures, args.val_pictures) < 1:
        parser.error("--train-pictures and --val-pictures must be at least 1")
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
            row, is_new = scored(run, known, first, pictures, args.threads)
            first = first or row
            if is_new:
                append(args.out, row)
                known.append(row)
            print(told(row), flush=True)
    except CraftliteError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
