"""A set of small pictures in two classes that are told apart by colour."""

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """train/ and val/ with red and blue pictures, six and two of each, 40x32 pixels."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 2)):
        for name, channel in (("red", 2), ("blue", 0)):
            folder = tmp_path / "colours" / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                picture = rng.integers(0, 60, (32, 40, 3), np.uint8)
                picture[..., channel] += 150
                cv2.imwrite(str(folder / f"{number}.png"), picture)
    return tmp_path / "colours"
