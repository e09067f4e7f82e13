"""A set of small pictures in two classes that are told apart by colour."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Steps this small only wait for one another on more threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


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
