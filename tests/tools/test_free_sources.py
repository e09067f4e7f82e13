"""Photographs are copied out of packages, from plain files and archives; all sources are free."""

import csv
import re
import struct
from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np
import pytest

from craftlite.errors import DatasetError
from tools.free.photographs import LIST, LONG_SIDE, Photograph, copy_photographs, read_list
from tools.free.qt_resources import qt_resources

WALL = Photograph("walls", "1", "CC0-1.0", "usr/share/walls/wall.png", "wall.jpg")
BRICK = Photograph("game", "2", "MIT", "usr/games/textures.pk3/textures/brick.png", "brick.jpg")
GRASS = Photograph("scikit-image", "0", "CC0-1.0", "skimage/data/grass.png", "grass.jpg")

# What Debian's main section holds, which is free by its guidelines; "LicenseRef" are texts of the
# authors' own that allow every use.
FREE_LICENCES = {
    *("AGPL-3.0-only", "Apache-2.0", "Arphic-1999", "Artistic-1.0", "Bitstream-Vera"),
    *(
        "BSD-3-Clause",
        "CC-BY-1.0",
        "CC-BY-3.0",
        "CC-BY-4.0",
        "CC-BY-SA-2.0",
        "CC-BY-SA-3.0",
        "CC-BY-SA-4.0",
        "CC0-1.0",
    ),
    *("GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "IPA"),
    *("LGPL-2.0-or-later", "LGPL-2.1-only", "MIT", "mplus", "OFL-1.1", "Zlib"),
    *("LicenseRef-public-domain", "LicenseRef-free-for-any-use", "LicenseRef-oradano"),
    *("LicenseRef-ParaType", "LicenseRef-Baekmuk", "LicenseRef-Batang"),
    "LicenseRef-Ubuntu-Font-1.0",
}


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


@pytest.mark.parametrize("name", ["photographs.csv", "fonts.csv"])
def test_every_source_names_its_package_its_version_and_a_free_licence(name: str) -> None:
    with LIST.with_name(name).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 100
    for row in rows:
        assert row["package"] and row["version"]
        parts = re.split(r" (?:AND|OR) ", row["licence"])
        # An exception after WITH only allows more.
        assert {part.split(" WITH ")[0] for part in parts} <= FREE_LICENCES, row


def test_files_of_a_qt_resource_file_are_found() -> None:
    # Names "a" and "b.txt", each with its length and a hash; a root with folder a, with file b.txt.
    names = struct.pack(">HI", 1, 0) + "a".encode("utf-16-be")
    second = len(names)
    names += struct.pack(">HI", 5, 0) + "b.txt".encode("utf-16-be")
    data = struct.pack(">I", 5) + b"hello"
    tree = struct.pack(">IHII", 0, 2, 1, 1) + struct.pack(">IHII", 0, 2, 1, 2)
    tree += struct.pack(">IHHHI", second, 0, 0, 0, 0)
    header = struct.pack(">4s4I", b"qres", 1, 20, 20 + len(tree), 20 + len(tree) + len(data))
    assert qt_resources(header + tree + data + names) == {"a/b.txt": b"hello"}
    with pytest.raises(ValueError, match="not a Qt resource file"):
        qt_resources(b"PK" + data)
