import numpy as np
import pytest

from craftlite.draw import heatmap, overlay
from craftlite.words import Words


def one_word(size: tuple[int, int], *, characters: bool = False) -> Words:
    """A word that fills the middle of a picture."""
    width, height = size
    quad = np.array([[0.25, 0.4], [0.75, 0.4], [0.75, 0.6], [0.25, 0.6]], np.float32) * size
    left = quad * (0.5, 1) + (0.125 * width, 0)
    return Words(
        quads=quad[None],
        polygons=(quad,),
        scores=np.array([0.87], np.float32),
        size=(width, height),
        characters=(left[None].astype(np.float32),) if characters else None,
    )


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before != after).any(axis=2)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_an_overlay_marks_the_word_and_leaves_the_rest(shade: int) -> None:
    picture = np.full((300, 600, 3), shade, np.uint8)
    drawn = overlay(picture, one_word((600, 300)))
    assert drawn.shape == picture.shape and drawn.dtype == np.uint8
    assert (picture == shade).all()
    mark = changed(picture, drawn)
    assert mark[120:180, 150:450].all()
    assert not mark[190:].any() and not mark[:, :140].any() and not mark[:, 460:].any()
    contrast = np.abs(drawn[120, 200:400].astype(int) - shade).max(axis=1)
    assert contrast.min() > 80


def test_the_score_is_a_plate_above_the_word() -> None:
    picture = np.zeros((300, 600, 3), np.uint8)
    above = changed(picture, overlay(picture, one_word((600, 300))))[:115]
    rows, columns = np.nonzero(above)
    assert rows.size > 100
    assert columns.min() >= 149 and columns.max() < 300


def test_lines_grow_with_the_picture() -> None:
    def line_width(width: int) -> int:
        picture = np.zeros((width // 2, width, 3), np.uint8)
        drawn = overlay(picture, one_word((width, width // 2)))
        return int((drawn[width // 4 :, width // 2, 1] > 180).sum())

    assert 1 <= line_width(600) < line_width(4000)


def test_characters_are_drawn_where_they_are() -> None:
    picture = np.zeros((300, 600, 3), np.uint8)
    plain = overlay(picture, one_word((600, 300)))
    drawn = overlay(picture, one_word((600, 300), characters=True))
    assert changed(plain, drawn).any()


@pytest.mark.parametrize("size", [(1, 1), (2000, 3), (3, 2000)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    assert overlay(picture, one_word(size, characters=True)).shape == picture.shape
    assert heatmap(picture, np.ones((1, 1), np.float32)).shape == picture.shape


def test_a_read_only_picture_without_words_stays_as_it_is() -> None:
    picture = np.arange(10 * 20 * 3, dtype=np.uint8).reshape(10, 20, 3)
    picture.setflags(write=False)
    empty = Words(np.zeros((0, 4, 2), np.float32), (), np.zeros(0, np.float32), (20, 10))
    np.testing.assert_array_equal(overlay(picture, empty), picture)


def test_a_heat_map_glows_red_where_the_map_is_high() -> None:
    picture = np.full((80, 160, 3), 128, np.uint8)
    scores = np.zeros((40, 80), np.float32)
    scores[:, 40:] = 0.95
    scores[0, 0] = np.nan
    drawn = heatmap(picture, scores).astype(int)
    assert drawn.shape == (80, 160, 3)
    cold, hot = drawn[40, 20], drawn[40, 140]
    assert hot[0] > hot[2] + 60
    assert cold.sum() < hot.sum() + 200 and cold[0] < hot[0]


def test_the_picture_shows_through_a_heat_map() -> None:
    picture = np.zeros((20, 20, 3), np.uint8)
    picture[:, 10:] = 255
    drawn = heatmap(picture, np.zeros((10, 10), np.float32)).astype(int)
    assert (drawn[:, 15] - drawn[:, 5]).min() > 80
