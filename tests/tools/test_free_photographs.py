"""Photographs are copied out of packages, plain files and archives alike, and all are free."""

from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np
import pytest

from craftlite.errors import DatasetError
from tools.free_photographs import LONG_SIDE, Photograph, copy_photographs, read_list

WALL = Photograph("walls", "1", "CC0-1.0", "usr/share/walls/wall.png", "wall.jpg")
BRICK = Photograph("game", "2", "MIT", "usr/games/textures.pk3/textures/brick.png", "brick.jpg")
GRASS = Photograph("scikit-image", "0", "CC0-1.0", "skimage/data/grass.png", "grass.jpg")


def png(height: int, width: int, colour: tuple[int, int, int]) -> bytes:
    picture = np.full((height, width, 3), colour, np.uint8)
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where two packages are unpacked."""
    wall, archive = tmp_path / WALL.path, tmp_path / "usr/games/textures.pk3"
    for file in (wall, archive):
        file.parent.mkdir(parents=True)
    wall.write_bytes(png(500, 2 * LONG_SIDE, (200, 30, 30)))
    with ZipFile(archive, "w") as file:
        file.writestr("textures/brick.png", png(40, 60, (30, 30, 200)))
    return tmp_path


def test_photographs_are_copied_and_large_ones_scaled_down(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    copy_photographs([WALL, BRICK, GRASS], root, out)
    wall, brick, grass = (cv2.imread(str(out / p.name)) for p in (WALL, BRICK, GRASS))
    assert wall.shape == (250, LONG_SIDE, 3)
    assert brick.shape == (40, 60, 3)
    assert np.abs(brick.reshape(-1, 3).mean(axis=0) - (30, 30, 200)).max() < 4
    assert min(grass.shape[:2]) >= 256


def test_packages_that_are_not_there_are_named_and_nothing_is_written(
    root: Path, tmp_path: Path
) -> None:
    absent = Photograph("clouds", "3", "CC0-1.0", "usr/share/clouds/sky.jpg", "sky.jpg")
    with pytest.raises(DatasetError, match="lacks photographs of clouds; install"):
        copy_photographs([WALL, absent], root, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_each_photograph_of_the_list_has_a_name_and_a_path_of_its_own() -> None:
    photographs = read_list()
    assert (
        len(photographs) == len({p.name for p in photographs}) == len({p.path for p in photographs})
    )
