"""A pretraining of a few steps: what it writes, resuming, and what it refuses."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from craftlite.cli import main
from craftlite.errors import ConfigError, DatasetError
from craftlite.model import build_model
from craftlite.model.files import read_model, read_state
from craftlite.train.checkpoint import load_checkpoint
from craftlite.train.classifier.task import ClassifierTask, epochs_as_steps
from craftlite.train.detector.task import DetectorTask
from craftlite.train.distributed import Group
from craftlite.train.loop import train
from craftlite.train.recipe import PretrainRecipe, Recipe
from craftlite.train.recipe_file import read_recipe, shipped_recipes
from craftlite.train.records.log import read_log
from craftlite.train.trainer import Trainer

RECIPE = PretrainRecipe(
    network="rexnet-lite", steps=6, batch=4, crop=32, workers=0, log_every=2, learning_rate=0.02
)


def test_a_run_holds_weights_curves_record_and_card(colours: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    best = train(ClassifierTask(RECIPE, colours), out)
    assert best == out / "best.safetensors"
    assert (out / "curves.png").stat().st_size > 10_000
    lines = read_log(out / "log.jsonl")
    validations = [line["step"] for line in lines if "top1_error" in line]
    assert validations == [3, 6]  # each epoch of 12 pictures
    config = read_recipe(out / "config.yaml", PretrainRecipe)
    assert (config["steps"], config["data"]) == (6, [str(colours)])
    facts = json.loads((out / "env.json").read_text())["datasets"][0]
    assert (facts["classes"], facts["pictures"], facts["validation_pictures"]) == (2, 12, 4)
    card = (out / "card.md").read_text()
    assert "6 of 6 steps, 2.0 epochs" in card
    assert "top-1 error" in card
    network, model = read_model(best)
    assert network == "rexnet-lite"
    assert model(torch.zeros(1, 3, 32, 32)).shape == (1, 2)


def test_six_steps_are_three_a_resume_and_three(colours: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, workers=1, cutmix=1.0, randaugment=5, ema=0.9, accumulate=2)
    train(ClassifierTask(recipe, colours), tmp_path / "whole")
    half = tmp_path / "half"
    task = ClassifierTask(replace(recipe, save_every=3), colours)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "train_step", _stopping_after(3))
        with pytest.raises(KeyboardInterrupt):
            train(task, half)
    assert load_checkpoint(half / "checkpoint.pt")["step"] == 3
    train(task, half, resume=True)
    one, other = (load_checkpoint(tmp_path / f / "checkpoint.pt") for f in ("whole", "half"))
    assert one["step"] == other["step"] == 6
    for part in ("model", "ema"):
        assert one[part].keys() == other[part].keys()
        assert all(torch.equal(one[part][key], other[part][key]) for key in one[part])


def _stopping_after(steps: int) -> Callable[[Trainer, Any], Any]:
    """The trainer's step, which is interrupted after so many."""
    train_step = Trainer.train_step

    def stopping(trainer: Trainer, parts: Any) -> Any:
        if trainer.step == steps:
            raise KeyboardInterrupt
        return train_step(trainer, parts)

    return stopping


def test_it_learns_to_tell_two_colours_apart(colours: Path, tmp_path: Path) -> None:
    calm = replace(RECIPE, cutmix=0.0, label_smoothing=0.0)
    # Whole epochs at a low rate: four pictures at 0.05 ended anywhere, by the machine's rounding.
    recipe = replace(calm, steps=60, batch=12, learning_rate=0.01, warmup=5, validate_every=60)
    train(ClassifierTask(recipe, colours), tmp_path / "run")
    assert read_log(tmp_path / "run/log.jsonl")[-1]["top1_error"] == 0


def test_validation_does_not_change_the_training(colours: Path, tmp_path: Path) -> None:
    for every in (1, 4):
        out = tmp_path / str(every)
        train(ClassifierTask(replace(RECIPE, steps=4, validate_every=every), colours), out)
    one, other = (load_checkpoint(tmp_path / n / "checkpoint.pt")["model"] for n in "14")
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_a_detector_takes_the_body_exactly(colours: Path, tmp_path: Path) -> None:
    best = train(ClassifierTask(replace(RECIPE, steps=1), colours), tmp_path / "run")
    trainer = Trainer(DetectorTask(Recipe(network="craftlite-small")), Group(torch.device("cpu")))
    trainer.start_from(best)
    taken, given = trainer.model.basenet.state_dict(), read_state(best)[1]
    assert all(torch.equal(value, given[f"basenet.{key}"]) for key, value in taken.items())


def test_another_number_of_classes_is_said(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from craftlite.model.files import save_model

    given = build_model("rexnet-lite", 7).state_dict()
    save_model(tmp_path / "seven.safetensors", "rexnet-lite", given)
    task = ClassifierTask(replace(RECIPE, steps=1), colours, tmp_path / "seven.safetensors")
    train(task, tmp_path / "run")
    assert "different shape: classifier.bias, classifier.weight" in capsys.readouterr().err


def test_more_than_one_in_a_hundred_unreadable_stops(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (colours / "train/red/3.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match="1 of 12 pictures cannot be read, more than 1%"):
        train(ClassifierTask(RECIPE, colours), tmp_path / "run")
    assert "red/3.png: cannot be read; using another picture instead" in capsys.readouterr().err


def test_a_class_of_one_picture_is_said(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(1, 6):
        (colours / f"train/red/{number}.png").unlink()
    train(ClassifierTask(replace(RECIPE, steps=1), colours), tmp_path / "run")
    assert "classes with only one picture: 1 (red)" in capsys.readouterr().err


def test_epochs_make_steps() -> None:
    recipe = epochs_as_steps(PretrainRecipe(epochs=30, batch=128), 40_000)
    assert (recipe.steps, recipe.validate_every) == (30 * 312, 312)
    assert epochs_as_steps(PretrainRecipe(steps=7, validate_every=2), 10).steps == 7


def test_recipes_that_ship_can_be_read() -> None:
    known = shipped_recipes(PretrainRecipe)
    assert set(known) == {"imagenet", "small-images"}
    recipes = [PretrainRecipe(**read_recipe(path, PretrainRecipe)) for path in known.values()]
    assert [recipe.crop for recipe in recipes] == [224, 64]


@pytest.mark.parametrize(
    ("name", "value"),
    [("cutmix", 1.5), ("least_area", 0.0), ("randaugment", 31), ("label_smoothing", -0.1)],
)
def test_a_setting_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        PretrainRecipe(**{name: value})  # type: ignore[arg-type]


def test_the_command_chooses_its_recipe_and_resumes_by_the_folder_alone(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "run")
    given = ["--data", str(colours), "--backbone", "mobilenet-v1", "--out", out]
    few = ["--steps", "2", "--batch", "4", "--crop", "32", "--workers", "0"]
    assert main(["pretrain", *given, *few]) == 0
    assert "recipe: small-images, for pictures of 40x32" in capsys.readouterr().err
    assert main(["pretrain", *given, *few]) == 2
    assert "already holds a training" in capsys.readouterr().err
    assert main(["pretrain", "--resume", "--out", out]) == 0
    assert read_state(tmp_path / "run/best.safetensors")[0] == "mobilenet-v1"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "give --data"),
        (["--data", "nowhere"], "nowhere/train: there is no such folder"),
        (["--data", "nowhere", "--recipe", "imagenet", "--backbone", "craft-vgg16"],
         "no such backbone; known: rexnet-lite,"),
        (["--data", "nowhere", "--recipe", "synth"], "no such recipe; give a YAML file or one of"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_sentence(
    options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pretrain", *options]) in (1, 2)
    assert says in capsys.readouterr().err


@pytest.mark.slow
def test_a_pretraining_in_minutes_ends_in_time(colours: Path, tmp_path: Path) -> None:
    seconds, out = 26.0, tmp_path / "run"
    began = time.monotonic()
    recipe = replace(RECIPE, steps=0, minutes=seconds / 60, validate_every=10**6)
    train(ClassifierTask(recipe, colours), out)
    assert time.monotonic() - began < seconds
    state, lines = load_checkpoint(out / "checkpoint.pt"), read_log(out / "log.jsonl")
    assert state["step"] == state["recipe"]["steps"] > 10
    assert "top1_error" in lines[-1]
