"""Fitting a picture to the network and finding the way back from its maps."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from craftlite.errors import ConfigError
from craftlite.preprocess import MEAN, STD, Fit, to_tensor

SIDES = st.integers(40, 700)


def centre_of_light(plane: np.ndarray) -> np.ndarray:
    """(x, y) of the mean position of what is brighter than the plane's darkest."""
    light = plane - plane.min()
    ys, xs = np.mgrid[: plane.shape[0], : plane.shape[1]]
    x, y = (xs * light).sum() / light.sum(), (ys * light).sum() / light.sum()
    return np.array([x, y], np.float32)


@settings(max_examples=40)
@given(width=SIDES, height=SIDES, across=st.floats(0, 1), down=st.floats(0, 1))
@example(width=700, height=700, across=0.0, down=1.0)
@example(width=41, height=640, across=1.0, down=0.3)
def test_a_spot_found_in_the_input_is_mapped_back_to_where_it_was(
    width: int, height: int, across: float, down: float
) -> None:
    spot = np.array([round(8 + across * (width - 17)), round(8 + down * (height - 17))])
    picture = np.zeros((height, width, 3), np.uint8)
    picture[spot[1] - 3 : spot[1] + 4, spot[0] - 3 : spot[0] + 4] = 255
    fit = Fit.of((width, height), 320)
    plane = fit.apply(picture)[0, 0, : fit.resized[1], : fit.resized[0]]
    # Pixel x of the input lies at (x + 0.5) / 2 - 0.5 of the maps.
    on_map = ((centre_of_light(plane) + 0.5) / 2 - 0.5).astype(np.float32)
    assert abs(fit.to_picture(on_map) - spot).max() < 1


@settings(max_examples=200)
@given(width=st.integers(1, 5000), height=st.integers(1, 5000), long_side=st.integers(32, 3000))
def test_sizes_follow_the_long_side_and_are_padded_to_multiples_of_32(
    width: int, height: int, long_side: int
) -> None:
    fit = Fit.of((width, height), long_side)
    longest = max(width, height)
    assert max(fit.resized) == min(long_side, 2 * longest)
    assert min(fit.resized) >= 1
    assert abs(min(fit.resized) - max(1, min(width, height) * max(fit.resized) / longest)) <= 1
    for padded, resized, mapped in zip(fit.padded, fit.resized, fit.map_size(), strict=True):
        assert padded % 32 == 0
        assert 0 <= padded - resized < 32
        assert resized <= 2 * mapped <= padded


@pytest.mark.parametrize("size", [(20000, 3), (3, 20000), (1, 1), (33, 32), (5, 1)])
def test_extreme_shapes_become_inputs(size: tuple[int, int]) -> None:
    fit = Fit.of(size, 1280)
    tensor = fit.apply(np.full((size[1], size[0], 3), 200, np.uint8))
    assert tensor.shape == (1, 3, fit.padded[1], fit.padded[0])
    assert tensor.dtype == np.float32
    inside = tensor[0, :, : fit.resized[1], : fit.resized[0]]
    assert np.allclose(inside, ((200 - MEAN) / STD)[:, None, None], atol=1e-4)


def test_padding_is_to_the_right_and_below_and_nearly_zero() -> None:
    fit = Fit.of((100, 40), 100)
    assert (fit.resized, fit.padded) == ((100, 40), (128, 64))
    tensor = fit.apply(np.full((40, 100, 3), 255, np.uint8))[0]
    assert tensor[:, :40, :100].min() > 2
    # The mean colour, rounded to whole grey levels.
    assert abs(tensor[:, 40:]).max() < 0.02
    assert abs(tensor[:, :, 100:]).max() < 0.02


def test_points_in_the_padding_are_clipped_to_the_picture() -> None:
    fit = Fit.of((100, 40), 100)
    found = fit.to_picture(np.array([[-5, -5], [63, 31], [10, 10]], np.float32))
    assert found.dtype == np.float32
    assert found.tolist() == [[0, 0], [100, 40], [20.5, 20.5]]


def test_tensor_is_normalised_channels_first_rgb() -> None:
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[0, 1] = (255, 0, 128)
    tensor = to_tensor(picture)
    assert tensor.shape == (1, 3, 2, 3)
    assert np.allclose(tensor[0, :, 0, 1], (np.array([255, 0, 128]) - MEAN) / STD)


def test_a_long_side_below_the_stride_is_refused() -> None:
    with pytest.raises(ConfigError, match="31"):
        Fit.of((100, 100), 31)
