"""Crops drawn by tensors against those that the host draws, and drawn again."""

from copy import deepcopy
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from craftlite.crops.draw import Painter, blur, recolour, render
from craftlite.crops.gallery import Gallery
from craftlite.crops.plan import BatchPlan, PlannedCrops
from craftlite.data.augment import (
    Augmentation,
    draw_blur,
    draw_noise,
    draw_quality,
    draw_tone,
    random_matrix,
)
from craftlite.data.augment import recolour as recolour_on_host
from craftlite.data.loader import Batch, Crops
from craftlite.data.sample import Sample, Word
from craftlite.data.sources import Listed
from craftlite.data.targets import GUESSED, render_targets
from craftlite.data.word_geometry import characters_of, split_evenly
from craftlite.geometry import Points, box, points_along
from craftlite.preprocess import STD
from craftlite.synth.generator import Generator
from craftlite.synth.typesetting.fonts import FaceId

CPU = torch.device("cpu")
CROP = 128
COUNT = 24
GEOMETRY = Augmentation(photometric=False)
STILL = Augmentation(
    scales=(1, 1),
    rotation=0,
    any_rotation=0,
    shear=0,
    perspective=0,
    stretch=0,
    photometric=False,
)


def of_eight_corners(word: Word) -> Word:
    """The word with an outline of eight corners and unknown characters."""
    upper, lower = word.polygon[:2], word.polygon[2:]
    shares = np.linspace(0, 1, 4)
    corners = np.concatenate([points_along(upper, shares), points_along(lower, shares)])
    return replace(word, polygon=corners, characters=None)


def of_all_kinds(sample: Sample) -> Sample:
    """The sample with known and unknown characters, don't-care words and outlines with corners."""
    kinds = (
        lambda word: word,
        lambda word: replace(word, characters=None),
        lambda word: replace(word, ignore=True),
        of_eight_corners,
    )
    words = tuple(kinds[k % 4](word) for k, word in enumerate(sample.words))
    return replace(sample, words=words)


@pytest.fixture(scope="module")
def generated() -> list[Sample]:
    """Four pictures full of words whose characters are all known."""
    generator = Generator(faces={"latin": (FaceId(""),)}, size=(320, 240), typical_words=60, seed=6)
    return [generator.sample(k) for k in range(4)]


@pytest.fixture(scope="module")
def samples(generated: list[Sample]) -> list[Sample]:
    return [of_all_kinds(sample) for sample in generated]


def by_device(
    samples: list[Sample], how: Augmentation, numbers: range = range(COUNT), crop: int = CROP
) -> Batch:
    plan, painter = planned(samples, how, numbers, crop)
    return painter.draw(plan)


def planned(
    samples: list[Sample], how: Augmentation, numbers: range = range(COUNT), crop: int = CROP
) -> tuple[BatchPlan, Painter]:
    gallery = Gallery(samples, CPU)
    plans = PlannedCrops([Listed(samples)], [1.0], crop, 3, gallery.sizes, how)
    return plans.collate([plans[k] for k in numbers]), Painter(gallery, crop, 3)


def by_host(
    samples: list[Sample], how: Augmentation, numbers: range = range(COUNT), crop: int = CROP
) -> Batch:
    crops = Crops([Listed(samples)], [1.0], crop, 3, how)
    return Batch(*crops.collate([crops[k] for k in numbers]))


def apart(one: Tensor, other: Tensor) -> float:
    """The mean absolute difference."""
    assert one.shape == other.shape
    assert one.dtype == other.dtype == torch.float32
    return float((one - other).abs().mean())


def same(one: Batch, other: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_known_characters_are_drawn_as_on_the_host(generated: list[Sample]) -> None:
    drawn, expected = by_device(generated, GEOMETRY), by_host(generated, GEOMETRY)
    assert expected.scores.mean() > 0.09
    assert apart(drawn.scores, expected.scores) < 2e-4
    # A Gaussian ends at the edge of its box, where it is 0.04: pixels there may fall either way.
    assert (drawn.scores - expected.scores).abs().max() < 0.06


def test_crops_with_words_of_all_kinds_are_close_to_those_of_the_host(
    samples: list[Sample],
) -> None:
    drawn, expected = by_device(samples, GEOMETRY), by_host(samples, GEOMETRY)
    # Unknown characters are even parts of the word in its picture, and on the host in the crop.
    assert expected.scores.mean() > 0.08
    assert apart(drawn.scores, expected.scores) < 0.03
    assert expected.weight.mean() < 0.9
    assert apart(drawn.weight, expected.weight) < 0.018
    assert apart(drawn.pictures, expected.pictures) < 0.016
    assert (drawn.pictures - expected.pictures).abs().max() < 2.1 / STD.min()


def test_unknown_characters_are_even_parts_of_the_word_in_its_picture(
    samples: list[Sample],
) -> None:
    def guessed(word: Word) -> Word:
        if word.characters is not None or word.ignore:
            return word
        return replace(word, characters=characters_of(word), confidence=GUESSED)

    known = [replace(s, words=tuple(map(guessed, s.words))) for s in samples]
    drawn, expected = by_device(samples, GEOMETRY), by_host(known, GEOMETRY)
    assert apart(drawn.scores, expected.scores) < 2e-4
    assert apart(drawn.weight, expected.weight) < 0.018


@pytest.mark.parametrize("text", [True, False])
def test_without_distortion_even_parts_are_those_of_the_host(
    text: bool, generated: list[Sample]
) -> None:
    def unknown(word: Word) -> Word:
        return replace(word, characters=None, text=word.text if text else None)

    samples = [replace(s, words=tuple(map(unknown, s.words))) for s in generated]
    how = replace(GEOMETRY, perspective=0, shear=0, stretch=0)
    drawn, expected = by_device(samples, how), by_host(samples, how)
    assert expected.scores.mean() > 0.09
    assert apart(drawn.scores, expected.scores) < 2e-4


def test_pictures_that_shrink_look_as_on_the_host(samples: list[Sample]) -> None:
    def large(sample: Sample) -> Sample:
        pixels = cv2.resize(sample.pixels(), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        return Sample(sample.name, pixels.astype(np.uint8), ())

    larger, how = [large(sample) for sample in samples], replace(GEOMETRY, scales=(0.1, 0.4))
    plan, painter = planned(larger, how)
    assert {1, 2} <= set(plan.levels.tolist())
    # The host averages by any whole number, the device by 2, 4 or 8.
    assert apart(painter.draw(plan).pictures, by_host(larger, how).pictures) < 0.05


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
def test_where_words_overlap_maps_are_those_of_the_host(order: list[int]) -> None:
    def known(quad: Points, sure: float) -> Word:
        return Word(quad, "abcd", characters=split_evenly(quad, 4), confidence=sure)

    words = [
        known(box(10, 20, 120, 60), 1.0),
        Word(box(30, 20, 120, 60), "guess"),
        known(box(50, 30, 120, 70), 0.25),
        Word(box(90, 20, 120, 60), ignore=True),
    ]
    picture = np.zeros((CROP, CROP, 3), np.uint8)
    plan, _ = planned([Sample("one", picture, tuple(words[i] for i in order))], STILL, range(1))
    scores, weight = render(plan, 1, CROP // 2)
    expected, confidence = render_targets(words, (CROP, CROP))
    assert abs(scores[0].numpy() - expected).max() < 1e-2
    assert weight[0, 20, [10, 20, 35, 50]].tolist() == [1, 0.5, 0.25, 0]
    # Outlines may differ by the pixels that they run through.
    thick = cv2.erode(confidence, np.ones((3, 3)))
    thin = cv2.dilate(confidence, np.ones((3, 3)))
    assert (weight[0].numpy() >= thick).all()
    assert (weight[0].numpy() <= thin).all()


def test_maps_of_crops_without_words_are_ground_that_is_sure() -> None:
    plan, painter = planned([Sample("nothing", np.full((90, 70, 3), 8, np.uint8), ())], STILL)
    batch = painter.draw(plan)
    assert batch.pictures.shape == (COUNT, 3, CROP, CROP)
    assert batch.scores.shape == (COUNT, 2, CROP // 2, CROP // 2)
    assert batch.weight.shape == (COUNT, CROP // 2, CROP // 2)
    assert batch.scores.max() == 0
    assert batch.weight.min() == 1


def test_a_crop_is_the_same_drawn_alone_and_among_others(samples: list[Sample]) -> None:
    together = by_device(samples, GEOMETRY, range(6))
    for k in range(6):
        alone = by_device(samples, GEOMETRY, range(k, k + 1))
        for part, own in zip(together, alone, strict=True):
            assert torch.allclose(part[k], own[0], atol=1e-6)
    assert not torch.equal(together.pictures[4], together.pictures[5])


@pytest.mark.parametrize("photometric", [False, True])
def test_the_same_plan_is_drawn_the_same_bit_for_bit(
    photometric: bool, samples: list[Sample]
) -> None:
    how = Augmentation(photometric=photometric)
    plan, painter = planned(samples, how)
    assert bool(len(plan.noisy)) == bool(len(plan.blurred)) == photometric
    assert bool(len(plan.coded)) == photometric
    state = torch.get_rng_state()
    batch = painter.draw(plan)
    painter.draw(planned(samples, how, range(COUNT, 2 * COUNT))[0])
    assert same(painter.draw(plan), batch)
    assert same(by_device(samples, how), batch)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(part.isfinite().all() for part in batch)


def test_another_number_gives_other_noise(samples: list[Sample]) -> None:
    plan, painter = planned(samples, Augmentation())
    batch, other = painter.draw(plan), painter.draw(plan._replace(number=COUNT))
    changed = (other.pictures != batch.pictures).flatten(1).any(dim=1)
    assert changed.nonzero().flatten().tolist() == plan.noisy.tolist() != []
    assert torch.equal(other.scores, batch.scores)
    assert torch.equal(other.weight, batch.weight)


@pytest.mark.parametrize("seed", [4, 20240501, 2**40])
def test_another_seed_gives_other_noise(seed: int, samples: list[Sample]) -> None:
    plan, painter = planned(samples, Augmentation())
    batch, other = painter.draw(plan), replace(painter, seed=seed).draw(plan)
    changed = (other.pictures != batch.pictures).flatten(1).any(dim=1)
    assert changed.nonzero().flatten().tolist() == plan.noisy.tolist() != []


def test_noise_has_the_strength_that_the_plan_tells() -> None:
    plan, _ = planned([Sample("grey", np.full((CROP, CROP, 3), 128, np.uint8), ())], STILL)
    plan = plan._replace(noisy=torch.tensor([2, 5]), noise=torch.tensor([4.0, 12.0]))
    pixels = recolour(torch.full((COUNT, 3, 64, 64), 128.0), plan, torch.Generator())
    spread = pixels.std(dim=(2, 3))
    assert torch.allclose(spread[2], torch.tensor(4.0), rtol=0.05)
    assert torch.allclose(spread[5], torch.tensor(12.0), rtol=0.05)
    assert pixels.mean(dim=(1, 2, 3)).sub(128).abs().max() < 0.3
    others = [k for k in range(COUNT) if k not in (2, 5)]
    assert (pixels[others] == 128).all()
    assert torch.equal(pixels, pixels.round())


def test_each_picture_is_blurred_as_on_the_host() -> None:
    rng = np.random.default_rng(0)
    rough = rng.integers(0, 256, (40, 52, 3)).astype(np.uint8)
    smooth = cv2.GaussianBlur(rough, (0, 0), 4)
    pictures, sigmas = [rough, smooth, rough, rough], [0.4, 0.8, 1.1, 1.6]
    pixels = torch.from_numpy(np.stack(pictures).astype(np.float32)).permute(0, 3, 1, 2)
    blurred = blur(pixels, torch.tensor(sigmas)).permute(0, 2, 3, 1).numpy()
    for picture, sigma, own in zip(pictures, sigmas, blurred, strict=True):
        expected = cv2.GaussianBlur(picture, (0, 0), sigma).astype(np.float32)
        assert abs(own - expected).mean() < 0.8
        assert abs(own - expected).max() < 2


def test_colours_are_those_of_the_host() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    pixels = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]
    sample, how = Sample("one", picture, ()), replace(STILL, photometric=True)
    plans = PlannedCrops([Listed([sample])], [1.0], 32, 3, [(32, 32)], how)
    compared = inverted = 0
    for k in range(150):
        _, _, rng = plans.draw(k)
        random_matrix(rng, (32, 32), (), 32, how)
        ahead = deepcopy(rng)
        inverted_here = draw_tone(ahead)[2]
        sigma, strength = draw_blur(ahead), draw_noise(ahead)
        plan = plans.collate([plans[k]])
        quality = draw_quality(ahead)
        assert plan.qualities.tolist() == ([quality] if quality else [])
        assert plan.sigmas.tolist() == pytest.approx([sigma] if sigma else [])
        assert plan.noise.tolist() == pytest.approx([strength] if strength else [])
        # Blur, noise and JPEG have tests of their own.
        if sigma or strength or quality:
            continue
        drawn = recolour(pixels, plan, torch.Generator())[0].permute(1, 2, 0).numpy()
        assert abs(drawn - recolour_on_host(rng, picture)).max() <= 1
        compared += 1
        inverted += inverted_here
    assert compared > 50
    assert inverted > 0
