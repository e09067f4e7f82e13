"""A word's characters: where its outline is cut, and what links them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.data.sample import Word
from craftlite.data.word_geometry import (
    affinity_quads,
    characters_of,
    goes_down,
    split_evenly,
    word_height,
)
from craftlite.geometry import Points, signed_area


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def rotated(quad: Points, degrees: float) -> Points:
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = quad.mean(axis=0)
    return np.asarray((quad - centre) @ matrix.T + centre, np.float32)


@given(
    corner=st.tuples(st.floats(0, 500), st.floats(0, 500)),
    length=st.floats(20, 400),
    height=st.floats(5, 400),
    slant=st.floats(-50, 50),
    degrees=st.floats(-180, 180),
    count=st.integers(1, 30),
)
def test_parts_of_a_parallelogram_are_equal_and_fill_it(
    corner: tuple[float, float],
    length: float,
    height: float,
    slant: float,
    degrees: float,
    count: int,
) -> None:
    x, y = corner
    upright = [[x, y], [x + length, y], [x + length + slant, y + height], [x + slant, y + height]]
    quad = rotated(np.array(upright, np.float32), degrees)
    parts = split_evenly(quad, count)
    areas = np.array([signed_area(part) for part in parts])
    assert parts.shape == (count, 4, 2)
    assert np.allclose(areas, areas.mean(), rtol=0.02)
    assert areas.sum() == pytest.approx(signed_area(quad), rel=1e-3)
    # Neighbours share an edge, and the quad's corners are corners of the first and last part.
    downwards = not np.allclose(parts[0, 0] - parts[0, 3], quad[0] - quad[3], atol=1e-2)
    ahead, back = ([3, 2], [0, 1]) if downwards and count > 1 else ([1, 2], [0, 3])
    assert np.allclose(parts[:-1, ahead], parts[1:, back], atol=1e-2)
    for end, corners in ((0, back), (-1, ahead)):
        assert np.allclose(parts[end, corners], quad[corners], atol=1e-2)


@pytest.mark.parametrize("first", range(4))
def test_textless_word_has_as_many_characters_whatever_corner_it_starts_from(first: int) -> None:
    word = Word(np.roll(box(20, 20, 130, 60), first, axis=0))
    characters = characters_of(word)
    assert len(characters) == round(110 / 40 / 0.55)
    # They lie side by side along the word, not on top of one another.
    centres = characters.mean(axis=1)
    assert np.ptp(centres[:, 0]) == pytest.approx(110 * 4 / 5, rel=0.01)
    assert np.ptp(centres[:, 1]) == pytest.approx(0, abs=0.01)


def test_a_box_without_height_has_a_limited_number_of_characters() -> None:
    assert len(characters_of(Word(box(0, 20, 16_777_215, 20), None))) == 1000


def test_spaces_of_a_text_are_no_characters() -> None:
    assert len(characters_of(Word(box(0, 0, 100, 20), "a b c"))) == 3


def test_known_characters_are_taken_as_they_are() -> None:
    known = np.stack([box(0, 0, 10, 20), box(10, 0, 40, 20)])
    assert characters_of(Word(box(0, 0, 40, 20), "abc", characters=known)) is known


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("text", ["ab", "abcdef"])
def test_an_outline_of_many_points_is_split_from_where_it_starts(turns: int, text: str) -> None:
    across = np.array([[20, 20], [90, 18], [160, 20], [160, 50], [90, 52], [20, 50]], np.float32)
    outline = rotated(across, 60 * turns)
    characters = characters_of(Word(outline, text))
    first, last = characters[0].mean(axis=0), characters[-1].mean(axis=0)
    assert len(characters) == len(text)
    assert np.linalg.norm(first - outline[0]) < np.linalg.norm(last - outline[0])
    expected = 140 * (1 - 1 / len(text))
    assert np.linalg.norm(last - first) == pytest.approx(expected, rel=0.05)


def test_word_height_is_measured_across_the_reading_direction() -> None:
    assert word_height(rotated(box(0, 0, 90, 30), 40)) == pytest.approx(30, rel=1e-5)


def test_links_have_two_thirds_of_the_height_and_reach_from_centre_to_centre() -> None:
    characters = split_evenly(box(0, 0, 120, 60), 3)
    links = affinity_quads(characters)
    assert np.allclose(links[0], box(20, 10, 60, 50))
    assert np.allclose(links[1], box(60, 10, 100, 50))
    assert affinity_quads(characters[:1]).shape == (0, 4, 2)


def arc(first: float, last: float, points: int, radius: float, height: float) -> Points:
    """The outline (2 * points, 2) of a word on a circle around (150, 150); angles in degrees."""
    angles = np.deg2rad(np.linspace(first, last, points))
    ray = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    upper, lower = 150 + ray * (radius + height / 2), 150 + ray * (radius - height / 2)
    return np.concatenate([upper, lower[::-1]]).astype(np.float32)


@given(
    first=st.floats(-180, 180),
    span=st.floats(20, 170),
    points=st.integers(7, 12),
    height=st.floats(10, 30),
    count=st.integers(1, 12),
)
def test_a_curved_word_is_cut_along_its_curve(
    first: float, span: float, points: int, height: float, count: int
) -> None:
    word = Word(arc(first, first + span, points, 100, height), "x" * count)
    characters = characters_of(word)
    assert characters.shape == (count, 4, 2)
    # The corners of every part lie on the circles that the word lies between.
    for edge, radius in (([0, 1], 100 + height / 2), ([2, 3], 100 - height / 2)):
        distances = np.linalg.norm(characters[:, edge] - 150, axis=2)
        assert np.allclose(distances, radius, rtol=0.03)
    middles = np.deg2rad(first + span * (np.arange(count) + 0.5) / count)
    chord = characters.mean(axis=1) - 150
    turned = np.arctan2(chord[:, 1], chord[:, 0]) - middles
    assert np.allclose((turned + np.pi) % (2 * np.pi), np.pi, atol=0.02)
    assert np.allclose(characters[0, [0, 3]], word.polygon[[0, -1]], atol=1e-3)
    assert np.allclose(characters[-1, [1, 2]], word.polygon[[points - 1, points]], atol=1e-3)


def test_points_that_crowd_at_one_end_do_not_narrow_its_characters() -> None:
    xs = np.array([20, 22, 25, 30, 180], np.float32)
    upper, lower = (np.stack([xs, np.full_like(xs, y)], axis=1) for y in (40, 70))
    characters = characters_of(Word(np.concatenate([upper, lower[::-1]]), "abcd"))
    assert np.allclose(characters, split_evenly(box(20, 40, 180, 70), 4), atol=1e-3)


def test_a_curved_word_without_text_has_as_many_characters_as_its_curve_is_long() -> None:
    outline = arc(-170, -10, 9, 100, 24)
    along = 100 * np.deg2rad(160)
    assert len(characters_of(Word(outline))) == pytest.approx(along / (0.55 * 24), abs=1)


@pytest.mark.parametrize(
    "outline",
    [
        [[20, 20], [120, 20], [120, 50], [70, 55], [20, 50]],  # an odd number of points
        [[20, 20], [120, 50], [120, 20], [20, 50]],  # a quad that crosses itself
        [[20, 20], [60, 50], [120, 20], [20, 50], [70, 20], [120, 50]],  # so does this one
    ],
)
def test_outlines_that_give_no_proper_parts_are_cut_in_their_least_rectangle(
    outline: list[list[float]],
) -> None:
    characters = characters_of(Word(np.array(outline, np.float32), "abcd"))
    assert np.ptp(characters[..., 0]) == pytest.approx(100, abs=2)
    centres = characters.mean(axis=1)
    assert np.allclose(np.diff(centres[:, 0]), 25, atol=1)


def test_a_tall_outline_of_many_points_is_read_downwards() -> None:
    points = [[100, 20], [115, 18], [130, 20], [130, 140], [115, 142], [100, 140]]
    characters = characters_of(Word(np.array(points, np.float32), "abc"))
    assert np.allclose(np.diff(characters.mean(axis=1), axis=0), [0, 124 / 3], atol=0.5)


@pytest.mark.parametrize("degrees", [0, 50, 180])
def test_characters_are_stacked_where_the_next_stands_below(degrees: float) -> None:
    across = rotated(split_evenly(box(0, 0, 90, 30), 3).reshape(-1, 2), degrees)
    down = rotated(split_evenly(box(0, 0, 30, 90), 3).reshape(-1, 2), degrees)
    assert goes_down(across.reshape(3, 4, 2)).tolist() == [False, False]
    assert goes_down(down.reshape(3, 4, 2)).tolist() == [True, True]
