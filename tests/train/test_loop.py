"""The training loop: what it writes, when it refuses, and that an interruption changes nothing."""

import json
import multiprocessing
import os
import re
import shutil
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pytest
import torch
import yaml

from craftlite.cli import main
from craftlite.data.loader import Batch
from craftlite.errors import ConfigError, CraftliteError, WeightsError
from craftlite.model.files import read_model, save_model
from craftlite.train.checkpoint import load_checkpoint
from craftlite.train.detector.mix import validation_samples
from craftlite.train.detector.task import DetectorTask
from craftlite.train.distributed import Group
from craftlite.train.loop import train
from craftlite.train.optimiser import learning_rate
from craftlite.train.recipe import Recipe
from craftlite.train.run_folder import RunFolder
from craftlite.train.task import Losses
from craftlite.train.trainer import Trainer

RECIPE = Recipe(steps=6, batch=2, crop=64, warmup=2, workers=0, log_every=2, save_every=3)
ALONE = Group(torch.device("cpu"))


def mix(quads: Path, recipe: Recipe = RECIPE) -> DetectorTask:
    """A training on the folder of quads and on rendered words."""
    return DetectorTask(recipe, ["quads:2", "synth"], [quads])


def log_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def same(one: Any, other: Any) -> bool:
    """Whether two states are equal, bit for bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def interrupt_after(line: int, log: Path, number: signal.Signals) -> threading.Thread:
    """A thread that sends this process a signal when the log has so many lines."""

    def watch() -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if log.exists() and log.read_text().count("\n") >= line:
                # As a terminal or a scheduler does it: the workers get the signal too.
                workers = [child.pid for child in multiprocessing.active_children() if child.pid]
                for process in (*workers, os.getpid()):
                    os.kill(process, number)
                return
            time.sleep(0.002)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed_is_the_same_as_never_interrupted(
    number: signal.Signals, quads: Path, tmp_path: Path
) -> None:
    # A checkpoint and curves after every step leave the signal time to arrive before the last.
    recipe = replace(RECIPE, workers=1, log_every=1, save_every=1, pseudo_every=2)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(mix(quads, recipe), whole)
    watcher = interrupt_after(3, parts / "log.jsonl", number)
    with pytest.raises(KeyboardInterrupt):
        train(mix(quads, recipe), parts)
    watcher.join()
    assert 3 <= load_checkpoint(parts / "checkpoint.pt")["step"] < 6
    train(mix(quads, recipe), parts, resume=True)
    one, other = (load_checkpoint(folder / "checkpoint.pt") for folder in (whole, parts))
    assert one["step"] == 6
    assert {"model", "ema", "optimiser", "random", "recipe"} <= one.keys()
    for part in one:
        assert same(one[part], other[part]), part
    losses = [[(line["step"], line["loss"]) for line in log_of(f)] for f in (whole, parts)]
    assert losses[0] == losses[1]
    assert [step for step, _ in losses[0]] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("crops", ["host", "device"])
def test_three_steps_and_three_more_from_a_checkpoint_are_six(
    crops: Literal["host", "device"], quads: Path, tmp_path: Path
) -> None:
    """The checkpoint of step 3 is one that the whole training wrote, kept from being replaced."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    parts.mkdir()
    checkpoint = whole / "checkpoint.pt"

    def keep() -> None:
        while not checkpoint.exists():
            time.sleep(0.001)
        os.link(checkpoint, parts / "checkpoint.pt")
        (parts / "pseudo").mkdir()
        for labels in (whole / "pseudo").glob("2-*.npz"):
            os.link(labels, parts / "pseudo" / labels.name)

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    # Workers, mixing, averaging and weak supervision are on; the labels of step 2 hold at step 3.
    recipe = replace(RECIPE, crops=crops, workers=1, pseudo_every=2, accumulate=2, freeze_steps=4)
    # A device draws no pictures that are made on the fly.
    datasets = ["quads:2", "synth:0" if crops == "device" else "synth"]
    task = DetectorTask(recipe, datasets, [quads])
    train(task, whole)
    keeper.join()
    assert load_checkpoint(parts / "checkpoint.pt")["step"] == 3
    assert any((parts / "pseudo").iterdir())
    train(task, parts, resume=True)
    one, other = (load_checkpoint(folder / "checkpoint.pt") for folder in (whole, parts))
    assert other["step"] == 6
    for part in one:
        assert same(one[part], other[part]), part


def test_a_training_leaves_its_record_and_its_weights(quads: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    weights = train(mix(quads), out)
    lines = log_of(out)
    assert [line["step"] for line in lines] == [2, 4, 6]
    for line in lines:
        assert line["loss"] == pytest.approx(line["region"] + line["affinity"], abs=1e-5)
        assert line["loss"] > 0
        assert line["crops_per_second"] > 0
        assert 0 <= line["waiting"] <= 1
    rates = [line["learning_rate"] for line in lines]
    assert rates == pytest.approx([learning_rate(step, RECIPE) for step in (1, 3, 5)], abs=1e-6)
    curves = cv2.imread(str(out / "curves.png"))
    assert curves is not None
    assert curves.std() > 1
    assert any((out / "events").iterdir())
    config = yaml.safe_load((out / "config.yaml").read_text())
    assert config["dataset"] == ["quads:2", "synth"]
    assert config["steps"] == 6
    [described, _] = json.loads((out / "env.json").read_text())["datasets"]
    assert described["pictures"] == 3
    assert "6 steps" in (out / "card.md").read_text()
    name, model = read_model(weights)
    assert name == "craftlite-small"
    average = load_checkpoint(out / "checkpoint.pt")["ema"]
    assert all(torch.equal(v, average[f"module.{k}"]) for k, v in model.state_dict().items())


def test_validation_is_logged_and_reads_the_pictures_kept_apart(
    icdar15: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, steps=2, validate_every=1, validate_long_side=160)
    kept_apart = validation_samples(["icdar15"], [icdar15], 100)
    assert [sample.name for sample in kept_apart] == ["img_901", "img_902"]
    out = tmp_path / "run"
    train(DetectorTask(recipe, ["icdar15"], [icdar15]), out)
    scores = [line for line in log_of(out) if "hmean" in line]
    assert [line["step"] for line in scores] == [1, 2]
    for line in scores:
        assert {"precision", "recall"} <= line.keys()
        assert 0 <= line["hmean"] <= 1


def test_validation_does_not_change_the_training(icdar15: Path, tmp_path: Path) -> None:
    plain = replace(RECIPE, steps=3)
    often = replace(plain, validate_every=1, validate_long_side=160)
    for name, recipe in (("plain", plain), ("often", often)):
        train(DetectorTask(recipe, ["icdar15"], [icdar15]), tmp_path / name)
    one, other = (load_checkpoint(tmp_path / n / "checkpoint.pt") for n in ("plain", "often"))
    assert same(one["model"], other["model"])
    assert same(one["ema"], other["ema"])


def test_a_folder_with_a_training_is_not_overwritten(quads: Path, tmp_path: Path) -> None:
    task, out = mix(quads, replace(RECIPE, steps=1)), tmp_path / "run"
    train(task, out)
    before = (out / "checkpoint.pt").read_bytes()
    with pytest.raises(ConfigError, match="--resume"):
        train(task, out)
    assert (out / "checkpoint.pt").read_bytes() == before


def test_weights_whose_checkpoint_is_gone_are_not_overwritten(quads: Path, tmp_path: Path) -> None:
    task, out = mix(quads, replace(RECIPE, steps=1)), tmp_path / "run"
    train(task, out)
    (out / "checkpoint.pt").unlink()
    before = (out / "weights.safetensors").read_bytes()
    with pytest.raises(ConfigError, match=r"holds weights\.safetensors of a training whose check"):
        train(task, out)
    assert (out / "weights.safetensors").read_bytes() == before


def test_a_kill_between_checkpoint_and_weights_costs_nothing(quads: Path, tmp_path: Path) -> None:
    task, out = mix(quads, replace(RECIPE, steps=1)), tmp_path / "run"
    weights = train(task, out)
    before = weights.read_bytes()
    weights.unlink()
    assert train(task, out, resume=True) == weights
    assert weights.read_bytes() == before


def test_what_a_run_left_that_never_saved_is_not_taken_for_this_runs(
    quads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, out = replace(RECIPE, steps=2, log_every=1, pseudo_every=2), tmp_path / "run"
    (out / "pseudo").mkdir(parents=True)
    (out / "pseudo" / "0-0-quads.npz").write_bytes(b"labels of another dataset")
    (out / "log.jsonl").write_text('{"step": 1, "loss": 9.0}\n')
    (out / "notes.txt").write_text("mine")
    train(mix(quads, recipe), out)
    assert [line["step"] for line in log_of(out)] == [1, 2]
    assert all(line["loss"] < 9 for line in log_of(out))
    said = "removed files of a training without a checkpoint: log.jsonl, pseudo"
    assert said in capsys.readouterr().err
    assert (out / "notes.txt").read_text() == "mine"


def test_a_run_stops_where_another_has_taken_its_folder(quads: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"

    class Disturbed(DetectorTask):
        """A task after whose first checkpoint another training begins in the same folder."""

        def forget(self, out: Path, step: int) -> None:
            RunFolder(out).write_record(self)

    task = Disturbed(replace(RECIPE, save_every=2), ["quads"], [quads])
    with pytest.raises(ConfigError, match="another training has started to write here"):
        train(task, out)
    assert load_checkpoint(out / "checkpoint.pt")["step"] == 2


def test_resuming_with_other_settings_is_refused(quads: Path, tmp_path: Path) -> None:
    task, out = mix(quads, replace(RECIPE, steps=1)), tmp_path / "run"
    train(task, out)
    with pytest.raises(ConfigError, match="was started with dataset quads:2 synth"):
        train(DetectorTask(task.recipe, ["quads"], [quads]), out, resume=True)
    for changed in ({"learning_rate": 0.5}, {"seed": 3}, {"batch": 3}, {"steps": 9}):
        other = mix(quads, replace(task.recipe, **changed))
        [name] = changed
        with pytest.raises(ConfigError, match=f"{name} {getattr(task.recipe, name)}"):
            train(other, out, resume=True)


def test_a_refused_change_says_the_way(quads: Path, tmp_path: Path) -> None:
    task, out = mix(quads, replace(RECIPE, steps=1)), tmp_path / "run"
    train(task, out)
    way = f"--init {out / 'weights.safetensors'} --out NEW"
    with pytest.raises(ConfigError, match=re.escape(way) + "$"):
        train(mix(quads, replace(task.recipe, seed=3)), out, resume=True)
    longer = re.escape(f"{way}; --lengthen continues after its end")
    with pytest.raises(ConfigError, match=longer):
        train(mix(quads, replace(task.recipe, steps=3)), out, resume=True)


def test_a_training_that_has_ended_is_lengthened_by_a_warm_restart(
    quads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = replace(RECIPE, steps=3, warmup=2, log_every=1)
    longer, out = replace(recipe, steps=6), tmp_path / "run"
    with pytest.raises(WeightsError, match="no checkpoint"):
        train(mix(quads, longer), out, lengthen=True)
    train(mix(quads, recipe), out)
    with pytest.raises(ConfigError, match="has already done 3 steps; give more --steps, or"):
        train(mix(quads, recipe), out, lengthen=True)
    train(mix(quads, recipe), out, resume=True)
    assert "ended at step 3; continue with --lengthen --steps 6" in capsys.readouterr().err
    shutil.copytree(out, tmp_path / "same")
    train(mix(quads, longer), out, lengthen=True)
    rates = [line["learning_rate"] for line in log_of(out)]
    assert rates[:3] == rates[3:]
    assert rates[0] < rates[1] == recipe.learning_rate
    assert yaml.safe_load((out / "config.yaml").read_text())["restart"] == 3
    # It can be stopped and resumed like any other, bit for bit.
    calls = []

    class Interrupted(DetectorTask):
        """A task that is told to stop in its second step."""

        def loss(self, outputs: Any, batch: Batch) -> Losses:
            calls.append(batch)
            if len(calls) == 2:
                signal.raise_signal(signal.SIGINT)
            return super().loss(outputs, batch)

    with pytest.raises(KeyboardInterrupt):
        train(Interrupted(longer, ["quads:2", "synth"], [quads]), tmp_path / "same", lengthen=True)
    lengthened = replace(longer, restart=3)
    with pytest.raises(ConfigError, match="has not ended, it is at step 5 of 6; finish it with"):
        train(mix(quads, replace(longer, steps=9)), tmp_path / "same", lengthen=True)
    train(mix(quads, lengthened), tmp_path / "same", resume=True)
    one, other = (load_checkpoint(tmp_path / n / "checkpoint.pt") for n in ("run", "same"))
    assert same(one["model"], other["model"])
    assert same(one["ema"], other["ema"])


def test_a_schedule_that_cannot_do_what_it_says_is_reported_before_the_first_step(
    quads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = replace(RECIPE, steps=2, warmup=300, freeze_steps=200, learning_rate=0.003)
    train(mix(quads, recipe), tmp_path / "run")
    said = capsys.readouterr().err
    assert (
        "warning: warmup is 300 of 2 steps: the learning rate only rises, to 2e-05 of 0.003" in said
    )
    assert "warning: freeze_steps is 200 of 2 steps: the backbone is never trained" in said
    train(mix(quads, replace(RECIPE, steps=2, warmup=1)), tmp_path / "good")
    assert "warning: " not in capsys.readouterr().err


def test_there_must_be_something_to_resume(quads: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no checkpoint"):
        train(mix(quads), tmp_path / "run", resume=True)


def test_a_loss_that_is_not_finite_stops_the_training_and_keeps_the_checkpoint(
    quads: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, learning_rate=1e30, warmup=0, save_every=1)
    out = tmp_path / "run"
    with pytest.raises(CraftliteError, match=r"the loss is (nan|inf)"):
        train(mix(quads, recipe), out)
    state = load_checkpoint(out / "checkpoint.pt")
    assert 1 <= state["step"] < 6
    assert all(value.isfinite().all() for value in state["model"].values())
    batch = torch.load(out / "bad-batch.pt")
    assert batch["pictures"].shape == (2, 3, 64, 64)
    assert batch["scores"].shape == (2, 2, 32, 32)


def test_a_checkpoint_is_saved_when_its_time_has_come(quads: Path, tmp_path: Path) -> None:
    seldom = replace(RECIPE, learning_rate=1e30, warmup=0, save_every=1000)
    for name, minutes, saved in (("by steps", 0.0, False), ("by time", 1e-9, True)):
        task = mix(quads, replace(seldom, save_minutes=minutes))
        with pytest.raises(CraftliteError, match="the loss is"):
            train(task, tmp_path / name)
        assert (tmp_path / name / "checkpoint.pt").exists() == saved


def test_the_best_weights_are_kept_and_patience_ends_the_training(
    icdar15: Path, tmp_path: Path
) -> None:
    # Nothing moves at rate 0, so that the first validation is the best.
    recipe = replace(
        RECIPE,
        learning_rate=0.0,
        weight_decay=0.0,
        validate_every=1,
        validate_long_side=160,
        patience=2,
        log_every=1,
    )
    task, out = DetectorTask(recipe, ["icdar15"], [icdar15]), tmp_path / "run"
    assert train(task, out) == out / "best.safetensors"
    lines = log_of(out)
    assert [line["step"] for line in lines if "hmean" in line] == [1, 2, 3]
    assert all(line["validation_loss"] > 0 for line in lines if "hmean" in line)
    state = load_checkpoint(out / "checkpoint.pt")
    assert (state["step"], state["best"]["step"], state["best"]["stale"]) == (3, 1, 2)
    sheet = cv2.imread(str(out / "sheet.jpg"))
    assert sheet is not None
    assert sheet.std() > 5


def test_weights_to_start_from_are_taken(quads: Path, tmp_path: Path) -> None:
    torch.manual_seed(99)
    given = Trainer(DetectorTask(replace(RECIPE, seed=99)), ALONE).model.state_dict()
    save_model(tmp_path / "init.safetensors", "craftlite-small", given)
    recipe = replace(RECIPE, steps=1, learning_rate=0.0, weight_decay=0.0)
    task, out = mix(quads, recipe), tmp_path / "run"
    task.init = tmp_path / "init.safetensors"
    train(task, out)
    model = load_checkpoint(out / "checkpoint.pt")["model"]
    weights = [k for k in given if k.endswith((".weight", ".bias"))]
    assert all(torch.equal(model[key], given[key]) for key in weights)
    assert not same(
        {k: given[k] for k in weights}, Trainer(DetectorTask(RECIPE), ALONE).model.state_dict()
    )


def test_average_forgets_its_start_and_then_follows_at_its_decay() -> None:
    trainer = Trainer(DetectorTask(replace(RECIPE, ema=0.2)), ALONE)
    generator = torch.Generator().manual_seed(0)
    name = "conv_cls.1.weight"
    weights = []
    for _ in range(3):
        pictures = torch.randn(2, 3, 64, 64, generator=generator)
        scores = torch.rand(2, 2, 32, 32, generator=generator)
        trainer.train_step([Batch(pictures, scores, torch.ones(2, 32, 32))])
        weights.append(trainer.model.state_dict()[name].clone())
    # The decay after n updates is (1 + n) / (10 + n), and 0.2 at the most.
    early = torch.lerp(weights[1], weights[0], 2 / 11)
    expected = torch.lerp(weights[2], early, 0.2)
    torch.testing.assert_close(trainer.ema.module.state_dict()[name], expected)
    assert not torch.equal(weights[0], weights[2])


def test_learning_rate_warms_up_falls_along_a_cosine_and_ends_at_nothing() -> None:
    recipe = Recipe(steps=110, warmup=10, learning_rate=1.0)
    rates = [learning_rate(step, recipe) for step in range(110)]
    assert rates[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert rates[10] == 1.0
    assert rates[60] == pytest.approx(0.5)
    assert rates[-1] < 0.001
    assert (np.diff(rates[10:]) < 0).all()
    assert learning_rate(0, Recipe(warmup=0, learning_rate=1.0)) == 1.0


@pytest.mark.parametrize(
    ("name", "value"), [("steps", 0), ("crop", 100), ("ema", 1.0), ("learning_rate", -1.0)]
)
def test_a_setting_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        Recipe(**{name: value})  # type: ignore[arg-type]


def test_folders_left_to_their_default_are_recorded() -> None:
    task = DetectorTask(Recipe(), ["quads", "icdar15:2", "synth", "words"], [Path("mine")])
    # Beyond a synth without photographs there is no telling whose a folder would be.
    assert task.facts()["data"] == ["mine", "data/icdar15"]


@pytest.mark.usefixtures("without_export")
def test_the_command_trains_by_a_recipe_file(
    quads: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recipe, out = tmp_path / "recipe.yaml", tmp_path / "run"
    recipe.write_text("steps: 9\nbatch: 2\ncrop: 64\nworkers: 0\n")
    command = ["train", "--dataset", "quads", "--data", str(quads), "--recipe", str(recipe)]
    command += ["--out", str(out), "--steps", "2"]
    assert main(command) == 0
    assert load_checkpoint(out / "checkpoint.pt")["step"] == 2
    said = capfd.readouterr().err
    assert f"weights: {out / 'weights.safetensors'}" in said
    assert "weights.onnx was not written: it needs craftlite.export, which" in said
    assert main(command) == 2
    assert "--resume" in capfd.readouterr().err
    assert main(["train", "--dataset", "nothing", "--out", str(out)]) == 2
    assert "no such dataset" in capfd.readouterr().err


def test_a_checkpoint_from_before_a_setting_came_goes_on_with_its_default(
    quads: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    train(mix(quads, replace(RECIPE, steps=2)), out)
    state = load_checkpoint(out / "checkpoint.pt")
    for name in ("crops", "minutes", "compiled"):
        del state["recipe"][name]
    torch.save(state, out / "checkpoint.pt")
    train(mix(quads, replace(RECIPE, steps=2)), out, resume=True)
    with pytest.raises(ConfigError, match="was started with crops auto"):
        train(mix(quads, replace(RECIPE, steps=2, crops="host")), out, resume=True)
