"""Letters too large for one scale."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from craftlite import Detector, Words
from craftlite.geometry import box
from craftlite.postprocess.components import Found
from craftlite.postprocess.large_words import with_larger
from craftlite.preprocess import Fit, all_scales


@pytest.mark.parametrize(
    ("size", "sides"),
    [
        ((1280, 720), [1920, 640, 213]),
        ((12000, 9000), [1920, 640, 213]),
        ((481, 321), [962, 321]),
        ((1600, 48), [1920]),
        ((1, 1), [2]),
    ],
)
def test_each_scale_is_a_third_of_the_one_before(size: tuple[int, int], sides: list[int]) -> None:
    assert [max(fit.resized) for fit in all_scales(Fit.of(size, 1920))] == sides


def words(*boxes: tuple[float, float, float, float], characters: bool = False) -> Found:
    quads = np.array([box(*one) for one in boxes], np.float32).reshape(-1, 4, 2)
    scores = np.linspace(0.9, 0.8, len(boxes), dtype=np.float32)
    glyphs = tuple(quad[None] for quad in quads) if characters else None
    evidence = np.column_stack([scores, scores, quads[:, 2, 1] - quads[:, 0, 1]])
    return Found(Words(quads, tuple(quads), scores, (1000, 1000), glyphs), evidence)


def boxes(found: Found) -> list[tuple[float, ...]]:
    return [(*quad[0].tolist(), *quad[2].tolist()) for quad in found.words.quads]


WORD, LARGE = (100, 100, 300, 150), (100, 300, 700, 500)


def test_a_word_that_only_the_coarser_scale_shows_is_added() -> None:
    assert boxes(with_larger(words(WORD), words(LARGE), 150)) == [WORD, LARGE]
    assert boxes(with_larger(words(), words(LARGE), 150)) == [LARGE]


def test_parts_of_a_large_word_give_way_to_it() -> None:
    parts = words((110, 310, 200, 400), WORD, (600, 320, 720, 420))
    assert boxes(with_larger(parts, words(LARGE), 150)) == [WORD, LARGE]


def test_a_word_of_both_scales_is_that_of_the_finer_one() -> None:
    finer = (110, 310, 690, 490)
    assert boxes(with_larger(words(finer), words(LARGE), 150)) == [finer]


def test_low_words_of_the_coarser_scale_are_left_out() -> None:
    assert boxes(with_larger(words(WORD), words(LARGE), 201)) == [WORD]
    assert boxes(with_larger(words(WORD), words(), 150)) == [WORD]


def test_characters_stay_with_their_words() -> None:
    both, evidence = with_larger(words(WORD, characters=True), words(LARGE, characters=True), 150)
    assert evidence[:, 2].tolist() == [50, 200]
    assert both.characters is not None
    assert [glyphs[0].tolist() for glyphs in both.characters] == both.quads.tolist()
    assert len(both.polygons) == len(both.scores) == 2


@pytest.mark.parametrize("size", [60, 250, 500])
def test_letters_are_found_whatever_their_size(size: int) -> None:
    picture = Image.new("RGB", (1280, 720), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size)
    draw.text((100, 60), "Ox", font=font, fill="black")
    left, top, right, bottom = draw.textbbox((100, 60), "Ox", font=font)
    found = Detector(threads=2)(picture)
    assert len(found) == 1
    corners = np.concatenate([found.quads[0].min(axis=0), found.quads[0].max(axis=0)])
    assert np.abs(corners - (left, top, right, bottom)).max() < 0.25 * (bottom - top)
