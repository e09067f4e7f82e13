"""Time a training's parts: the plainest loop, the trainer, and crops from host and device.

    python tools/bench_train.py --dataset icdar15 --data DIR --crop 512 --batch 64

Crops and megapixels a second of: forward, backward and AdamW on one batch in memory, as it is, by
channels, and translated by torch.compile; the trainer's step on that batch; drawing crops on the
device; and the trainer's step on crops from the host and from the device, with the share of time
that it waited. In turns, so that a slow minute of the machine slows all. On a GPU where there is
one; on-the-fly `synth` has no crops from the device.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from craftlite.data.loader import Batch, StepSampler
from craftlite.model import build_model
from craftlite.train.detector.feed import crop_batches, painter_of
from craftlite.train.detector.loss import craft_loss
from craftlite.train.detector.mix import MixedSource, open_mix
from craftlite.train.detector.task import DetectorTask
from craftlite.train.distributed import Group, process_group
from craftlite.train.precision import arithmetic, flush_denormals
from craftlite.train.recipe import Recipe
from craftlite.train.trainer import Trainer

Step = Callable[[], object]


def plain_step(
    batch: Batch,
    recipe: Recipe,
    device: torch.device,
    layout: torch.memory_format = torch.channels_last,
    translate: bool = False,
) -> Step:
    """The least that a training does, the network as it is or translated by torch.compile."""
    model = build_model(recipe.network).to(device, memory_format=layout)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=device.type == "cuda")
    there = Batch(*(part.to(device) for part in batch))
    pictures = there.pictures.contiguous(memory_format=layout)
    dtype = arithmetic(recipe, device)
    forward = torch.compile(model) if translate else model

    def step() -> None:
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            scores = forward(pictures)[0]
        loss = craft_loss(scores, there.scores, there.weight)["loss"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step


def fed_step(trainer: Trainer, stream: Iterator[Any], waited: list[float]) -> Step:
    """The trainer's step on what a stream gives; the seconds that it waits are gathered."""

    def step() -> None:
        start = time.perf_counter()
        parts = next(stream)
        waited.append(time.perf_counter() - start)
        trainer.train_step(parts)

    return step


def roads(
    mix: list[MixedSource],
    recipe: Recipe,
    group: Group,
    waited: dict[str, list[float]],
    compiled: bool,
) -> dict[str, Step]:
    """What is timed, by name."""
    device = group.device
    trainer = Trainer(DetectorTask(recipe), group)
    sampler = StepSampler(0, 10**6, recipe.batch)
    from_host = crop_batches(mix, recipe, sampler, None)
    [batch] = next(from_host)
    result: dict[str, Step] = {
        "plain": plain_step(batch, recipe, device),
        "plain, channels first": plain_step(batch, recipe, device, torch.contiguous_format),
        "trainer": lambda: trainer.train_step([batch]),
        "trainer, crops from the host": fed_step(trainer, from_host, waited["host"]),
    }
    if compiled:
        result["plain, compiled"] = plain_step(batch, recipe, device, translate=True)
    painter = painter_of(replace(recipe, crops="device"), mix, group)
    assert painter is not None
    from_device = crop_batches(mix, recipe, sampler, painter)
    result["crops of the device alone"] = lambda: next(from_device)
    result["trainer, crops from the device"] = fed_step(trainer, from_device, waited["device"])
    return result


def timed(step: Step, count: int, device: torch.device) -> float:
    """Seconds of one of `count` steps."""
    _finish(device)
    start = time.perf_counter()
    for _ in range(count):
        step()
    _finish(device)
    return (time.perf_counter() - start) / count


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", action="append", default=[], required=True)
    parser.add_argument("--data", action="append", default=[], type=Path)
    parser.add_argument("--crop", type=int, default=320)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3, help="of each in a turn")
    parser.add_argument("--compiled", action="store_true", help="translated too: takes minutes")
    parser.add_argument("--turns", type=int, default=5)
    args = parser.parse_args()
    recipe = Recipe(crop=args.crop, batch=args.batch, workers=args.workers)
    mix = open_mix(args.dataset, args.data)
    waited: dict[str, list[float]] = {"host": [], "device": []}
    times: dict[str, list[float]] = {}
    torch.backends.cudnn.benchmark = True
    with process_group() as group, flush_denormals():
        steps = roads(mix, recipe, group, waited, args.compiled)
        for name, step in steps.items():
            start = time.perf_counter()
            timed(step, 2, group.device)  # the first ones allocate, and compile
            print(f"{name}: ready in {time.perf_counter() - start:.1f} s", flush=True)
        for part in waited.values():
            part.clear()
        for _ in range(args.turns):
            for name, step in steps.items():
                times.setdefault(name, []).append(timed(step, args.steps, group.device))
        name = torch.cuda.get_device_name(group.device) if group.device.type == "cuda" else "cpu"
    print(json.dumps({"device": name, "parts": figures(times, waited, args)}, indent=2))


def figures(
    times: dict[str, list[float]], waited: dict[str, list[float]], args: argparse.Namespace
) -> dict[str, Any]:
    """Crops and megapixels a second of each part, and what share of the time it waited."""
    result: dict[str, Any] = {}
    for name, of_part in times.items():
        crops = args.batch / statistics.median(of_part)
        result[name] = {"crops": round(crops, 1), "mpixels": round(crops * args.crop**2 / 1e6, 1)}
        source = name.rpartition(" ")[2]
        if name.startswith("trainer, crops"):
            waiting = sum(waited[source]) / (sum(of_part) * args.steps)
            result[name]["waiting"] = round(waiting, 4)
    return result


if __name__ == "__main__":
    main()
