"""Camera faults keep size and place, and say how soft they made the picture."""

import numpy as np
import pytest

from craftlite.geometry import Picture
from craftlite.synth.camera import (
    defocus,
    few_pixels,
    glare,
    light,
    motion,
    random_faults,
    sharpened,
    tone,
)


def edge() -> Picture:
    """Black left, white right."""
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, 48:] = 255
    return picture


def softness_of(picture: Picture) -> float:
    """Standard deviation of the blur that an edge shows, along its mean row."""
    slope = np.diff(picture[..., 1].astype(float).mean(axis=0)).clip(0)
    places = np.arange(len(slope))
    middle = np.average(places, weights=slope)
    return float(np.sqrt(np.average((places - middle) ** 2, weights=slope)))


@pytest.mark.parametrize("seed", range(12))
def test_faults_keep_shape_and_repeat_and_never_touch_their_input(seed: int) -> None:
    picture = np.random.default_rng(9).integers(0, 256, (60, 70, 3)).astype(np.uint8)
    before = picture.copy()
    one, softness = random_faults(np.random.default_rng(seed), picture)
    again, _ = random_faults(np.random.default_rng(seed), picture)
    assert one.shape == picture.shape
    assert one.dtype == np.uint8
    assert softness >= 0
    assert np.array_equal(one, again)
    assert np.array_equal(picture, before)


def test_some_pictures_stay_clean_and_most_do_not() -> None:
    same = [
        np.array_equal(random_faults(np.random.default_rng(k), edge())[0], edge())
        for k in range(200)
    ]
    assert 0.05 < np.mean(same) < 0.35


def test_motion_smears_along_its_direction_only() -> None:
    along, across = motion(edge(), 8, 0.0), motion(edge(), 8, np.pi / 2)
    assert softness_of(along) == pytest.approx(8 / np.sqrt(12), rel=0.25)
    assert np.array_equal(across[10:-10], edge()[10:-10])


@pytest.mark.parametrize("sigma", [0.7, 1.5, 2.2])
def test_defocus_is_as_soft_as_is_told(sigma: float) -> None:
    assert softness_of(defocus(edge(), sigma)) == pytest.approx(sigma, rel=0.12)


@pytest.mark.parametrize("factor", [1.5, 2.5])
def test_fewer_pixels_are_softer_by_what_is_told(factor: float) -> None:
    # Over edges at every place between two pixels.
    found = [
        softness_of(np.roll(few_pixels(np.roll(edge(), k, 1), factor), -k, 1)[:, 24:72])
        for k in range(6)
    ]
    assert np.mean(found) == pytest.approx(0.4 * factor, abs=0.35)


def test_light_and_glare_change_brightness_smoothly() -> None:
    flat = np.full((80, 120, 3), 120, np.uint8)
    for seed in range(10):
        lit = light(np.random.default_rng(seed), flat)[0]
        spot = glare(np.random.default_rng(seed), flat)[0]
        assert abs(np.diff(lit.astype(int), axis=1)).max() <= 4
        assert abs(np.diff(spot.astype(int), axis=1)).max() <= 40
        assert (spot >= flat).all()
        assert (spot > flat).any()


@pytest.mark.parametrize("seed", range(10))
def test_tone_keeps_the_order_of_greys_and_leaves_them_grey(seed: int) -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    toned = tone(np.random.default_rng(seed), greys)[0][0].astype(int)
    assert (np.diff(toned[:, 0]) >= 0).all()
    assert toned[0].max() <= 1
    assert toned[-1].min() >= 254
    assert (toned.max(axis=1) - toned.min(axis=1)).max() <= 1


def test_tone_makes_colours_stronger_or_paler() -> None:
    orange = np.full((2, 2, 3), (200, 120, 60), np.uint8)
    toned = [tone(np.random.default_rng(seed), orange)[0][0, 0].astype(int) for seed in range(20)]
    spans = [int(colour.max() - colour.min()) for colour in toned]
    assert min(spans) < 140 < max(spans)


def test_sharpening_draws_halos() -> None:
    grey = np.where(edge() > 0, 180, 80).astype(np.uint8)
    sharp = sharpened(grey, 1.0)
    assert sharp.min() < 75
    assert sharp.max() > 185
