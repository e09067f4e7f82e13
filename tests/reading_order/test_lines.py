"""Lines and reading order of words whose layout is known."""

import numpy as np

from craftlite.geometry import Points, box
from craftlite.words import Words


def words_of(*quads: Points) -> Words:
    array = np.array(quads, np.float32).reshape(-1, 4, 2)
    return Words(array, tuple(array), np.ones(len(array), np.float32), (1000, 1000))


def row(
    left: float, top: float, *widths: float, height: float = 20, gap: float = 7
) -> list[Points]:
    """Words of these widths side by side."""
    lefts = left + np.cumsum([0, *(width + gap for width in widths)])
    return [box(x, top, x + w, top + height) for x, w in zip(lefts[:-1], widths, strict=True)]


def orders(words: Words) -> list[tuple[int, ...]]:
    return [line.words for line in words.lines()]


def test_no_words_make_no_lines() -> None:
    assert words_of().lines() == ()


def test_two_columns_are_read_one_after_the_other() -> None:
    title = row(100, 0, 300, 250, height=40, gap=15)
    left = [row(0, top, 60, 80, 50, 70) for top in (80, 110, 140)]
    right = [row(340, top, 70, 60, 75, 60) for top in (80, 110, 140)]
    words = words_of(*title, *(word for one in (*left, *right) for word in one))
    assert orders(words) == [(0, 1), *(tuple(range(k, k + 4)) for k in range(2, 26, 4))]
