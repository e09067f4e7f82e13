"""Paint stands out as much as asked, stays near the letters, and plates lie under them."""

import numpy as np
import pytest

from craftlite.geometry import Picture
from craftlite.synth.paint import (
    Style,
    mean_colour,
    paint_ink,
    paint_plate,
    pick_colour,
    plate_outline,
    random_style,
)
from craftlite.synth.raster import Coverage

LUMA = np.array([0.299, 0.587, 0.114])
EM = 40.0


def ground(colour: tuple[int, int, int] = (120, 90, 60)) -> Picture:
    return np.full((100, 160, 3), colour, np.uint8)


def letters(margin: int) -> Coverage:
    """Two bars of ink in a box with room around them."""
    alpha = np.zeros((30 + 2 * margin, 50 + 2 * margin), np.float32)
    alpha[margin : margin + 30, margin : margin + 8] = 1
    alpha[margin : margin + 30, margin + 30 : margin + 38] = 1
    return Coverage(alpha, np.s_[35 - margin : 65 + margin, 50 - margin : 100 + margin])


def painted(style: Style, seed: int = 0) -> tuple[Picture, np.ndarray]:
    """The picture, and how far each pixel is from its ground."""
    picture = ground()
    ink = letters(style.reach(EM))
    paint_ink(np.random.default_rng(seed), picture, ink, style, EM)
    return picture, abs(picture.astype(int) - ground()).max(axis=2)


@pytest.mark.parametrize("contrast", [40, 120])
def test_colours_have_the_contrast_that_is_asked_for(contrast: float) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (50, 50, 3)).astype(np.uint8)
    below = np.array([100, 100, 100], np.float32)
    picked = np.array([pick_colour(rng, picture, below, contrast) for _ in range(50)])
    differences = abs(picked @ LUMA - below @ LUMA)
    assert abs(np.median(differences) - contrast) < 15
    assert len(np.unique(picked.round(), axis=0)) > 30


def test_plain_ink_is_on_the_letters_and_nowhere_else() -> None:
    _, change = painted(Style(contrast=100))
    on = np.zeros(change.shape, bool)
    on[35:65, 50:58] = on[35:65, 80:88] = True
    assert change[on].min() > 40
    assert change[~on].max() == 0


@pytest.mark.parametrize(
    "style",
    [
        Style(outline=0.08),
        Style(shadow=(0.08, 0.08, 0.03)),
        Style(glow=0.2),
        Style(feather=0.8),
        Style(gradient=80, texture=1.0, opacity=0.8),
    ],
)
def test_effects_stay_within_their_reach(style: Style) -> None:
    _, change = painted(style)
    ys, xs = np.nonzero(change)
    reach = style.reach(EM)
    assert xs.min() >= 50 - reach
    assert xs.max() < 100 + reach
    assert ys.min() >= 35 - reach
    assert ys.max() < 65 + reach
    assert change[35:65, 50:58].mean() > 25


@pytest.mark.parametrize("style", [Style(outline=0.08), Style(shadow=(0.08, 0.08, 0.03))])
def test_outlines_and_shadows_show_beside_the_letters(style: Style) -> None:
    _, change = painted(style)
    assert change[40:60, 59:61].mean() > 15


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_worn_ink_has_gaps_of_about_the_share_that_is_asked_for(share: float) -> None:
    left = []
    for seed in range(20):
        _, change = painted(Style(contrast=120, worn=share), seed)
        bars = np.concatenate([change[35:65, 50:58], change[35:65, 80:88]], axis=1)
        left.append(np.mean(bars < 20))
    assert 0.3 * share < np.mean(left) < 1.5 * share


def test_texture_of_the_ground_shows_in_the_ink_only_when_asked() -> None:
    rng = np.random.default_rng(0)
    rough = rng.integers(60, 160, (100, 160, 3)).astype(np.uint8)
    spread = {}
    for texture in (0.0, 1.0):
        picture = rough.copy()
        paint_ink(np.random.default_rng(1), picture, letters(4), Style(texture=texture), EM)
        spread[texture] = picture[37:63, 51:57].std(axis=(0, 1)).mean()
    assert spread[0.0] < 1
    assert spread[1.0] > 10


def test_mean_colour_is_that_under_the_ink() -> None:
    picture = ground((10, 20, 30))
    picture[:, 70:] = 200
    left_bar = Coverage(letters(0).alpha[:, :20], np.s_[35:65, 50:70])
    assert np.allclose(mean_colour(picture, left_bar), [10, 20, 30])


def test_a_plate_fills_its_outline() -> None:
    for seed in range(10):
        picture = ground()
        box = np.array([40, 30, 100, 60], np.float32)
        paint_plate(np.random.default_rng(seed), picture, plate_outline(box, 5, 4), em=20)
        change = abs(picture.astype(int) - ground()).max(axis=2)
        assert change[40:50, 50:90].min() > 5
        assert change[:20].max() == change[75:].max() == 0


def test_plate_outline_is_round_at_its_corners_and_holds_the_box() -> None:
    box = np.array([0, 0, 10, 4], np.float32)
    outline = plate_outline(box, 1.0, 2.0)
    assert outline.shape == (24, 2)
    assert np.allclose(outline.min(axis=0), [-1, -1])
    assert np.allclose(outline.max(axis=0), [11, 5])
    assert np.linalg.norm(outline - [-1, -1], axis=1).min() > 0.5


def test_lettering_on_plates_is_clear_and_other_lettering_may_be_faint() -> None:
    rng = np.random.default_rng(0)
    plain = [random_style(rng, plain=True) for _ in range(300)]
    free = [random_style(rng, plain=False) for _ in range(300)]
    assert min(style.contrast for style in plain) >= 80
    assert min(style.contrast for style in free) < 40
    assert any(style.outline for style in free)
    assert any(style.glow for style in free)
    assert 0 < np.mean([style.worn > 0 for style in plain + free]) < 0.2
    assert any(style.shadow for style in free)
