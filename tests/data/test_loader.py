"""The stream of crops: the same whoever makes it, mixed as asked."""

import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from craftlite.data.augment import Augmentation
from craftlite.data.loader import (
    Batch,
    Crops,
    Generated,
    Listed,
    Source,
    batches,
    open_source,
    parse_mix,
)
from craftlite.data.sample import Sample, Word
from craftlite.errors import ConfigError, DatasetError
from craftlite.preprocess import MEAN, STD
from craftlite.synth.generator import Generator

QUAD = np.array([[60, 50], [140, 50], [140, 80], [60, 80]], np.float32)


def plain(grey: int) -> Listed:
    """One picture of one grey, with one word."""
    picture = np.full((160, 200, 3), grey, np.uint8)
    return Listed([Sample(f"grey{grey}", picture, (Word(QUAD, "word"),))])


def stream(seed: int = 7) -> Crops:
    made = Generated(Generator(size=(200, 200), typical_words=100))
    return Crops([plain(90), made], [0.5, 0.5], crop=64, seed=seed)


def same(one: Batch, other: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_crop_is_the_same_made_alone_or_in_another_order() -> None:
    in_order = [stream()[k] for k in range(8)]
    crops = stream()
    backwards = [crops[k] for k in reversed(range(8))][::-1]
    assert all(same(a, b) for a, b in zip(in_order, backwards, strict=True))
    assert same(in_order[5], stream()[5])
    assert not same(in_order[5], in_order[6])
    assert not same(in_order[5], stream(seed=8)[5])


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_give_the_same_batches_as_none(workers: int) -> None:
    alone = list(batches(stream(), 0, 3, batch=2, workers=0))
    helped = list(batches(stream(), 0, 3, batch=2, workers=workers))
    assert len(alone) == len(helped) == 3
    assert all(same(a, b) for a, b in zip(alone, helped, strict=True))


def test_workers_start_after_opencv_has_used_its_own_threads() -> None:
    threads = cv2.getNumThreads()
    cv2.GaussianBlur(np.zeros((2000, 2000, 3), np.uint8), (0, 0), 3)
    time.sleep(0.5)  # until they sleep: a forked worker can't take sleeping threads down
    [batch] = batches(stream(), 0, 1, batch=2, workers=1)
    assert batch.pictures.shape == (2, 3, 64, 64)
    assert cv2.getNumThreads() == threads


def test_batches_have_the_documented_shapes_and_hold_the_crops_in_order() -> None:
    [batch] = batches(stream(), 2, 3, batch=3, workers=0)
    assert batch.pictures.shape == (3, 3, 64, 64)
    assert batch.scores.shape == (3, 2, 32, 32)
    assert batch.weight.shape == (3, 32, 32)
    assert {part.dtype for part in batch} == {torch.float32}
    for place in range(3):
        alone = stream()[6 + place]
        assert all(torch.equal(b[place], a) for b, a in zip(batch, alone, strict=True))


def test_the_stream_goes_on_where_it_stopped() -> None:
    whole = list(batches(stream(), 0, 5, batch=2, workers=0))
    rest = list(batches(stream(), 3, 5, batch=2, workers=0))
    assert len(rest) == 2
    assert all(same(a, b) for a, b in zip(whole[3:], rest, strict=True))


def test_loading_leaves_the_random_state_of_the_training_alone() -> None:
    before = torch.get_rng_state()
    list(batches(stream(), 0, 1, batch=2, workers=0))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_mix_has_its_shares() -> None:
    names, shares = parse_mix(["quads:1", "synth:3"])
    assert names == ["quads", "synth"]
    still = Augmentation(photometric=False, empty=0)
    crops = Crops([plain(0), plain(255)], shares, crop=32, seed=0, how=still)
    # The word of a crop lies in its middle, so its middle is never beside the picture.
    bright = [bool(crops[k].pictures[:, 16, 16].mean() > 0) for k in range(1000)]
    assert np.mean(bright) == pytest.approx(0.75, abs=0.05)


def test_every_sample_of_a_dataset_is_drawn() -> None:
    samples = [Sample(str(n), np.zeros((9, 9, 3), np.uint8), ()) for n in range(5)]
    rng = np.random.default_rng(0)
    drawn = [Listed(samples).draw(rng).name for _ in range(500)]
    assert sorted(set(drawn)) == list("01234")
    assert min(drawn.count(name) for name in "01234") > 60


@dataclass(frozen=True)
class Square:
    """A picture that is white exactly on its one-letter word."""

    def draw(self, rng: np.random.Generator) -> Sample:
        picture = np.zeros((160, 200, 3), np.uint8)
        cv2.rectangle(picture, (80, 50), (110, 80), (255, 255, 255), -1)
        quad = np.array([[80, 50], [110, 50], [110, 80], [80, 80]], np.float32)
        return Sample("square", picture, (Word(quad, "a"),))


def test_maps_lie_on_the_pixels_that_they_tell_of() -> None:
    source: Source = Square()
    how = Augmentation(heights=(20, 40), any_rotation=0.5, empty=0, photometric=False)
    crops = Crops([source], [1.0], crop=128, seed=0, how=how)
    for k in range(10):
        pictures, scores, _ = crops[k]
        grey = pictures[0].numpy() * STD[0] + MEAN[0]
        half = cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA)
        # The Gaussian is 0.25 at the middle of the box's sides and less at its corners.
        assert half[scores[0].numpy() > 0.5].min() > 200
        assert scores[0].numpy()[half < 20].max() < 0.27


@pytest.mark.parametrize(
    "entry", ["coco", "quads:0", "quads:-1", "quads:many", "synth:inf", "synth:nan", ""]
)
def test_a_mix_that_makes_no_sense_is_named(entry: str) -> None:
    with pytest.raises(ConfigError, match=f"--dataset {entry}"):
        parse_mix(["icdar15:2", entry])


def test_names_without_weight_share_evenly() -> None:
    assert parse_mix(["icdar15", "quads", "quads:2"]) == (
        ["icdar15", "quads", "quads"],
        [0.25, 0.25, 0.5],
    )


def test_a_dataset_without_legible_words_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    cv2.imwrite(str(tmp_path / "images/a.png"), np.zeros((40, 40, 3), np.uint8))
    truth = tmp_path / "gt/gt_a.txt"
    truth.write_text("1,1,30,1,30,20,1,20,###\n")
    with pytest.raises(DatasetError, match="no legible word"):
        open_source("quads", tmp_path)
    truth.write_text("1,1,30,1,30,20,1,20,word\n")
    assert open_source("quads", tmp_path).draw(np.random.default_rng(0)).words[0].text == "word"


def test_missing_photographs_for_synth_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        open_source("synth", tmp_path / "nowhere")
