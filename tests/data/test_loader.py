"""The stream of crops: the same whoever makes it, mixed as asked."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from craftlite.data.augment import Augmentation
from craftlite.data.loader import Batch, Crops, StepSampler, batches
from craftlite.data.mix import parse_mix
from craftlite.data.sample import Sample, Word
from craftlite.data.sources import Generated, Listed, Source
from craftlite.errors import CraftliteError, DatasetError
from craftlite.preprocess import MEAN, STD
from craftlite.synth.generator import Generator
from craftlite.synth.typesetting.fonts import FaceId

PLAIN = {"latin": (FaceId(""),)}  # the face that is there on every machine
QUAD = np.array([[60, 50], [140, 50], [140, 80], [60, 80]], np.float32)


def plain(grey: int) -> Listed:
    """One picture of one grey, with one word."""
    picture = np.full((160, 200, 3), grey, np.uint8)
    return Listed([Sample(f"grey{grey}", picture, (Word(QUAD, "word"),))])


def stream(seed: int = 7) -> Crops:
    made = Generated(Generator(faces=PLAIN, size=(200, 200), typical_words=100))
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
    alone = [batch for [batch] in batches(stream(), StepSampler(0, 3, 2), workers=0)]
    helped = [batch for [batch] in batches(stream(), StepSampler(0, 3, 2), workers=workers)]
    assert len(alone) == len(helped) == 3
    assert all(same(a, b) for a, b in zip(alone, helped, strict=True))


def test_workers_start_after_opencv_has_used_its_own_threads() -> None:
    threads = cv2.getNumThreads()
    cv2.GaussianBlur(np.zeros((2000, 2000, 3), np.uint8), (0, 0), 3)
    time.sleep(0.5)  # until they sleep: a forked worker can't take sleeping threads down
    [[batch]] = batches(stream(), StepSampler(0, 1, 2), workers=1)
    assert batch.pictures.shape == (2, 3, 64, 64)
    assert cv2.getNumThreads() == threads


def test_batches_have_the_documented_shapes_and_hold_the_crops_in_order() -> None:
    [[batch]] = batches(stream(), StepSampler(2, 3, 3), workers=0)
    assert batch.pictures.shape == (3, 3, 64, 64)
    assert batch.scores.shape == (3, 2, 32, 32)
    assert batch.weight.shape == (3, 32, 32)
    assert {part.dtype for part in batch} == {torch.float32}
    for place in range(3):
        alone = stream()[6 + place]
        assert all(torch.equal(b[place], a) for b, a in zip(batch, alone, strict=True))


def test_the_stream_goes_on_where_it_stopped() -> None:
    whole = [batch for [batch] in batches(stream(), StepSampler(0, 5, 2), workers=0)]
    rest = [batch for [batch] in batches(stream(), StepSampler(3, 5, 2), workers=0)]
    assert len(rest) == 2
    assert all(same(a, b) for a, b in zip(whole[3:], rest, strict=True))


def test_loading_leaves_the_random_state_of_the_training_alone() -> None:
    before = torch.get_rng_state()
    list(batches(stream(), StepSampler(0, 1, 2), workers=0))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_mix_has_its_shares() -> None:
    names, shares = parse_mix(["quads:1", "synth:3"])
    assert names == ["quads", "synth"]
    still = Augmentation(photometric=False, empty=0)
    crops = Crops([plain(0), plain(255)], shares, crop=32, seed=0, how=still)
    # The word of a crop lies in its middle, so its middle is never beside the picture.
    bright = [bool(crops[k].pictures[:, 16, 16].mean() > 0) for k in range(1000)]
    assert np.mean(bright) == pytest.approx(0.75, abs=0.05)


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


@given(
    size=st.integers(1, 4), parts=st.integers(1, 3), each=st.integers(1, 3), first=st.integers(0, 9)
)
def test_processes_and_parts_share_the_crops_of_every_step(
    size: int, parts: int, each: int, first: int
) -> None:
    batch = size * parts * each
    of_rank = [
        list(StepSampler(first, first + 3, batch, parts, rank, size)) for rank in range(size)
    ]
    assert all(len(numbers) == 3 * parts for numbers in of_rank)
    for step in range(3):
        numbers = [k for own in of_rank for part in own[step * parts :][:parts] for k in part]
        start = (first + step) * batch
        assert sorted(numbers) == list(range(start, start + batch))


def test_parts_of_a_step_are_the_batch_cut_in_order() -> None:
    [[whole]] = batches(stream(), StepSampler(1, 2, 4), workers=0)
    [parts] = batches(stream(), StepSampler(1, 2, 4, parts=2), workers=1)
    assert len(parts) == 2
    for tensor, pieces in zip(whole, zip(*parts, strict=True), strict=True):
        assert torch.equal(tensor, torch.cat(pieces))


@dataclass(frozen=True)
class Broken:
    """A dataset whose picture cannot be read, or kills the process that reads it."""

    deadly: bool

    def draw(self, rng: np.random.Generator) -> Sample:
        if self.deadly and torch.utils.data.get_worker_info() is not None:
            os._exit(9)
        return Sample("img_13", Path("nowhere/img_13.jpg"), ())


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_cannot_be_read_is_named_without_a_traceback(workers: int) -> None:
    crops = Crops([Broken(deadly=False)], [1.0], crop=64, seed=0)
    with pytest.raises(DatasetError) as error:
        list(batches(crops, StepSampler(0, 1, 2), workers))
    assert str(error.value) == "nowhere/img_13.jpg: there is no such file"


def test_a_worker_that_dies_is_told_with_the_samples_that_were_next() -> None:
    crops = Crops([Broken(deadly=True)], [1.0], crop=64, seed=0)
    with pytest.raises(CraftliteError, match=r"exited unexpectedly.*img_13, img_13"):
        list(batches(crops, StepSampler(0, 1, 2), workers=1))
