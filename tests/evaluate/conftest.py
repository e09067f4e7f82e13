"""Boxes and words that the protocols' tests are written in."""

from collections.abc import Callable

import numpy as np
import pytest

from craftlite.data.sample import Word
from craftlite.geometry import Points, box

Make = Callable[..., Word]


@pytest.fixture(scope="session")
def word() -> Make:
    """A word of an upright box: left, top, right, bottom."""

    def make(*sides: float, text: str | None = None, ignore: bool = False) -> Word:
        return Word(box(*sides), text, ignore)

    return make


@pytest.fixture(scope="session")
def turned() -> Callable[..., Points]:
    """A box of a centre and size, turned clockwise by degrees."""

    def make(x: float, y: float, width: float, height: float, degrees: float) -> Points:
        corners = box(-width / 2, -height / 2, width / 2, height / 2)
        angle = np.deg2rad(degrees)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return np.asarray(corners @ turn + (x, y), np.float32)

    return make
