"""What a run leaves about itself: settings that repeat it, and the machine and data it ran on."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import craftlite
from craftlite.cli import main
from craftlite.data.fingerprint import fingerprint
from craftlite.data.sample import Sample, Word
from craftlite.model.files import read_state
from craftlite.train.recipe import Recipe
from craftlite.train.recipe_file import read_recipe
from craftlite.train.records.record import checkout, describe, environment, write_config

QUAD = np.array([[2, 2], [30, 2], [30, 12], [2, 12]], np.float32)


def sample_of(folder: Path, name: str = "img_1", side: int = 40) -> Sample:
    """A picture on disk with a word and a region that is not to be scored."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.bmp"  # as many bytes as it has pixels, whatever they are
    cv2.imwrite(str(path), np.zeros((side, side, 3), np.uint8))
    return Sample(name, path, (Word(QUAD, "Café"), Word(QUAD + 5, None, ignore=True)))


def with_word(sample: Sample, **changes: object) -> Sample:
    first, *others = sample.words
    return replace(sample, words=(replace(first, **changes), *others))  # type: ignore[arg-type]


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_settings_are_read_back_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = Recipe(learning_rate=3e-5, optimiser="sgd", save_minutes=0.5, crop=64)
    facts = {"dataset": ["words:4", "synth"], "data": ["Wörter"], "init": Path("w.safetensors")}
    write_config(tmp_path / "config.yaml", facts | asdict(recipe))
    settings = read_recipe(tmp_path / "config.yaml")
    assert settings.pop("dataset") == ["words:4", "synth"]
    assert settings.pop("data") == [str(tmp_path / "Wörter")]
    assert settings.pop("init") == str(tmp_path / "w.safetensors")
    assert Recipe(**settings) == recipe
    text = (tmp_path / "config.yaml").read_text("utf-8")
    assert text.startswith("#")
    assert text.index("dataset:") < text.index("network:") < text.index("learning_rate:")


def test_a_random_start_is_read_back_as_one(tmp_path: Path) -> None:
    write_config(tmp_path / "c.yaml", {"dataset": ["synth"], "data": [], "init": None})
    assert read_recipe(tmp_path / "c.yaml") == {"dataset": ["synth"], "data": [], "init": None}


@pytest.mark.usefixtures("without_export")
def test_the_record_of_a_training_repeats_it(quads: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    command = ["train", "--dataset", "quads:2", "--dataset", "synth", "--data", str(quads)]
    tiny = "--steps 2 --batch 2 --crop 64 --workers 0 --freeze-steps 0 --pseudo-every 0 --seed 7"
    assert main([*command, *tiny.split(), "--init", "none", "--out", str(first)]) == 0
    assert main(["train", "--recipe", str(first / "config.yaml"), "--out", str(again)]) == 0
    one, other = (read_state(folder / "weights.safetensors")[1] for folder in (first, again))
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert (first / "config.yaml").read_text() == (again / "config.yaml").read_text()
    facts = [json.loads((folder / "env.json").read_text()) for folder in (first, again)]
    assert facts[0]["datasets"] == facts[1]["datasets"]


def test_the_environment_is_told(tmp_path: Path) -> None:
    samples = [sample_of(tmp_path, "a"), sample_of(tmp_path, "b")]
    facts = environment([describe("words", tmp_path, samples), describe("synth", None, [])])
    facts = json.loads(json.dumps(facts))
    assert facts["versions"]["craftlite"] == craftlite.__version__
    assert facts["versions"]["torch"] == torch.__version__
    assert facts["cpu"]["cores"] >= 1
    assert len(facts["gpus"]) == torch.cuda.device_count()
    assert facts["date"].endswith("+00:00")
    words, synth = facts["datasets"]
    assert (words["pictures"], words["words"], words["legible_words"]) == (2, 4, 2)
    assert words["sha256"] == fingerprint(samples)
    assert synth == {"name": "synth", "folder": None}


def test_the_same_data_elsewhere_has_the_same_fingerprint(tmp_path: Path) -> None:
    here, there = sample_of(tmp_path / "here"), sample_of(tmp_path / "there")
    assert fingerprint([here]) == fingerprint([there])
    missing = replace(here, picture=tmp_path / "gone.bmp")
    assert len({fingerprint([missing]), fingerprint([here])}) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda sample: with_word(sample, text="Cafe"),
        lambda sample: with_word(sample, text=None),
        lambda sample: with_word(sample, ignore=True),
        lambda sample: with_word(sample, polygon=QUAD + np.float32(0.25)),
        lambda sample: with_word(sample, polygon=np.concatenate([QUAD, QUAD[:1] + 1])),
        lambda sample: replace(sample, name="img_2"),
        lambda sample: replace(sample, words=sample.words[::-1]),
        lambda sample: sample_of(sample.picture.parent, side=41),
    ],
)
def test_whatever_differs_in_data_shows_in_its_fingerprint(
    change: Callable[[Sample], Sample], tmp_path: Path
) -> None:
    sample = sample_of(tmp_path)
    before = fingerprint([sample])
    assert fingerprint([change(sample)]) != before
    assert fingerprint([sample, sample]) != before


def test_words_do_not_wander_between_pictures_unseen(tmp_path: Path) -> None:
    one, other = sample_of(tmp_path, "a"), sample_of(tmp_path, "b")
    first, second = one.words
    split = [replace(one, words=(first,)), replace(other, words=(second,))]
    joined = [replace(one, words=(first, second)), replace(other, words=())]
    assert fingerprint(split) != fingerprint(joined)


def test_the_commit_is_that_of_the_checkout_that_the_package_belongs_to(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    assert checkout(package) is None
    git(tmp_path, "init")
    assert checkout(package) is None  # as site-packages in another project's folder
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "start")
    clean = checkout(package)
    assert clean is not None
    assert len(clean["commit"]) == 40
    assert clean["dirty"] is False
    (package / "__init__.py").write_text("changed = True\n")
    assert checkout(package) == clean | {"dirty": True}


def test_without_git_there_is_no_commit_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment([])["git"] is None
