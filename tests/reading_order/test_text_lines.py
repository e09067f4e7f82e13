"""Lines and reading order of words whose layout is known, whatever the order they come in."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.geometry import Points, box
from craftlite.words import Words

Lines = list[list[int]]


def words_of(quads: list[Points], polygons: list[Points] | None = None) -> Words:
    array = np.array(quads, np.float32).reshape(-1, 4, 2)
    scores = np.ones(len(array), np.float32)
    return Words(array, tuple(polygons or array), scores, (1000, 1000))


def row(
    left: float, top: float, *widths: float, height: float = 20, gap: float = 7
) -> list[Points]:
    """Words of these widths side by side."""
    lefts = left + np.cumsum([0, *(width + gap for width in widths)])
    return [box(x, top, x + w, top + height) for x, w in zip(lefts[:-1], widths, strict=True)]


def lines_of(quads: list[Points]) -> Lines:
    """The words of each line, in reading order."""
    return [list(line.words) for line in words_of(quads).lines()]


def split(sizes: list[int]) -> Lines:
    """Consecutive numbers in groups of these sizes."""
    ends = np.cumsum(sizes)
    return [list(range(end - size, end)) for end, size in zip(ends, sizes, strict=True)]


def turned(quads: list[Points], degrees: float) -> list[Points]:
    """Clockwise about the origin, each from its corner with the smallest x + y as detected ones."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    moved = [quad @ np.array([[cos, sin], [-sin, cos]]) for quad in quads]
    return [np.roll(quad, -int(quad.sum(axis=1).argmin()), axis=0) for quad in moved]


def article() -> tuple[list[Points], Lines]:
    """A title over two columns of three lines, the left one in two paragraphs."""
    title = row(100, 0, 300, 250, height=40, gap=15)
    left = [row(0, top, 60, 80, 50, 70) for top in (80, 110, 170)]
    right = [row(340, top, 70, 60, 75, 60) for top in (80, 110, 140)]
    return [*title, *chain(*left, *right)], split([2, 4, 4, 4, 4, 4, 4])


def receipt() -> tuple[list[Points], Lines]:
    """Names on the left and prices at the right edge, one row without a price."""
    names = [(90,), (60, 70), (80, 50, 40), (50,), (70,)]
    rows, sizes = list[Points](), []
    for number, widths in enumerate(names):
        rows += row(0, 28 * number, *widths)
        price = [] if number == 3 else [box(500, 28 * number, 550, 28 * number + 20)]
        rows += price
        sizes.append(len(widths) + len(price))
    return rows, split(sizes)


def table() -> tuple[list[Points], Lines]:
    """Lone digits and letters in columns closer to each other than to their neighbours' rows."""
    widths = [(12, 6, 12, 10), (14, 12, 6, 12), (12, 10, 12, 6), (6, 12, 14, 12)]
    cells = [
        box(60 * c, 30 * r, 60 * c + width, 30 * r + 18)
        for r, four in enumerate(widths)
        for c, width in enumerate(four)
    ]
    return cells, split([4] * 4)


def paragraph() -> tuple[list[Points], Lines]:
    """Lines with "I", a hyphen, and words with and without tall letters."""
    one = [box(0, 0, 70, 20), box(77, 0, 80, 20), box(87, 0, 150, 26), box(157, 6, 200, 20)]
    two = [box(0, 30, 50, 50), box(57, 39, 66, 42), box(73, 30, 140, 50), box(147, 30, 150, 50)]
    three = row(0, 60, 80, 60, 40)
    return [*one, *two, *three], split([4, 4, 3])


def chat() -> tuple[list[Points], Lines]:
    """Bubbles at the left and the right edge in turn."""
    lefts = (0, 600, 0, 600)
    quads = [word for k, left in enumerate(lefts) for word in row(left, 60 * k, 70, 50, 60)]
    return quads, split([3] * 4)


LAYOUTS = {
    "article": article,
    "receipt": receipt,
    "table": table,
    "paragraph": paragraph,
    "chat": chat,
}
# Degrees; of lone characters, taller than wide, only nearly level pages show the direction.
MOST_TILT = {"table": 10}


def test_no_words_make_no_lines() -> None:
    assert words_of([]).lines() == ()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_read_in_order(layout: str) -> None:
    quads, lines = LAYOUTS[layout]()
    assert lines_of(quads) == lines


@pytest.mark.parametrize("layout", LAYOUTS)
@given(
    tilt=st.floats(-1, 1),
    scale=st.floats(0.2, 20),
    place=st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000)),
    random=st.randoms(use_true_random=False),
)
def test_lines_do_not_depend_on_the_pose_of_the_page_or_the_order_of_its_words(
    layout: str, tilt: float, scale: float, place: tuple[float, float], random
) -> None:
    quads, lines = LAYOUTS[layout]()
    posed = [
        quad * scale + np.float32(place) for quad in turned(quads, tilt * MOST_TILT.get(layout, 30))
    ]
    order = list(range(len(quads)))
    random.shuffle(order)
    found = lines_of([posed[k] for k in order])
    assert [[order[k] for k in line] for line in found] == lines


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_every_word_is_in_one_line(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 300, (count, 1, 2))
    quads = list((corners + rng.normal(0, 15, (count, 4, 2))).astype(np.float32))
    lines = words_of(quads).lines()
    assert sorted(index for line in lines for index in line.words) == list(range(count))
    assert [line.block for line in lines] == sorted(line.block for line in lines)
    assert all(np.isfinite(line.polygon).all() and -180 <= line.angle <= 180 for line in lines)


def test_blocks_are_the_title_and_the_paragraphs() -> None:
    lines = words_of(article()[0]).lines()
    assert [line.block for line in lines] == [0, 1, 1, 2, 3, 3, 3]


def test_a_straight_line_is_a_rectangle_from_where_it_starts() -> None:
    quads = turned(row(0, 0, 60, 80), 20)
    (line,) = words_of(quads).lines()
    expected = np.array([[0, 0], [147, 0], [147, 20], [0, 20]])
    cos, sin = np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20))
    assert np.allclose(line.polygon, expected @ np.array([[cos, sin], [-sin, cos]]), atol=0.1)
    assert np.allclose(line.quad, line.polygon)
    assert abs(line.angle - 20) < 0.01 and not line.vertical


def test_signs_at_several_angles_are_lines_of_their_own() -> None:
    quads = list[Points]()
    for k, degrees in enumerate((0, 50, -50, 25)):
        quads += [
            q + np.float32((400 * k, 300)) for q in turned(row(-80, -10, 70, 60, 50), degrees)
        ]
    found = words_of(quads).lines()
    assert sorted(list(line.words) for line in found) == split([3] * 4)
    angles = {line.words[0] // 3: round(line.angle) for line in found}
    assert angles == {0: 0, 1: 50, 2: -50, 3: 25}


def test_text_on_its_side_is_read_in_its_own_direction() -> None:
    lines = split([3, 3])
    quads = [*row(0, 0, 70, 60, 50), *row(0, 30, 60, 50, 70)]
    assert lines_of(turned(quads, 90)) == lines
    assert lines_of(turned(quads, -75)) == lines
    assert [line.angle for line in words_of(turned(quads, 90)).lines()] == pytest.approx([90, 90])


def test_columns_of_vertical_text_are_read_from_right_to_left() -> None:
    quads = list[Points]()
    for left in (200, 160, 120):
        quads += [box(left, 0, left + 24, 110), box(left, 122, left + 24, 146)]
        quads += [box(left, 158, left + 24, 230)]
    lines = words_of(quads).lines()
    assert [list(line.words) for line in lines] == split([3] * 3)
    assert all(line.vertical and abs(line.angle - 90) < 1 for line in lines)


def test_a_stack_of_single_letters_is_one_line_read_downwards() -> None:
    (line,) = words_of([box(0, 25 * k, 20, 25 * k + 20) for k in range(5)]).lines()
    assert line.words == (0, 1, 2, 3, 4) and line.vertical


def test_a_line_on_an_arc_has_a_curved_outline() -> None:
    quads, polygons = list[Points](), list[Points]()
    for start, end in ((-48, -20), (-16, 12), (16, 48)):
        angles = np.deg2rad(np.linspace(start, end, 5))
        upper, lower = (
            np.stack([300 + r * np.sin(angles), 300 - r * np.cos(angles)], axis=1)
            for r in (212, 188)
        )
        polygons.append(np.concatenate([upper, lower[::-1]]).astype(np.float32))
        low, high = polygons[-1].min(axis=0), polygons[-1].max(axis=0)
        quads.append(box(*low, *high))
    (line,) = words_of(quads, polygons).lines()
    assert line.words == (0, 1, 2)
    radius = np.hypot(*(line.polygon - 300).T)
    assert len(line.polygon) == 30 and ((radius > 187) & (radius < 213)).all()
    assert np.allclose(line.polygon[0], polygons[0][0])


def test_a_missed_word_does_not_part_a_line_of_a_paragraph() -> None:
    rows = [row(0, 28 * k, 60, 80, 50, 70, 90, 60, 75) for k in range(5)]
    del rows[2][3]
    assert lines_of(list(chain(*rows))) == split([7, 7, 6, 7, 7])


def test_columns_in_which_words_are_missing_are_read_one_after_the_other() -> None:
    left = [row(0, 28 * k, 60, 80, 50, 70) for k in range(8)]
    right = [row(340, 28 * k, 70, 60, 75, 60) for k in range(8)]
    del left[2][1:3], left[5][:2], right[4][2:], left[6][2]
    count = sum(len(line) for line in left)
    order = [word for line in lines_of(list(chain(*left, *right))) for word in line]
    assert sorted(order[:count]) == list(range(count))


def test_two_signs_far_apart_in_one_row_are_two_lines() -> None:
    quads = [*row(0, 0, 90), *row(600, 0, 90)]
    assert lines_of(quads) == [[0], [1]]


def test_a_larger_heading_beside_small_text_is_a_line_of_its_own() -> None:
    quads = [box(0, 0, 200, 80), *row(225, 5, 60, 50), *row(225, 35, 70, 60)]
    assert sorted(lines_of(quads)) == split([1, 2, 2])
