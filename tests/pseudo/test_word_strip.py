"""Words pulled straight: what lies where in a strip, and the way back to the picture."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.data.sample import Sample, Word
from craftlite.data.word_geometry import reading_outline, split_evenly
from craftlite.geometry import Points, is_convex
from craftlite.preprocess import MAP_STRIDE, MEAN
from craftlite.pseudo.word_strip import BATCH_PIXELS, HEIGHT, MARGIN, TEXT, Strip, cut_strips

SIZE = (640, 640)  # room for the margins of a word in the middle, however it is turned


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def rotated(points: Points, degrees: float) -> Points:
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = points.mean(axis=0)
    return np.asarray((points - centre) @ matrix.T + centre, np.float32)


def arc(degrees: float, points: int = 6) -> Points:
    """A word on an arc, as high as a third of its radius."""
    angles = np.deg2rad(np.linspace(-degrees / 2, degrees / 2, points))
    ray = np.stack([np.sin(angles), -np.cos(angles)], axis=1)
    outline = np.concatenate([240 * ray, (180 * ray)[::-1]]) + np.array([320, 340])
    return np.asarray(outline, np.float32)


def with_bar(quad: Points) -> np.ndarray:
    """A black picture with one white quad, drawn four times as large: OpenCV thickens its edges."""
    large = np.zeros((4 * SIZE[1], 4 * SIZE[0]), np.uint8)
    corners = np.round((4 * (quad + 0.5) - 0.5) * 256).astype(np.int32)
    cv2.fillConvexPoly(large, corners, 255, shift=8)
    grey = cv2.resize(large, SIZE, interpolation=cv2.INTER_AREA)
    return np.stack([grey] * 3, axis=2)


def found_again(outline: Points, part: Points) -> Points:
    """The quad in the picture of what is bright in the strip's middle row."""
    strip = Strip.of(outline)
    pixels = strip.cut(with_bar(part))
    assert pixels.shape == (HEIGHT, strip.width, 3)
    row = pixels[HEIGHT // 2, :, 0] / 255
    start = float(np.flatnonzero(row > 0.5)[0])
    first = int(strip.start // MAP_STRIDE)
    span = np.array([[start, start + row[row > 0.02].sum()]]) / MAP_STRIDE - first
    return strip.quads(span)[0]


@given(
    length=st.floats(60, 300),
    height=st.floats(16, 120),
    degrees=st.floats(-180, 180),
    moves=st.lists(st.floats(-0.1, 0.1), min_size=8, max_size=8),
    count=st.integers(2, 6),
    which=st.integers(0, 5),
)
def test_a_part_of_a_word_is_found_again_within_a_pixel(
    length: float, height: float, degrees: float, moves: list[float], count: int, which: int
) -> None:
    shift = height * np.array(moves, np.float32).reshape(4, 2)
    upright = box(320 - length / 2, 320 - height / 2, 320 + length / 2, 320 + height / 2)
    quad = rotated(upright + shift, degrees)
    edges = np.linspace(0, 1, count + 1)[:, None]
    upper, lower = quad[0] + edges * (quad[1] - quad[0]), quad[3] + edges * (quad[2] - quad[3])
    k = which % count
    part = np.array([upper[k], upper[k + 1], lower[k + 1], lower[k]], np.float32)
    scale = max(1.0, height / TEXT)  # a pixel of the strip is that large in the picture
    assert abs(found_again(quad, part) - part).max() < scale


@pytest.mark.parametrize("degrees", [40, 90, 150])
def test_a_part_of_a_curved_word_is_found_again(degrees: float) -> None:
    outline = arc(degrees)
    for part in split_evenly(outline, 5):
        back = found_again(outline, part)
        assert abs(back - part).max() < 3
        assert is_convex(back[None]).all()


def test_the_word_lies_in_the_middle_with_its_surroundings_around_it() -> None:
    picture = with_bar(box(200, 200, 300, 240))
    strip = Strip.of(box(200, 200, 300, 240))
    assert strip.length == 100
    assert strip.width == 128
    pixels = strip.cut(picture)
    columns, rows = pixels[HEIGHT // 2, :, 0] > 127, pixels[:, 64, 0] > 127
    assert np.flatnonzero(columns)[[0, -1]].tolist() == pytest.approx([14, 113], abs=1)
    assert np.flatnonzero(rows)[[0, -1]].tolist() == pytest.approx([12, 51], abs=1)
    region = np.arange(32 * 64, dtype=np.float32).reshape(32, 64)
    assert strip.on_map(region).shape == (TEXT // 2, 50)
    assert strip.on_map(region)[0, 0] == 6 * 64 + 7
    assert abs(strip.quads(np.array([[0, 50.0]]))[0] - box(200, 200, 300, 240)).max() < 1e-3


def test_strips_need_no_padding_and_leave_a_margin() -> None:
    for length in (1, 3, 30, 41, 333, 9000):
        strip = Strip.of(box(0, 0, length, 20))
        assert strip.width % 32 == 0
        assert strip.start >= MARGIN
        assert strip.width <= 1632


def test_large_words_are_averaged_not_sampled() -> None:
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[:, ::2] = 255
    pixels = Strip.of(box(20, 20, 580, 180)).cut(picture)
    assert pixels.std() < 12


def test_beyond_the_picture_is_the_mean_colour() -> None:
    pixels = Strip.of(box(-60, 20, 60, 60)).cut(np.full((80, 200, 3), 255, np.uint8))
    assert pixels[30, 0].tolist() == np.round(MEAN).tolist()
    assert pixels[30, -1].tolist() == [255, 255, 255]


def test_tall_words_of_three_letters_are_turned() -> None:
    quad = box(100, 100, 140, 260)
    assert reading_outline(Word(quad, "abc"))[0].tolist() == [140, 100]
    assert reading_outline(Word(quad))[0].tolist() == [140, 100]
    assert reading_outline(Word(quad, "ab"))[0].tolist() == [100, 100]
    assert reading_outline(Word(box(0, 0, 90, 30), "abc"))[0].tolist() == [0, 0]
    # The first character is the upper one, and starts the strip.
    outline = reading_outline(Word(quad, "abcd"))
    pixels = Strip.of(outline).cut(with_bar(box(100, 100, 140, 140)))
    bright = np.flatnonzero(pixels[HEIGHT // 2, :, 0] > 127)
    assert bright.mean() == pytest.approx(Strip.of(outline).start + 20, abs=1.5)


def test_an_outline_that_gives_no_proper_parts_is_read_in_its_least_rectangle() -> None:
    bow = np.array([[0, 0], [100, 40], [100, 0], [0, 40]], np.float32)
    assert is_convex(reading_outline(Word(bow, "abc"))[None]).all()


def test_only_words_to_be_read_of_unknown_characters_are_cut_in_lists_of_one_width() -> None:
    quad = box(10, 10, 90, 40)
    words = (
        Word(quad, "abc"),
        Word(quad, "abc", ignore=True),
        Word(quad, "abc", characters=split_evenly(quad, 3)),
        Word(box(10, 10, 10.5, 40), "abc"),
        *(Word(box(5, 5, 5 + 30 * k, 25)) for k in (4, 8) * 200),
    )
    picture = np.zeros((60, 300, 3), np.uint8)
    batches = list(cut_strips([Sample("empty", picture, ()), Sample("one", picture, words)]))
    assert sorted((cut.sample, cut.place) for batch in batches for cut in batch) == [
        (1, place) for place in (0, *range(4, len(words)))
    ]
    for batch in batches:
        [shape] = {cut.pixels.shape for cut in batch}
        assert len(batch) * shape[0] * shape[1] <= BATCH_PIXELS
    assert len(batches) < 25
