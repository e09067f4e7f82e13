"""Weak supervision in a training: which labels hold when, and that poor ones are not used."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from craftlite.data.sample import Sample, Word
from craftlite.data.sources import Listed
from craftlite.data.word_geometry import split_evenly
from craftlite.pseudo.labels import load_labels, save_labels
from craftlite.train.detector.mix import MixedSource
from craftlite.train.detector.pseudo_schedule import FOLDER, fitting_share, forget_labels, labelled
from craftlite.train.detector.task import DetectorTask
from craftlite.train.distributed import Group
from craftlite.train.recipe import Recipe
from craftlite.train.trainer import Trainer

QUAD = np.array([[20, 20], [120, 20], [120, 45], [20, 45]], np.float32)
KNOWN = Word(QUAD + 60, "known", characters=split_evenly(QUAD + 60, 5))
WORDS = (Word(QUAD, "word"), Word(QUAD + 30, "none"), Word(QUAD + 90, ignore=True), KNOWN)


@pytest.fixture
def mix() -> list[MixedSource]:
    picture = np.full((240, 240, 3), 128, np.uint8)
    real = Listed([Sample("a", picture, WORDS), Sample("b", picture, WORDS[:2])])
    made = Listed([Sample("c", picture, (KNOWN,))])
    return [MixedSource("quads", real, 0.5), MixedSource("synthtext", made, 0.5)]


def trainer_at(step: int) -> Trainer:
    trainer = Trainer(DetectorTask(Recipe(steps=100)), Group(torch.device("cpu")))
    trainer.step = step
    return trainer


def write_pass(path: Path, mix: list[MixedSource], found: list[int]) -> None:
    """A file of labels in which words of these numbers, of all samples, were parted."""
    samples, number = [], 0
    for sample in mix[0].source.samples:  # type: ignore[attr-defined]
        words = []
        for word in sample.words:
            parts = split_evenly(word.polygon, 4)
            words.append(replace(word, characters=parts) if number in found else word)
            number += 1
        samples.append(replace(sample, words=tuple(words)))
    path.parent.mkdir(exist_ok=True)
    save_labels(path, samples, 0, {"w": torch.zeros(1)})


def test_without_weak_supervision_the_sources_stay(mix: list[MixedSource], tmp_path: Path) -> None:
    assert labelled(tmp_path, mix, trainer_at(0), 0, 0) is mix
    assert not (tmp_path / FOLDER).exists()


def test_labels_of_the_period_are_used_and_the_rest_stays(
    mix: list[MixedSource], tmp_path: Path
) -> None:
    write_pass(tmp_path / FOLDER / "10-0-quads.npz", mix, found=[0, 4, 5])
    parts = labelled(tmp_path, mix, trainer_at(17), 10, 17)
    assert isinstance(parts[0].source, Listed)
    first, second = (sample.words for sample in parts[0].source.samples)
    assert first[0].characters is not None
    assert np.array_equal(first[0].characters, split_evenly(QUAD, 4))
    assert first[1].characters is None
    assert first[2:] == WORDS[2:]
    assert all(word.characters is not None for word in second)
    assert parts[1] is mix[1]


def test_a_pass_that_fits_few_texts_is_told_and_not_used(
    mix: list[MixedSource], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pass(tmp_path / FOLDER / "0-0-quads.npz", mix, found=[0])
    assert labelled(tmp_path, mix, trainer_at(3), 10, 3) is mix
    assert "25%, below 50%: falling back to even splits" in capsys.readouterr().err


def test_a_pass_that_is_due_is_made_once_by_the_averaged_weights(
    mix: list[MixedSource], tmp_path: Path
) -> None:
    trainer = trainer_at(10)
    labelled(tmp_path, mix, trainer, 10, 10)
    path = tmp_path / FOLDER / "10-0-quads.npz"
    assert load_labels(path).step == 10
    assert load_labels(path).names == ("a", "b")
    before = path.stat().st_mtime_ns
    labelled(tmp_path, mix, trainer, 10, 10)
    assert path.stat().st_mtime_ns == before
    assert len(list((tmp_path / FOLDER).iterdir())) == 1


def test_a_dataset_that_only_validates_is_not_looked_at(
    mix: list[MixedSource], tmp_path: Path
) -> None:
    only_made = [replace(mix[0], share=0.0), replace(mix[1], share=1.0)]
    assert labelled(tmp_path, only_made, trainer_at(10), 10, 10) == only_made
    assert not (tmp_path / FOLDER).exists()


def test_words_without_text_do_not_count_for_trust(mix: list[MixedSource], tmp_path: Path) -> None:
    path = tmp_path / FOLDER / "0-0-quads.npz"
    write_pass(path, mix, found=[0, 1, 4])
    assert fitting_share(mix, {0: load_labels(path)}) == 0.75
    assert fitting_share(mix, {}) == 1.0


def test_passes_are_forgotten_when_no_resumed_training_needs_them(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    for step in (0, 10, 20):
        (tmp_path / FOLDER / f"{step}-0-quads.npz").touch()
    forget_labels(tmp_path, 19, 10)
    assert {path.name for path in (tmp_path / FOLDER).iterdir()} == {
        *("10-0-quads.npz", "20-0-quads.npz")
    }
    forget_labels(tmp_path / "nowhere", 19, 10)
