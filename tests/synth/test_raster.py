"""Coverage has the area of what is drawn, at its place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.geometry import Points, signed_area
from craftlite.synth.raster import Contours, contours_of, rasterise

SIZE = (120, 90)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


@given(left=st.floats(5, 40), top=st.floats(5, 30), width=st.floats(5, 60), height=st.floats(5, 40))
def test_coverage_has_the_area_and_the_middle_of_a_box(
    left: float, top: float, width: float, height: float
) -> None:
    outline = box(left, top, left + width, top + height)
    drawn = rasterise(contours_of([outline]), SIZE, em=10, margin=1)
    assert drawn is not None
    # OpenCV also fills what an outline touches, up to an eighth of a pixel on each side.
    assert 0.98 * width * height < drawn.alpha.sum() < (width + 1 / 4) * (height + 1 / 4)
    ys, xs = np.mgrid[: drawn.alpha.shape[0], : drawn.alpha.shape[1]]
    middle = [np.average(grid + 0.5, weights=drawn.alpha) for grid in (xs, ys)]
    rows, columns = drawn.place
    expected = outline.mean(axis=0) - (columns.start, rows.start)
    assert np.allclose(middle, expected, atol=0.1)


def test_holes_are_cut_out_of_what_was_drawn_before() -> None:
    outer, hole, island = box(10, 10, 60, 60), box(20, 20, 50, 50), box(30, 30, 40, 40)
    points = np.concatenate([outer, hole, island])
    contours = Contours(points, (4, 4, 4), (False, True, False))
    drawn = rasterise(contours, SIZE, em=100, margin=0)
    assert drawn is not None
    expected = signed_area(outer) - signed_area(hole) + signed_area(island)
    assert drawn.alpha.sum() == pytest.approx(expected, rel=0.1)
    assert drawn.alpha[15, 15] == 0
    assert drawn.alpha[25, 25] == 1


def test_what_crosses_the_border_shows_its_part_inside() -> None:
    drawn = rasterise(contours_of([box(-20, -10, 20, 15)]), SIZE, em=10, margin=3)
    assert drawn is not None
    assert drawn.place == np.s_[0:18, 0:23]
    assert drawn.alpha.shape == (18, 23)
    assert drawn.alpha.sum() == pytest.approx(300, rel=0.02)


def test_nothing_is_drawn_outside_or_without_contours() -> None:
    assert rasterise(contours_of([box(200, 5, 220, 15)]), SIZE, em=10, margin=0) is None
    assert rasterise(contours_of([]), SIZE, em=10, margin=0) is None
