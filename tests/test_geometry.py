"""Plane geometry: corners that turn, and the way from a quad to the square."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from craftlite.geometry import (
    Points,
    clockwise,
    clockwise_quads,
    is_convex,
    signed_area,
    to_square,
    transform,
)

SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


@st.composite
def quads(draw: st.DrawFn) -> Points:
    """A convex quad of any place, size, turn and tilt: four points around an ellipse."""
    turns = np.deg2rad([draw(st.floats(20, 70)) + 90 * corner for corner in range(4)])
    round_ = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    sides = draw(st.floats(3, 300)), draw(st.floats(3, 300))
    corner = draw(st.floats(-100, 900)), draw(st.floats(-100, 900))
    return np.asarray(round_ * sides + corner, np.float32)


@given(st.lists(quads(), min_size=1, max_size=4))
def test_corners_of_quads_are_mapped_to_those_of_the_square(many: list[Points]) -> None:
    for quad, matrix in zip(many, to_square(np.stack(many)), strict=True):
        assert np.allclose(transform(quad, matrix), SQUARE, atol=1e-3)
        # Straight lines stay straight: diagonals cross where the square's do.
        weights = np.linalg.solve(
            np.column_stack([quad[2] - quad[0], quad[1] - quad[3]]), quad[1] - quad[0]
        )
        crossing = quad[0] + weights[0] * (quad[2] - quad[0])
        assert np.allclose(transform(crossing, matrix), 0.5, atol=1e-3)


def test_a_quad_without_area_has_no_finite_way_to_the_square() -> None:
    flat = np.array([[0, 0], [9, 0], [9, 0], [0, 0]], np.float32)
    point = np.full((4, 2), 7, np.float32)
    matrices = to_square(np.stack([SQUARE, flat, point]))
    assert np.isfinite(matrices).all(axis=(1, 2)).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ([[0, 0], [4, 0], [4, 3], [0, 3]], True),
        ([[0, 0], [0, 3], [4, 3], [4, 0]], False),  # anticlockwise
        ([[0, 0], [4, 3], [4, 0], [0, 3]], False),  # crosses itself
        ([[0, 0], [4, 0], [1, 1], [0, 3]], False),  # a dent
        ([[0, 0], [4, 0], [4, 0], [0, 3]], False),  # two corners in one
    ],
)
def test_convex_quads_turn_clockwise_at_every_corner(
    corners: list[list[float]], expected: bool
) -> None:
    assert is_convex(np.array([corners], np.float32)).tolist() == [expected]


COORDINATES = st.lists(st.floats(-500, 500, width=32), min_size=8, max_size=8)


@given(convex=st.lists(quads(), min_size=1, max_size=3), others=st.lists(COORDINATES, max_size=4))
def test_quads_are_turned_all_at_once_as_one_by_one(
    convex: list[Points], others: list[list[float]]
) -> None:
    any_ = [np.array(corners, np.float32).reshape(4, 2) for corners in others]
    assume(all(abs(signed_area(quad)) > 1 for quad in any_))
    crossing = [quad[[0, 1, 3, 2]] + [[0, 0], [50, 0], [0, 0], [0, 0]] for quad in convex]
    crossing = [quad.astype(np.float32) for quad in crossing if abs(signed_area(quad)) > 1]
    many = np.stack([*convex, *(quad[::-1] for quad in convex), *crossing, *any_])
    turned = clockwise_quads(many)
    assert turned.dtype == np.float32
    assert np.array_equal(turned, np.stack([clockwise(quad) for quad in many]))
    assert all(signed_area(quad) > 0 for quad in turned)
    # The first corner stays the first one.
    assert np.array_equal(turned[:, 0], many[:, 0])


def test_no_quads_are_turned_into_none() -> None:
    assert clockwise_quads(np.zeros((0, 4, 2), np.float32)).shape == (0, 4, 2)
