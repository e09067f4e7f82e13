"""Trainings with one thing changed: they run and resume, and leave the network's own weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from craftlite.model import build_model
from craftlite.model.files import read_model
from craftlite.train.detector import task
from craftlite.train.records.log import read_log
from tools.arms import ARMS, dice, main

CHANGED = ("base", "muon", "dice", "focal", "heads", "batch4")


def options(quads: Path, out: Path) -> list[str]:
    line = "--recipe short --init none --batch 2 --crop 64 --workers 0 --log-every 1 --steps 2"
    return ["--out", str(out), "--", "--dataset", "quads", "--data", str(quads), *line.split()]


@pytest.mark.parametrize("name", CHANGED)
def test_an_arm_trains_and_leaves_weights_of_the_network(
    name: str, quads: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    before = task.DetectorTask
    assert main([name, *options(quads, out)]) == 0
    assert task.DetectorTask is before
    losses = [line["loss"] for line in read_log(out / "log.jsonl") if "loss" in line]
    assert len(losses) == 2
    assert np.isfinite(losses).all()
    network, weights = read_model(out / "weights.safetensors")
    assert weights.state_dict().keys() == build_model(network).state_dict().keys()
    resumed = [*options(quads, out), "--resume"]
    assert main([name, *resumed]) == 0


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
