import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from craftlite.draw import heatmap, overlay, write_picture
from craftlite.geometry import box
from craftlite.image import read_image
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
    above = changed(picture, overlay(picture, one_word((600, 300)), scores=True))[:115]
    rows, columns = np.nonzero(above)
    assert rows.size > 100
    assert columns.min() >= 149 and columns.max() < 300


def rows_of_words(size: tuple[int, int], pitch: int) -> Words:
    """Words 20 high in rows `pitch` apart all over a picture, 10 between neighbours."""
    places = [(x, y) for y in range(30, size[1] - 40, pitch) for x in range(10, size[0] - 70, 70)]
    quads = np.array([box(x, y, x + 60, y + 20) for x, y in places], np.float32)
    return Words(quads, tuple(quads), np.full(len(quads), 0.5, np.float32), size)


def test_scores_are_drawn_on_demand_alone() -> None:
    picture, words = np.zeros((300, 600, 3), np.uint8), rows_of_words((600, 300), 60)
    assert (overlay(picture, words) != overlay(picture, words, scores=True)).any()


def test_scores_hide_no_word() -> None:
    picture, words = np.zeros((300, 600, 3), np.uint8), rows_of_words((600, 300), 50)
    plates = changed(overlay(picture, words), overlay(picture, words, scores=True))
    assert cv2.connectedComponents(plates.astype(np.uint8))[0] == 1 + len(words)
    for left, top, right, bottom in words.quads[:, [0, 2]].reshape(-1, 4).astype(int):
        assert not plates[top : bottom + 1, left : right + 1].any()


def test_scores_are_left_out_of_dense_text() -> None:
    picture, words = np.zeros((300, 600, 3), np.uint8), rows_of_words((600, 300), 24)
    np.testing.assert_array_equal(overlay(picture, words, scores=True), overlay(picture, words))


def test_a_score_goes_below_a_word_at_the_top_and_away_where_there_is_no_room() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    top = Words(box(20, 0, 90, 30)[None], (box(20, 0, 90, 30),), np.ones(1, np.float32), (200, 100))
    plate = changed(overlay(picture, top), overlay(picture, top, scores=True))
    assert plate[30:].any() and not plate[:30].any()
    all_of_it = replace(top, quads=box(0, 0, 199, 99)[None], polygons=(box(0, 0, 199, 99),))
    drawn = overlay(picture, all_of_it, scores=True)
    np.testing.assert_array_equal(drawn, overlay(picture, all_of_it))


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
    np.testing.assert_array_equal(overlay(picture, empty, scores=True), picture)


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


def test_a_heat_map_has_no_seams() -> None:
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (50, 333, 3), dtype=np.uint8)
    scores = random.uniform(0, 1, (25, 100)).astype(np.float32)
    mirrored = heatmap(picture[:, ::-1], scores[:, ::-1])[:, ::-1]
    np.testing.assert_allclose(heatmap(picture, scores).astype(int), mirrored, atol=1)


def test_a_plate_looks_the_same_wherever_its_word_is() -> None:
    picture = np.zeros((700, 1100, 3), np.uint8)
    here = one_word((600, 300))
    away = np.array([321, 234], np.float32)
    there = replace(here, quads=here.quads + away, polygons=(here.polygons[0] + away,))
    drawn, moved = (overlay(picture, words, scores=True) for words in (here, there))
    np.testing.assert_array_equal(moved[234:, 321:], drawn[:-234, :-321])


def test_a_picture_is_written_as_it_is_and_stays_so(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (150, 70, 3), dtype=np.uint8)
    before = picture.copy()
    for writeable in (True, False):
        picture.setflags(write=writeable)
        write_picture(tmp_path / "a.png", picture)
        np.testing.assert_array_equal(picture, before)
        np.testing.assert_array_equal(read_image(tmp_path / "a.png"), before)


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_drawing_takes_little_more_memory_than_what_is_drawn(tmp_path: Path) -> None:
    program = """
from pathlib import Path
import numpy as np
from craftlite.draw import heatmap, overlay, write_picture
from craftlite.words import Words

def peak():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])

quad = np.array([[9, 40], [900, 40], [900, 200], [9, 200]], np.float32)
words = Words(quad[None], (quad,), np.ones(1, np.float32), (8000, 6000))
small = np.zeros((60, 80, 3), np.uint8)
write_picture(Path("a.jpg"), heatmap(overlay(small, words), np.zeros((30, 40), np.float32)))
picture = np.full((6000, 8000, 3), 200, np.uint8)
before = peak()
write_picture(Path("a.jpg"), overlay(picture, words))
write_picture(Path("b.jpg"), heatmap(picture, np.zeros((300, 400), np.float32)))
print((peak() - before) / picture.nbytes)
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert 1 <= float(done.stdout) < 1.5
