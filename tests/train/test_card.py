"""The card of a run's weights: what it says, and what it admits not to know."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from craftlite.data.sample import Sample, Word
from craftlite.files import write_whole
from craftlite.train.detector.card import detector_card
from craftlite.train.detector.task import DetectorTask
from craftlite.train.detector.validate import WordScore
from craftlite.train.recipe import Recipe
from craftlite.train.records.card import card_page, hours_of, list_file
from craftlite.train.records.record import describe, environment
from craftlite.train.run_folder import RunFolder

RECIPE = Recipe(steps=100, batch=8, crop=64, log_every=20)
MIX = ["words:3", "synth"]
WORD = Word(np.array([[0, 0], [9, 0], [9, 9], [0, 9]], np.float32), "a")
SAMPLES = [Sample("one", np.zeros((10, 10, 3), np.uint8), (WORD,))]
ENVIRONMENT = environment([describe("words", None, SAMPLES), describe("synth", None, [])])
LINES = [
    {"step": 20, "loss": 0.3, "crops_per_second": 0.5},
    {"step": 40, "loss": 0.2, "crops_per_second": 0.25},
    {"step": 40, "hmean": 0.5, "precision": 0.625, "recall": 0.4167}
    | {"text_threshold": 0.5, "link_threshold": 0.3, "low_text": 0.3, "growth": 1.25},
    {"step": 60, "hmean": 0.41, "precision": 0.5, "recall": 0.35},
]
PICTURES = ["img_901", "img_950", "img_1000"]


def text_of(
    recipe: Recipe = RECIPE,
    init: Path | None = None,
    environment: dict[str, Any] = ENVIRONMENT,
    lines: list[dict[str, Any]] = LINES,
    steps: int = 100,
    pictures: list[str] = PICTURES,
) -> str:
    datasets = environment["datasets"]
    kept_apart = [replace(SAMPLES[0], name=name) for name in pictures]
    validation = WordScore(kept_apart, recipe) if kept_apart else None
    card = detector_card(recipe, MIX, init, datasets, lines, steps, validation)
    return card_page(card, environment, hours_of(lines, recipe), {"best.safetensors": "abc123"})


def test_an_exported_file_joins_the_table_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text(text_of(), "utf-8")
    (tmp_path / "weights.onnx").write_bytes(b"network")
    list_file(tmp_path, tmp_path / "weights.onnx")
    digest = hashlib.sha256(b"network").hexdigest()
    lines = (tmp_path / "card.md").read_text("utf-8").splitlines()
    assert lines[-2:] == ["| `best.safetensors` | `abc123` |", f"| `weights.onnx` | `{digest}` |"]


def test_a_card_says_what_the_weights_are_and_how_good_they_were() -> None:
    text = text_of()
    assert text.startswith("# craftlite-small, trained on words, synth\n")
    assert "1.71 M parameters" in text
    assert "123.675, 116.28, 103.53" in text
    assert "| H-mean | 0.5000 (precision 0.6250, recall 0.4167)" in text
    assert "`best.safetensors`: the best of 2 validations, at step 40 |" in text
    assert "3 validation pictures, `img_901` to `img_1000`" in text
    assert "text 0.5, link 0.3, low 0.3, growth 1.25" in text
    assert "growth 1.25, the best of 10 sets; long side 1280" in text
    assert "| `best.safetensors` | `abc123` |" in text
    assert text.endswith("|\n")


def test_a_card_says_what_the_weights_learnt_from() -> None:
    text = text_of()
    digest = ENVIRONMENT["datasets"][0]["sha256"]
    assert "`words`, 75.0% of the crops: 1 pictures with 1 legible words of 1" in text
    assert digest in text
    assert "`synth`, 25.0% of the crops: generated during training" in text
    assert "The terms of the data are not recorded" in text
    assert "the start, was trained on" not in text
    assert "data that `old.pth`, the start, was trained on: " in text_of(init=Path("w/old.pth"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "Start: random weights. AdamW, peak learning rate 0.002, 300 steps of warm-up"),
        ({"optimiser": "sgd", "momentum": 0.85}, "SGD with momentum 0.85"),
        ({"freeze_steps": 30}, "the backbone frozen in the first 30"),
        ({"pseudo_every": 50}, "new pseudo-labels every 50 steps"),
        ({"pseudo_every": 0}, "split evenly"),
        ({"teacher": "/somewhere/good.safetensors"}, "The score maps of `good.safetensors` were"),
        ({"precision": "bf16"}, "precision bf16"),
        ({}, "Batches of 8 crops of 64x64 pixels, 100 steps: 800 crops seen"),
    ],
)
def test_the_schedule_is_told_in_words(changed: dict[str, Any], said: str) -> None:
    text = text_of(replace(RECIPE, **changed))
    assert said in text
    assert "/somewhere" not in text


def test_the_start_is_named_without_its_folder() -> None:
    text = text_of(init=Path("/somewhere/else/good.safetensors"))
    assert "Start: `good.safetensors`." in text
    assert "/somewhere" not in text


def test_a_training_that_stopped_early_says_so() -> None:
    assert "60 of the planned 100 steps: 480 crops seen" in text_of(steps=60)


def test_the_hours_are_those_of_the_steps() -> None:
    # 160 crops at half a crop a second, and at a quarter.
    assert hours_of(LINES, RECIPE) == pytest.approx((320 + 640) / 3600)
    assert hours_of([], RECIPE) is None
    assert "0.3 hours" in text_of()


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    nothing = {"cpu": {"model": None, "cores": 4}, "git": None, "gpus": []}
    text = text_of(environment=ENVIRONMENT | nothing, lines=[], pictures=[])
    assert "| H-mean | not measured: there were no validation pictures |" in text
    assert "An unknown processor with 4 cores, no GPU" in text
    assert "an unknown time" in text
    assert "at an unknown commit" in text
    assert "None" not in text
    assert "Unknown: not examined yet." in text


def test_the_machine_and_its_gpus_are_named() -> None:
    known = {
        "cpu": {"model": "Fast 9000", "cores": 64},
        "gpus": ["GPU one", "GPU two"],
        "git": {"commit": "f00", "dirty": True},
    }
    text = text_of(environment=ENVIRONMENT | known)
    assert "Fast 9000 with 64 cores, GPU one, GPU two" in text
    assert "at commit `f00`, with changes" in text


def test_a_run_folder_gets_its_card(tmp_path: Path) -> None:
    write_whole(tmp_path / "env.json", json.dumps(ENVIRONMENT))
    write_whole(tmp_path / "log.jsonl", "".join(json.dumps(line) + "\n" for line in LINES))
    for name in ("weights", "best"):
        (tmp_path / f"{name}.safetensors").write_bytes(name.encode())
    task = DetectorTask(RECIPE, MIX)
    task.validation = WordScore(SAMPLES, RECIPE)
    RunFolder(tmp_path).write_card(task, 60)
    text = (tmp_path / "card.md").read_text("utf-8")
    assert "1.71 M parameters" in text
    assert "60 of the planned 100 steps" in text
    for name in ("weights", "best"):
        digest = hashlib.sha256(name.encode()).hexdigest()
        assert f"| `{name}.safetensors` | `{digest}` |" in text
    assert not re.search(r"\{|\}", text)
