"""Trainings compared by their weights: a line each, what is known is not computed again."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from craftlite.data.sample import Sample
from craftlite.model import build_model
from craftlite.model.files import save_model
from tools import score_runs
from tools.score_runs import main, spread
from tools.scores.rows import COLUMNS, Row, from_log

PICTURES = "ch4_training_images"
TRUTHS = "ch4_training_localization_transcription_gt"
TRUTH = "10,10,70,10,70,30,10,30,word\n20,50,90,52,90,76,20,74,###\n"
NETWORK = "craftlite-small"

Tool = Callable[..., int]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tool:
    """Runs the tool on two pictures of each split, into a CSV of tmp_path, with more options."""

    def run(*options: object) -> int:
        given = ["--data", tmp_path, "--long-side", 64, "--threads", 1]
        line = ["score_runs.py", *given, "--out", tmp_path / "out.csv", *options]
        monkeypatch.setattr(sys, "argv", [str(word) for word in line])
        return main()

    for folder in (PICTURES, TRUTHS):
        (tmp_path / folder).mkdir()
    for number in (1, 2, 901, 902):
        pixels = np.random.default_rng(number).integers(0, 256, (96, 128, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / PICTURES / f"img_{number}.jpg")
        (tmp_path / TRUTHS / f"gt_img_{number}.txt").write_text(TRUTH)
    write_weights(tmp_path / "first.safetensors", 1)
    return run


def write_weights(file: Path, seed: int) -> None:
    """A network of random weights."""
    torch.manual_seed(seed)
    file.parent.mkdir(exist_ok=True)
    save_model(file, NETWORK, build_model(NETWORK).state_dict())


def write_run(folder: Path) -> None:
    """A run's folder: twenty lines of a log, ten steps each, and a validation."""
    write_weights(folder / "weights.safetensors", 2)
    lines = [
        {"step": 10 * k, "loss": 1 / k, "crops_per_second": 4.0 if k < 20 else 2.0}
        for k in range(1, 21)
    ]
    text = [json.dumps(line) for line in [*lines, {"step": 200, "hmean": 0.5}]]
    (folder / "log.jsonl").write_text("\n".join(text))
    (folder / "config.yaml").write_text("batch: 8\n")


def rows_of(file: Path) -> list[Row]:
    with file.open(newline="") as text:
        return list(csv.DictReader(text))


def test_a_line_each_and_nothing_is_computed_twice(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second"
    write_run(second)
    assert tool(first, second) == 0
    printed = capsys.readouterr().out
    rows = rows_of(tmp_path / "out.csv")
    assert [row["run"] for row in rows] == [str(first), str(second)]
    for row in rows:
        assert tuple(row) == COLUMNS
        assert (row["train_pictures"], row["val_pictures"]) == ("2", "2")
        assert float(row["train_loss"]) > 0
        assert float(row["val_loss"]) > 0
        assert 0 <= float(row["val_hmean"]) <= 1
        assert float(row["val_hmean"]) >= float(row["val_hmean_fixed"])
        assert row["against"] == str(first)
        assert row["val_tallies"].count(";") == 1
    assert {rows[0][f"difference{end}"] for end in ("", "_low", "_high")} == {"0"}
    assert (rows[0]["steps"], rows[1]["steps"]) == ("", "200")
    assert [line.partition(":")[0] for line in printed.splitlines()] == [str(first), str(second)]
    assert "200 steps, 1600 crops in 7.0 min, training loss 0.0513 at the end" in printed

    def fail(*_: object) -> None:
        raise AssertionError("it is computed again")

    monkeypatch.setattr(score_runs, "open_network", fail)
    assert tool(first, second) == 0
    assert capsys.readouterr().out == printed
    assert tool(second, first) == 0
    assert f"+0.00 points against {second}" in capsys.readouterr().out.splitlines()[0]
    assert rows_of(tmp_path / "out.csv") == rows
    # Other pictures or another long side are another question.
    for option in ("--val-pictures", "--train-pictures"):
        with pytest.raises(AssertionError, match="computed again"):
            tool(first, option, 1)
    with pytest.raises(AssertionError, match="computed again"):
        tool(first, "--long-side", 96)


def test_what_cannot_be_used_is_told(
    tool: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool(tmp_path / "none") == 1
    assert "neither a file of weights nor a folder with weights" in capsys.readouterr().err
    (tmp_path / "out.csv").write_text("a,b\n1,2\n")
    assert tool(tmp_path / "first.safetensors") == 1
    assert "choose another --out" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        tool(tmp_path / "first.safetensors", "--val-pictures", 0)


def test_pictures_are_spread_evenly() -> None:
    samples = [Sample(f"img_{n}", Path(), ()) for n in range(1, 901)]
    chosen = [sample.name for sample in spread(samples, 150)]
    assert (len(chosen), chosen[:3], chosen[-1]) == (150, ["img_1", "img_7", "img_13"], "img_895")
    assert spread(samples[:100], 100) == samples[:100]
    assert len(spread(samples, 1000)) == 900


def test_a_training_without_its_settings_has_steps_and_loss_alone(tmp_path: Path) -> None:
    write_run(tmp_path / "run")
    whole = from_log(tmp_path / "run")
    assert from_log(tmp_path) == whole  # as tools/train_pack.py leaves it
    (tmp_path / "run/config.yaml").unlink()
    assert from_log(tmp_path / "run") == {key: whole[key] for key in ("steps", "log_loss")}
    assert from_log(tmp_path / "other") == {}
