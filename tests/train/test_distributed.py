"""Two processes with half the batch each do what one does with the whole."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import multiprocessing

from craftlite.data.loader import Batch, StepSampler
from craftlite.train.checkpoint import load_checkpoint
from craftlite.train.detector.task import DetectorTask
from craftlite.train.distributed import Group, process_group
from craftlite.train.recipe import Recipe
from craftlite.train.trainer import Trainer

RECIPE = Recipe(batch=4, crop=64, warmup=0, optimiser="sgd", momentum=0, clip=1e9, workers=0)
CPU = torch.device("cpu")


def batch() -> Batch:
    """Four crops, the same in every process."""
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randn(4, 3, 64, 64, generator=generator)
    scores = torch.rand(4, 2, 32, 32, generator=generator)
    return Batch(pictures, scores, torch.ones(4, 32, 32))


def still(trainer: Trainer) -> Trainer:
    """A trainer whose batch norm uses its running statistics, which do not depend on the batch."""
    trainer.model.eval()
    for module in (trainer.model, trainer.model.basenet):
        module.train = lambda mode=True, module=module: module
    return trainer


def weights_after_a_step(group: Group, recipe: Recipe, folder: Path) -> None:
    torch.set_num_threads(1)
    trainer = still(Trainer(DetectorTask(recipe), group))
    whole = batch()
    sampler = StepSampler(0, 1, 4, recipe.accumulate, group.rank, group.size)
    trainer.train_step([Batch(*(part[list(numbers)] for part in whole)) for numbers in sampler])
    torch.save(trainer.model.state_dict(), folder / f"{group.size}-{group.rank}.pt")


def in_a_group(rank: int, port: int, recipe: Recipe, folder: Path) -> None:
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    with process_group() as group:
        assert group == Group(CPU, rank, 2)
        assert group.any(rank == 1)
        assert not group.any(False)
        weights_after_a_step(group, recipe, folder)
        group.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("accumulate", [1, 2])
def test_two_halves_give_the_gradients_of_the_whole(accumulate: int, tmp_path: Path) -> None:
    # Plain SGD at rate 1: what a step changes is the gradient.
    recipe = replace(
        RECIPE, learning_rate=1.0, weight_decay=0.0, accumulate=accumulate, precision="fp32"
    )
    before = Trainer(DetectorTask(recipe), Group(CPU)).model.state_dict()
    before = {name: value.clone() for name, value in before.items()}
    weights_after_a_step(Group(CPU), replace(recipe, accumulate=1), tmp_path)
    multiprocessing.spawn(in_a_group, (free_port(), recipe, tmp_path), nprocs=2)
    one, first, second = (torch.load(tmp_path / f"{n}.pt") for n in ("1-0", "2-0", "2-1"))
    changed = 0
    for name in (name for name in one if name.endswith((".weight", ".bias"))):
        gradient = before[name] - one[name]
        torch.testing.assert_close(before[name] - first[name], gradient, rtol=1e-4, atol=1e-5)
        assert torch.equal(first[name], second[name])
        changed += bool(gradient.any())
    assert changed > 100


def test_torchrun_trains_validates_and_resumes(tmp_path: Path, icdar15: Path) -> None:
    out = tmp_path / "run"
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"),
        *("--standalone", "-m", "craftlite.cli", "train"),
        *("--dataset", "icdar15", "--data", str(icdar15), "--out", str(out), "--init", "none"),
        *("--steps", "4", "--batch", "2", "--crop", "64", "--workers", "1", "--threads", "1"),
        *("--save-every", "2", "--log-every", "1", "--validate-long-side", "160"),
        *("--pseudo-every", "2", "--accumulate", "1", "--freeze-steps", "1"),
    ]
    fresh = subprocess.run(command, check=True, timeout=300, capture_output=True)
    assert b"\r" not in fresh.stderr and b"\n4 steps, " in fresh.stderr
    state = load_checkpoint(out / "checkpoint.pt")
    assert state["step"] == 4
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4]
    assert sum("hmean" in line for line in lines) == 1
    done = subprocess.run([*command, "--resume"], check=True, timeout=300, capture_output=True)
    assert b"Traceback" not in done.stderr
