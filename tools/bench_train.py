"""Time the training step against the plainest loop, and the loader against both.

    python tools/bench_train.py --dataset synth --data DIR --dataset icdar15 --data DIR

Crops a second of: forward, backward and AdamW on one batch in memory; the trainer's step on the
same batch; the trainer's step on batches from the loader, with the share of time that it waited for
them. In turns, so that a slow minute of the machine slows all.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from craftlite.data.loader import Batch, Crops, Shares, batches
from craftlite.model import build_model
from craftlite.train.distributed import joined
from craftlite.train.loss import craft_loss
from craftlite.train.recipe import Recipe
from craftlite.train.run import Run
from craftlite.train.session import tiny_numbers_as_zero
from craftlite.train.trainer import Trainer


def plain_step(batch: Batch, recipe: Recipe, translate: bool = False) -> Callable[[], None]:
    """The least that a training does, the network as it is or translated by torch.compile."""
    model = build_model(recipe.network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    pictures = batch.pictures.contiguous(memory_format=torch.channels_last)

    forward = torch.compile(model) if translate else model

    def step() -> None:
        loss = craft_loss(forward(pictures)[0], batch.scores, batch.weight).total
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step


def timed(step: Callable[[], object], count: int) -> float:
    """Seconds of one of `count` steps."""
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) / count


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", action="append", default=[])
    parser.add_argument("--data", action="append", default=[], type=Path)
    parser.add_argument("--crop", type=int, default=320)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3, help="of each in a turn")
    parser.add_argument("--turns", type=int, default=5)
    args = parser.parse_args()
    recipe = Recipe(crop=args.crop, batch=args.batch, workers=args.workers)
    run = Run(recipe, args.dataset or ["synth"], args.data, Path())
    mix = run.open_mix()
    crops = Crops(mix.sources, mix.shares, recipe.crop, recipe.seed)
    stream = batches(crops, Shares(0, 10**6, recipe.batch), recipe.workers)
    [batch] = next(stream)
    waited: list[float] = []
    with joined() as group, tiny_numbers_as_zero():
        trainer = Trainer(recipe, group)

        def from_loader() -> None:
            start = time.perf_counter()
            parts = next(stream)
            waited.append(time.perf_counter() - start)
            trainer.train_step(parts)

        roads: dict[str, Callable[[], object]] = {
            "plain": plain_step(batch, recipe),
            "plain, compiled": plain_step(batch, recipe, translate=True),
            "trainer": lambda: trainer.train_step([batch]),
            "trainer and loader": from_loader,
        }
        for step in roads.values():
            step()  # the first steps allocate, and compile
        waited.clear()
        times: dict[str, list[float]] = {name: [] for name in roads}
        for _ in range(args.turns):
            for name, step in roads.items():
                times[name].append(timed(step, args.steps))
    seconds = {name: statistics.median(of_road) for name, of_road in times.items()}
    facts = {name: round(recipe.batch / second, 2) for name, second in seconds.items()}
    share = sum(waited) / (sum(times["trainer and loader"]) * args.steps)
    print(json.dumps({"crops_per_second": facts, "waiting": round(share, 4)}, indent=2))


if __name__ == "__main__":
    main()
