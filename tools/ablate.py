"""Train one design choice for a short while, and say how good it is: one change at a time.

    python tools/ablate.py --out runs/ablation --synth DIR --heldout DIR --icdar15 DIR base wide ...
    python tools/ablate.py --out runs/ablation --table

Every choice starts from random weights and sees the same crops of generated text. Its H-mean, with
thresholds searched for it alone, is that on generated pictures that were kept apart and that on
ICDAR 2015's img_901..1000. The loss is that of the first, by the base's targets: those of other
targets cannot be compared. A line for each goes into OUT/results.jsonl, a choice that is there is
not trained again; --table prints them.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from craftlite.data import targets
from craftlite.data.augment import Augmentation
from craftlite.data.loader import Crops, Shares, batches
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.data.sources import open_source
from craftlite.detector import Detector
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols import Metric
from craftlite.evaluate.score import Score
from craftlite.evaluate.tune import search
from craftlite.model import Craft
from craftlite.model.blocks import conv_bn
from craftlite.model.mobilenet import MobileNetV2
from craftlite.model.rexnet import LITE, Plan, ReXNet, Stage
from craftlite.model.slim import slim_decoder
from craftlite.postprocess import Thresholds
from craftlite.runtime import TorchRuntime
from craftlite.train import loss
from craftlite.train.distributed import Group, joined
from craftlite.train.log import read_log
from craftlite.train.recipe import Recipe
from craftlite.train.session import tiny_numbers_as_zero
from craftlite.train.trainer import Trainer
from craftlite.train.validate import Validation

SIDES = {"heldout": 640, "icdar15": 1440}
HELDOUT = 200  # generated pictures to score on
BASE = Recipe(
    crop=256, batch=16, accumulate=2, learning_rate=2e-3, warmup=100, ema=0.998, seed=3, workers=1
)
# Smaller and more level words than the trainings' crops: the table was begun with them.
CROPS = Augmentation(heights=(10.0, 64.0), any_rotation=0.03)


class QuarterSize(nn.Module):
    """A detector that stops at quarter size, its scores drawn up to half size."""

    def __init__(self) -> None:
        super().__init__()
        self.basenet = ReXNet()
        *ups, _ = slim_decoder(self.basenet.channels)
        self.ups = nn.ModuleList(ups[:-1])
        self.head = nn.Sequential(conv_bn(48, 16, 3), nn.Conv2d(16, 2, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As `Craft`'s."""
        deep, *skips = self.basenet(x)
        for up, skip in zip(self.ups, skips, strict=False):
            deep = up(deep, skip)
        scores = nn.functional.interpolate(self.head(deep), scale_factor=2, mode="bilinear")
        return scores.permute(0, 2, 3, 1), deep


class PlainDecoder(nn.Module):
    """A decoder's step as the slim one's, with a plain 3x3 convolution."""

    def __init__(self, deep: int, skip: int, out: int) -> None:
        super().__init__()
        self.deep, self.skip = conv_bn(deep, out, act=None), conv_bn(skip, out, act=None)
        self.refine = nn.Sequential(nn.ReLU(inplace=True), conv_bn(out, out, 3))

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """(N, deep, h, w) and (N, skip, H, W) to (N, out, H, W)."""
        up = nn.functional.interpolate(self.deep(deep), skip.shape[2:], mode="bilinear")
        out: Tensor = self.refine(self.skip(skip) + up)
        return out


def plain_decoder(channels: Sequence[int]) -> list[nn.Module]:
    """The slim decoder's widths with plain convolutions."""
    widths = (channels[0], 96, 64, 48, 16)
    steps = zip(pairwise(widths), channels[1:], strict=True)
    *_, head = slim_decoder(channels)
    return [*(PlainDecoder(deep, skip, out) for (deep, out), skip in steps), head]


def detector(plan: Plan = LITE, widths: Sequence[int] = (96, 64, 48, 16)) -> nn.Module:
    """A light detector with another body or other widths of the decoder."""
    return Craft(ReXNet(plan), lambda channels: slim_decoder(channels, widths))


def squeezed(stage: Stage) -> Stage:
    """A stage with squeeze-excitation."""
    return replace(stage, squeeze=True)


STARVED = (
    *(Stage((16,), 1), Stage((16, 16), 4), Stage((32, 32, 32), 4)),
    *LITE.stages[3:],
)
# Widths in even steps of 8, from the body's first design.
EIGHTS = (
    *(Stage((16,), 1), Stage((24, 40), 3), Stage((48, 64))),
    *(Stage((72, 80, 96, 104, 120, 128)), Stage((144, 152, 160, 168, 176))),
)
EARLY = (
    *(Stage((16,), 1), Stage((32, 32, 48), 3), Stage((64, 64, 80, 80), 4)),
    *(Stage((96, 96, 112, 128)), Stage((144, 160, 176))),
)


@dataclass(frozen=True)
class Choice:
    """What is changed: the network, settings, constants as (module, name, value), the crops."""

    says: str
    build: Callable[[], nn.Module] = detector
    settings: dict[str, Any] = field(default_factory=dict)
    constants: Sequence[tuple[Any, str, Any]] = ()
    crops: Augmentation = CROPS


CHOICES = {
    "base": Choice("as `craftlite-small` is"),
    "seed": Choice("the same with another seed", settings={"seed": 4}),
    "quarter": Choice("maps at quarter size", QuarterSize),
    "sharp": Choice("Gaussian of sigma 0.3 for 0.4", constants=[(targets, "SIGMA", 0.3)]),
    "soft": Choice("Gaussian of sigma 0.5", constants=[(targets, "SIGMA", 0.5)]),
    "tight": Choice("box enlarged by 1.25 for 1.5", constants=[(targets, "ENLARGEMENT", 1.25)]),
    "mine1": Choice("1 negative for 3", constants=[(loss, "NEGATIVES_PER_POSITIVE", 1)]),
    "mine9": Choice("9 negatives for 3", constants=[(loss, "NEGATIVES_PER_POSITIVE", 9)]),
    "narrow": Choice("decoder of half the width", lambda: detector(widths=(48, 32, 24, 16))),
    "wide": Choice("decoder half as wide again", lambda: detector(widths=(144, 96, 72, 24))),
    "plain": Choice("plain 3x3 in the decoder", lambda: Craft(ReXNet(), plain_decoder)),
    "starved": Choice("narrower early layers", lambda: detector(Plan(STARVED))),
    "eights": Choice("more and wider deep blocks, multiples of 8", lambda: detector(Plan(EIGHTS))),
    "early": Choice("more and wider early blocks", lambda: detector(Plan(EARLY))),
    "mobilenet": Choice("MobileNetV2's body", lambda: Craft(MobileNetV2(), slim_decoder)),
    "squeeze": Choice(
        "squeeze-excitation from stride 8 on",
        lambda: detector(Plan((*LITE.stages[:2], *map(squeezed, LITE.stages[2:])))),
    ),
    "silu": Choice("SiLU for ReLU in the body", lambda: detector(replace(LITE, act=nn.SiLU))),
    "crop384": Choice("8 crops of 384 for 16 of 256", settings={"crop": 384, "batch": 8}),
    "crop192": Choice("28 crops of 192 for 16 of 256", settings={"crop": 192, "batch": 28}),
    "scales": Choice(
        "words of 8 to 128 pixels for 10 to 64", crops=replace(CROPS, heights=(8.0, 128.0))
    ),
    "ema0": Choice("no moving average", settings={"ema": 0.0}),
    "ema9995": Choice("moving average of decay 0.9995", settings={"ema": 0.9995}),
}


class Chosen(Trainer[Recipe]):
    """A trainer of what a choice builds."""

    def __init__(self, choice: Choice, recipe: Recipe, group: Group) -> None:
        self.choice = choice
        super().__init__(recipe, group)

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
    shares = Shares(0, recipe.steps, recipe.batch, recipe.accumulate)
    with joined() as group, tiny_numbers_as_zero(), changed(choice.constants):
        trainer = Chosen(choice, recipe, group)
        start = time.perf_counter()
        with closing(batches(stream, shares, recipe.workers)) as steps_of_parts:
            for parts in tqdm(steps_of_parts, total=recipe.steps, mininterval=10):
                trainer.train_step(parts)
        return trainer.ema.module, (time.perf_counter() - start) / 60


def tuned(model: nn.Module, samples: Sequence[Sample], long_side: int) -> tuple[Score, Thresholds]:
    """The best score of a network on pictures, and the thresholds that give it."""
    runtime = TorchRuntime("craftlite-small", model, "cpu")
    looked = Detector(runtime, long_side=long_side)
    maps = [looked.maps(sample.pixels()) for sample in tqdm(samples, mininterval=10)]

    def trial(_: int, levels: Thresholds) -> Score:
        metric = Metric("iou")
        for sample, seen in zip(samples, maps, strict=True):
            words = looked.words(seen, levels, polygons=False)
            metric.update(sample.words, Detections.of(words))
        return metric.summary()

    *_, best = search(trial, Thresholds(0.5, 0.3, 0.3), [long_side])
    return best.score, best.thresholds


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
    facts["loss"] = round(Validation(heldout, BASE).loss(model), 5)
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


def main() -> int:
    """Train, score and note each choice; or print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("choices", nargs="*", metavar="CHOICE", help=", ".join(CHOICES))
    parser.add_argument("--out", type=Path, required=True, help="folder of results.jsonl")
    parser.add_argument("--synth", type=Path, help="generated pictures to train on")
    parser.add_argument("--heldout", type=Path, help="others, of which the first 200 are scored")
    parser.add_argument("--icdar15", type=Path, help="the competition's folders")
    parser.add_argument("--crops", type=int, default=12800, help="of 256x256, or their pixels")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    results = args.out / "results.jsonl"
    lines = read_log(results)
    if args.table:
        print(table(lines))
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
