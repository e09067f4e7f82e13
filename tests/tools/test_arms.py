"""Trainings with one thing changed: they run and resume, and leave the network's own weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from craftlite.model import build_model
from craftlite.model.files import read_model
from craftlite.train.detector import task
from craftlite.train.loop import train
from craftlite.train.recipe import Recipe
from craftlite.train.records.log import read_log
from tools.arms import ARMS, dice, main

CHANGED = ("base", "muon", "dice", "focal", "heads")


@pytest.mark.parametrize("name", CHANGED)
def test_an_arm_trains_and_leaves_weights_of_the_network(
    name: str, quads: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    recipe = Recipe(steps=2, batch=2, crop=64, workers=0, log_every=1)
    arm = ARMS[name].task(recipe, ["quads"], [quads])
    file = train(arm, out)
    losses = [line["loss"] for line in read_log(out / "log.jsonl") if "loss" in line]
    assert len(losses) == 2
    assert np.isfinite(losses).all()
    network, weights = read_model(file)
    assert weights.state_dict().keys() == build_model(network).state_dict().keys()
    assert train(arm, out, resume=True) == file


@pytest.mark.usefixtures("without_export")
@pytest.mark.parametrize("name", ["heads", "batch4"])
def test_an_arms_task_and_options_are_taken(
    name: str, quads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    loss = ARMS[name].task.loss
    monkeypatch.setattr(
        ARMS[name].task, "loss", lambda *given: seen.append(len(given[2].pictures)) or loss(*given)
    )
    before = task.DetectorTask
    line = "--recipe short --init none --batch 2 --crop 64 --workers 0 --steps 1 --pseudo-every 0"
    line += f" --dataset quads --data {quads}"
    assert main([name, "--out", str(tmp_path / "run"), "--", *line.split()]) == 0
    assert task.DetectorTask is before
    assert seen == [{"heads": 2, "batch4": 4}[name]]


def test_an_unknown_arm_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["none", "--", "--dataset", "quads"]) == 2
    assert ", ".join(ARMS) in capsys.readouterr().err


def test_dice_is_nothing_where_maps_agree_and_one_where_they_do_not() -> None:
    truth = torch.zeros(1, 2, 40, 40)
    truth[:, :, :20] = 1
    weight = torch.ones(1, 40, 40)
    assert dice(truth, truth, weight).item() == pytest.approx(0, abs=1e-6)
    assert dice(1 - truth, truth, weight).item() == pytest.approx(1, abs=1e-3)
    # Where nothing counts, nothing is lost.
    assert dice(1 - truth, truth, 0 * weight).item() == 0
