"""Stencils, dots and seven segments: ink that is cut, made of discs, and lit."""

import numpy as np
import pytest

from craftlite.synth.raster import Contours, rasterise
from craftlite.synth.typesetting.fonts import Face, Shaped
from craftlite.synth.typesetting.layout import set_block, straight
from craftlite.synth.typesetting.lettering import SEGMENTS, dotted, seven_segments, stencilled

EM = 100


def ink(shaped: Shaped, text: str) -> np.ndarray:
    """Coverage (200, 800) of a line, its baseline at y = 150, its start at x = 50."""
    block = set_block(text, shaped, straight(shaped))
    contours = block.contours._replace(points=block.contours.points * EM + np.array([50, 150]))
    covered = rasterise(contours, (800, 200), EM, 0)
    assert covered is not None
    whole = np.zeros((200, 800), np.float32)
    whole[covered.place] = covered.alpha
    return whole


def shaped_by(face: Face, text: str) -> Shaped:
    shaped = face.shape(text)
    assert shaped is not None
    return shaped


def test_a_stencils_bridge_cuts_wide_letters_alone(dejavu: Face) -> None:
    plain = shaped_by(dejavu, "Hi")
    cut = stencilled(plain, 0.1)
    before, after = ink(plain, "Hi"), ink(cut, "Hi")
    middle = 50 + EM * float(plain.glyphs[0].points[:, 0].mean())
    bridge = np.s_[:, int(middle) - 3 : int(middle) + 3]
    assert before[bridge].sum() > 20
    assert after[bridge].sum() < 0.1 * before[bridge].sum()
    i = np.s_[:, int(50 + EM * plain.pens[1]) :]
    assert np.array_equal(before[i], after[i])


def test_dots_lie_within_the_letter_and_cover_much_of_it(dejavu: Face) -> None:
    plain = shaped_by(dejavu, "B0")
    before, after = ink(plain, "B0"), ink(dotted(plain, 12), "B0")
    reach = EM // 12
    near = np.zeros_like(before)
    for y, x in np.argwhere(before > 0.5):
        near[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach] = 1
    assert after[near == 0].sum() < 0.01 * after.sum()
    assert 0.4 < after.sum() / before.sum() < 1.2
    assert len(dotted(plain, 12).glyphs[0].sizes) > 20


def test_blanks_stay_blank(dejavu: Face) -> None:
    shaped = shaped_by(dejavu, "a b")
    for changed in (stencilled(shaped, 0.05), dotted(shaped, 10)):
        assert changed.glyphs[1].sizes == ()
        assert np.array_equal(changed.pens, shaped.pens)


@pytest.mark.parametrize(("character", "segments"), [("8", 7), ("1", 2), ("-", 1), (":", 2)])
def test_a_display_lights_each_characters_segments(character: str, segments: int) -> None:
    [glyph] = seven_segments(character, 0.1, 0.0).glyphs
    assert len(glyph.sizes) == segments


def test_every_character_of_a_display_looks_different() -> None:
    looks = {name: frozenset(lit) for name, lit in SEGMENTS.items()}
    assert len(set(looks.values())) == len(looks)
    assert all(
        len(set(lit)) == len(lit) and set(lit) <= set("abcdefg") for lit in SEGMENTS.values()
    )


def test_a_display_is_one_em_high_and_leans_to_the_right() -> None:
    [upright], [leaning] = (seven_segments("0", 0.1, slant).glyphs for slant in (0.0, 0.15))
    low, high = upright.points.min(axis=0), upright.points.max(axis=0)
    assert high[1] - low[1] == pytest.approx(1, abs=0.01)
    assert high[1] == pytest.approx(0, abs=0.01)
    moved = leaning.points - upright.points
    assert moved[:, 0].max() == pytest.approx(0.15, abs=0.01)
    assert np.allclose(moved[:, 1], 0)


def test_a_displays_text_advances_by_cells_and_by_less_for_points() -> None:
    shaped = seven_segments("1.5", 0.1, 0.1)
    assert len(shaped.glyphs) == 3
    assert all(isinstance(glyph, Contours) and glyph.sizes for glyph in shaped.glyphs)
    assert shaped.advances[1] < shaped.advances[0] / 2
