"""The maps that the network learns: where their peaks lie, and where the loss counts."""

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from craftlite.data.sample import Word
from craftlite.data.targets import (
    ENLARGEMENT,
    GUESSED,
    SIGMA,
    add_gaussians,
    gaussian_template,
    render_targets,
)
from craftlite.data.word_geometry import split_evenly
from craftlite.geometry import Points

SIZE = (256, 192)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def on_map(point: np.ndarray) -> np.ndarray:
    return np.asarray((point + 0.5) / 2 - 0.5)


def peak_near(score: np.ndarray, point: np.ndarray, reach: int = 5) -> tuple[np.ndarray, float]:
    """(x, y) of the mean of the highest pixels around a point of the map, and their value."""
    x, y = np.round(point).astype(int)
    window = score[y - reach : y + reach + 1, x - reach : x + reach + 1]
    ys, xs = np.nonzero(window > window.max() - 0.02)
    return np.array([xs.mean() + x - reach, ys.mean() + y - reach]), float(window.max())


def at(score: np.ndarray, point: np.ndarray) -> float:
    """The map's value between pixels, bilinear."""
    x, y = point
    left, top = int(np.floor(x)), int(np.floor(y))
    right, down = x - left, y - top
    row = score[top : top + 2, left : left + 2] @ np.array([1 - right, right])
    return float(row @ np.array([1 - down, down]))


def rotated(quad: Points, degrees: float) -> Points:
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = quad.mean(axis=0)
    return np.asarray((quad - centre) @ matrix.T + centre, np.float32)


@pytest.mark.parametrize("degrees", [0, 30, -75, 180])
def test_region_peaks_at_the_centre_of_every_character(degrees: float) -> None:
    word = Word(rotated(box(61, 73, 190, 110), degrees), "word")
    scores, weight = render_targets([word], SIZE)
    assert scores.shape == (2, 96, 128)
    assert weight.shape == (96, 128)
    assert set(np.unique(weight)) == {GUESSED, 1}
    for character in split_evenly(word.polygon, 4):
        centre = on_map(character.mean(axis=0))
        place, value = peak_near(scores[0], centre)
        assert abs(place - centre).max() < 0.75
        assert 0.97 < value <= 1


def test_affinity_peaks_between_neighbours_only() -> None:
    words = [Word(box(20, 20, 120, 60), "abcd"), Word(box(140, 20, 240, 60), "efgh")]
    scores, _ = render_targets(words, SIZE)
    for word in words:
        centres = split_evenly(word.polygon, 4).mean(axis=1)
        for between in (centres[1:] + centres[:-1]) / 2:
            place, value = peak_near(scores[1], on_map(between))
            assert abs(place - on_map(between)).max() < 0.75
            assert value > 0.97
    assert scores[1][:, round(130 / 2)].max() == 0


def test_region_has_fallen_to_a_quarter_at_the_edge_of_the_box() -> None:
    word = Word(box(80, 60, 140, 120), "a")
    region = render_targets([word], SIZE)[0][0]
    for edge in ([80, 90], [140, 90], [110, 60], [110, 120]):
        assert at(region, on_map(np.array(edge))) == pytest.approx(0.25, abs=0.03)


def test_a_single_character_has_no_affinity() -> None:
    scores, _ = render_targets([Word(box(80, 60, 140, 120), "a")], SIZE)
    assert scores[0].max() > 0.97
    assert scores[1].max() == 0


def test_gaussian_is_round_and_one_at_its_centre() -> None:
    template = gaussian_template()
    assert template.max() == pytest.approx(1, abs=2e-3)
    assert np.allclose(template, template.T)
    assert np.allclose(template, template[::-1])


def test_stacked_characters_are_linked_from_top_to_bottom() -> None:
    stack = np.stack([box(100, top, 130, top + 30) for top in (20, 60, 100)])
    word = Word(box(100, 20, 130, 130), "abc", characters=stack)
    scores, _ = render_targets([word], SIZE)
    for between in ([115, 55], [115, 95]):
        place, value = peak_near(scores[1], on_map(np.array(between)))
        assert abs(place - on_map(np.array(between))).max() < 0.75
        assert value > 0.97
    # The link runs down: it is longer than wide.
    below, beside = on_map(np.array([115, 65])), on_map(np.array([125, 55]))
    assert at(scores[1], below) > at(scores[1], beside)


def test_a_tall_quad_with_three_letters_is_read_downwards_and_linked() -> None:
    scores, _ = render_targets([Word(box(100, 20, 130, 140), "abc")], SIZE)
    for centre in ([115, 40], [115, 80], [115, 120]):
        assert at(scores[0], on_map(np.array(centre))) > 0.95
    for between in ([115, 60], [115, 100]):
        assert at(scores[1], on_map(np.array(between))) > 0.95


@given(
    moves=st.lists(st.floats(-4, 4), min_size=8, max_size=8),  # so small that it stays convex
    corner=st.tuples(st.floats(-30, 90), st.floats(-30, 90)),
    sides=st.tuples(st.floats(17, 70), st.floats(17, 70)),
    degrees=st.floats(-180, 180),
)
@example(  # a pixel lies on the horizon of this quad
    moves=[0, -5.038516576335738, 5.502698437175127, 8, 1.5089367127239566, 0, 6.64665, 6.1e-05],
    corner=(1.8100451037522518, 1.543390107287948),
    sides=(17, 17),
    degrees=71.4375,
)
def test_the_gaussian_drawn_is_that_of_the_formula(
    moves: list[float],
    corner: tuple[float, float],
    sides: tuple[float, float],
    degrees: float,
) -> None:
    (left, top), (width, height) = corner, sides
    quad = box(left, top, left + width, top + height) + np.array(moves, np.float32).reshape(4, 2)
    quad = rotated(quad, degrees)
    score = np.zeros((100, 100), np.float32)
    add_gaussians(score, quad[None])
    enlarged = (quad.mean(axis=0) + ENLARGEMENT * (quad - quad.mean(axis=0))).astype(np.float32)
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    ys, xs = np.mgrid[:100, :100].astype(np.float64)
    matrix = cv2.getPerspectiveTransform(enlarged, square)
    x, y, depth = np.moveaxis(np.stack([xs, ys, np.ones_like(xs)], axis=-1) @ matrix.T, -1, 0)
    # A pixel on the horizon lies nowhere in the square.
    place = np.stack([x, y], axis=-1) / np.where(abs(depth) < 1e-9, 1e-9, depth)[..., None]
    formula = np.exp(-0.5 * (place**2).sum(axis=-1) / SIGMA**2)
    reach = abs(place).max(axis=-1)
    assert np.allclose(score[reach < 0.98], formula[reach < 0.98], atol=1e-3)
    assert (score[reach > 1.02] == 0).all()


def test_a_character_without_area_spoils_no_other() -> None:
    flat = np.stack([box(20, 20, 20, 60), box(40, 20, 80, 60)])
    scores, _ = render_targets([Word(box(20, 20, 80, 60), "ab", characters=flat)], SIZE)
    assert np.isfinite(scores).all()
    assert at(scores[0], on_map(np.array([60, 40]))) > 0.95


def test_without_words_all_is_ground_that_is_sure() -> None:
    scores, confidence = render_targets([], SIZE)
    assert scores.max() == 0
    assert confidence.min() == 1


def known(quad: Points, sure: float = 1.0) -> Word:
    """A word of four letters, all known."""
    return Word(quad, "abcd", characters=split_evenly(quad, 4), confidence=sure)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (known(box(40, 40, 120, 80)), 1),
        (known(box(40, 40, 120, 80), sure=0.7), 0.7),
        (Word(box(40, 40, 120, 80), "abcd"), 0.5),
        (Word(box(40, 40, 120, 80)), 0.5),
        (Word(box(40, 40, 120, 80), "abcd", confidence=0.9), 0.5),
    ],
)
def test_confidence_within_a_word_follows_what_is_known(word: Word, expected: float) -> None:
    scores, confidence = render_targets([word], SIZE)
    assert confidence.dtype == np.float32
    assert confidence[21:40, 21:60] == pytest.approx(expected)
    outside = np.ones_like(confidence, bool)
    outside[19:42, 19:62] = False
    assert (confidence[outside] == 1).all()
    assert scores[0].max() > 0.97


def test_a_word_that_nothing_is_sure_of_teaches_nothing() -> None:
    scores, confidence = render_targets([known(box(40, 40, 120, 80), sure=0.0)], SIZE)
    assert scores.max() == 0
    assert confidence[30, 40] == 0


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
def test_where_words_overlap_the_least_sure_stays_whatever_their_order(order: list[int]) -> None:
    words = [
        known(box(20, 20, 220, 60)),
        Word(box(60, 20, 220, 60), "guess"),
        known(box(100, 20, 220, 60), sure=0.25),
        Word(box(140, 20, 220, 60), ignore=True),
    ]
    confidence = render_targets([words[i] for i in order], SIZE)[1]
    assert confidence[20, [15, 40, 60, 90]].tolist() == [1, 0.5, 0.25, 0]


def test_dont_care_words_have_neither_weight_nor_score() -> None:
    scores, weight = render_targets([Word(box(40, 40, 120, 80), ignore=True)], SIZE)
    assert scores.max() == 0
    assert (weight[21:40, 21:60] == 0).all()
    outside = np.ones_like(weight, bool)
    outside[19:42, 19:62] = False
    assert (weight[outside] == 1).all()


def test_words_too_small_for_characters_are_not_learnt_as_background() -> None:
    scores, weight = render_targets([Word(box(40, 40, 80, 44), "small")], SIZE)
    assert scores.max() == 0
    assert weight[21, 30] == 0
    assert weight[30, 30] == 1


def test_words_partly_outside_show_the_part_inside() -> None:
    scores, _ = render_targets([Word(box(-40, 20, 40, 60), "ab")], SIZE)
    assert at(scores[0], on_map(np.array([20, 40]))) > 0.95
    nothing, weight = render_targets([Word(box(-400, 20, -300, 60), "ab")], SIZE)
    assert nothing.max() == 0
    assert weight.min() == 1


def test_where_characters_overlap_the_larger_score_stays() -> None:
    one, other = Word(box(60, 60, 120, 100), "a"), Word(box(90, 60, 150, 100), "b")
    alone = [render_targets([word], SIZE)[0] for word in (one, other)]
    both = render_targets([one, other], SIZE)[0]
    assert np.array_equal(both, np.maximum(*alone))
    assert (alone[0][0] * alone[1][0]).max() > 0.1
