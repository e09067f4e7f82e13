"""Train one design choice for a short while, and say how good it is: one change at a time.

    python -m tools.ablate --synth DIR --heldout DIR --icdar15 DIR base wide ...
    python -m tools.ablate --table
    python -m tools.ablate --time base silu ...

Every choice starts from random weights and sees the same crops of generated text. Its H-mean, with
thresholds searched for it alone, is that on generated pictures that were kept apart and that on
ICDAR 2015's img_901..1000. The loss is that of the first, by the base's targets: those of other
targets cannot be compared. A line for each goes into OUT/results.jsonl, a choice that is there is
not trained again; --table prints them, and --time the milliseconds of choices' networks.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
import torch
from torch import nn
from tqdm import tqdm

from craftlite.data import targets
from craftlite.data.loader import Crops, StepSampler, batches
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.data.sources import open_source
from craftlite.detector import Detector
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.score import Score
from craftlite.evaluate.speed import time_networks
from craftlite.evaluate.tune import search
from craftlite.export import onnx_of
from craftlite.postprocess import Thresholds
from craftlite.runtime import TorchRuntime
from craftlite.train.detector.task import DetectorTask
from craftlite.train.detector.validate import WordScore
from craftlite.train.distributed import process_group
from craftlite.train.precision import flush_denormals
from craftlite.train.recipe import Recipe
from craftlite.train.records.log import read_log
from craftlite.train.trainer import Trainer
from tools.choices import CHOICES, Choice

SIDES = {"heldout": 640, "icdar15": 1440}
HELDOUT = 200  # generated pictures to score on
SIZE = (1280, 736)  # pixels, width and height, of the picture that networks are timed on
RUNS = 9
BASE = Recipe(
    crop=256, batch=16, accumulate=2, learning_rate=2e-3, warmup=100, ema=0.998, seed=3, workers=1
)


@dataclass
class ChosenTask(DetectorTask):
    """A detector that a choice builds."""

    choice: Choice = field(kw_only=True)

    def build(self) -> nn.Module:
        """The network, with random weights."""
        return self.choice.build()


@contextmanager
def changed(constants: Sequence[tuple[Any, str, Any]]) -> Iterator[None]:
    """Constants (module, name, value) have other values inside."""
    before = [(module, name, getattr(module, name)) for module, name, _ in constants]
    for module, name, value in constants:
        setattr(module, name, value)
    targets.gaussian_template.cache_clear()  # it is drawn by SIGMA
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
        targets.gaussian_template.cache_clear()


def trained(choice: Choice, crops: int, args: argparse.Namespace) -> tuple[nn.Module, float]:
    """The averaged network after so many crops, and the minutes that they took."""
    settings = replace(BASE, **choice.settings)
    steps = round(crops * BASE.crop**2 / (settings.batch * settings.crop**2))
    recipe = replace(settings, steps=steps, threads=args.threads)
    source = open_source("words", args.synth)
    stream = Crops([source], [1.0], recipe.crop, recipe.seed, choice.crops)
    sampler = StepSampler(0, recipe.steps, recipe.batch, recipe.accumulate)
    with process_group() as group, flush_denormals(), changed(choice.constants):
        trainer = Trainer(ChosenTask(recipe, choice=choice), group)
        start = time.perf_counter()
        with closing(batches(stream, sampler, recipe.workers)) as steps_of_parts:
            for parts in tqdm(steps_of_parts, total=recipe.steps, mininterval=10):
                trainer.train_step(parts)
        return trainer.ema.module, (time.perf_counter() - start) / 60


def tuned(model: nn.Module, samples: Sequence[Sample], long_side: int) -> tuple[Score, Thresholds]:
    """The best score of a network on pictures, and the thresholds that give it."""
    runtime = TorchRuntime("craftlite-small", model, "cpu")
    looked = Detector(runtime, long_side=long_side)
    maps = [looked.maps(sample.pixels()) for sample in tqdm(samples, mininterval=10)]

    def trial(_: int, levels: Thresholds) -> list[Score]:
        metric = Metric("iou")
        for sample, seen in zip(samples, maps, strict=True):
            words = looked.words(seen, levels, polygons=False)
            metric.update(sample.words, Detections.of(words))
        return [metric.summary()]

    *_, best = search(trial, Thresholds(0.5, 0.3, 0.3), [long_side])
    return best.scores[0], best.thresholds


def figures(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """A choice's line of the results."""
    choice = CHOICES[name]
    model, minutes = trained(choice, args.crops, args)
    facts: dict[str, Any] = {
        "choice": name,
        "says": choice.says,
        "parameters": sum(p.numel() for p in model.parameters()),
        "crops": args.crops,
        "minutes": round(minutes, 1),
    }
    heldout = read_dataset("words", args.heldout, "train").samples[:HELDOUT]
    facts["loss"] = round(WordScore(heldout, BASE).loss(model), 5)
    real = read_dataset("icdar15", args.icdar15, "val").samples
    for data, samples in (("heldout", heldout), ("icdar15", real)):
        score, levels = tuned(model, samples, SIDES[data])
        facts[data] = round(score.hmean, 4)
        facts[f"{data}_thresholds"] = [levels.text, levels.link, levels.low]
    return facts


def table(lines: Sequence[dict[str, Any]]) -> str:
    """The results as markdown."""
    head = (
        "| choice | parameters | minutes | loss, generated | H-mean, generated "
        "| H-mean, ICDAR 2015 |\n|---|---|---|---|---|---|"
    )
    rows = [
        f"| `{line['choice']}`: {line['says']} | {line['parameters'] / 1e6:.2f} M "
        f"| {line['minutes']:.0f} | {line['loss']:.4f} | {line['heldout']:.1%} "
        f"| {line['icdar15']:.1%} |"
        for line in lines
    ]
    return "\n".join([head, *rows])


def timings(names: Sequence[str], threads: int | None) -> str:
    """Milliseconds of the choices' networks at SIZE by ONNX Runtime, in turn, as markdown."""
    with TemporaryDirectory() as folder:
        files = [f"{folder}/{name}.onnx" for name in names]
        for name, file in zip(names, files, strict=True):
            onnx.save(onnx_of(name, CHOICES[name].build()), file)
        times = time_networks(files, SIZE, threads, RUNS)
    rows = [
        f"| `{name}` | {timing.median:.0f} | {timing.fastest:.0f} |"
        for name, timing in zip(names, times, strict=True)
    ]
    return "\n".join(["| choice | ms, median | ms, fastest |\n|---|---|---|", *rows])


def main() -> int:
    """Train, score and note each choice; or print the table, or their networks' milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("choices", nargs="*", metavar="CHOICE", help=", ".join(CHOICES))
    out = Path("runs/ablation")
    parser.add_argument("--out", type=Path, default=out, help="folder of results.jsonl")
    parser.add_argument("--synth", type=Path, help="generated pictures to train on")
    parser.add_argument("--heldout", type=Path, help="others, of which the first 200 are scored")
    parser.add_argument("--icdar15", type=Path, help="the competition's folders")
    parser.add_argument("--crops", type=int, default=12800, help="of 256x256, or their pixels")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--time", action="store_true")
    args = parser.parse_args()
    results = args.out / "results.jsonl"
    lines = read_log(results)
    if args.table:
        print(table(lines))
        return 0
    if args.time:
        print(timings(args.choices, args.threads or None))
        return 0
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    known = {line["choice"] for line in lines}
    for name in (name for name in args.choices if name not in known):
        line = figures(name, args)
        with results.open("a") as file:
            file.write(json.dumps(line) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
