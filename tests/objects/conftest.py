"""A small set of pictures in Pascal VOC's layout: bright discs and dark squares on grey."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

Box = tuple[int, int, int, int]
OBJECT = "<object><name>{}</name><difficult>{}</difficult><bndbox>{}</bndbox></object>\n"
SIDES = ("xmin", "ymin", "xmax", "ymax")


def write_annotation(folder: Path, stem: str, objects: list[tuple[str, Box]]) -> Path:
    """An XML file in Annotations, an object a line from the second one on."""
    listed = [
        OBJECT.format(name, 0, "".join(f"<{s}>{v}</{s}>" for s, v in zip(SIDES, box, strict=True)))
        for name, box in objects
    ]
    file = folder / "Annotations" / f"{stem}.xml"
    file.parent.mkdir(parents=True, exist_ok=True)
    start = f"<annotation><filename>{stem}.png</filename>\n"
    file.write_text(f"{start}{''.join(listed)}</annotation>\n")
    return file


def write_shapes(folder: Path, counts: dict[str, int]) -> Path:
    """Pictures of 96x80 pixels with a disc and a square each, and the splits' lists."""
    rng = np.random.default_rng(0)
    for name in ("JPEGImages", "ImageSets/Main"):
        (folder / name).mkdir(parents=True)
    for split, count in counts.items():
        stems = [f"{split}{number}" for number in range(count)]
        for stem in stems:
            picture = rng.integers(100, 140, (80, 96, 3), np.uint8)
            (x, y), side = rng.integers(4, 20, 2).tolist(), 24
            cv2.circle(picture, (x + 12, y + 12), 12, (230, 230, 230), -1)
            left, top = x + 36, y + 28
            picture[top : top + side, left : left + side] = 20
            cv2.imwrite(str(folder / "JPEGImages" / f"{stem}.png"), picture)
            objects = [
                ("disc", (x, y, x + side, y + side)),
                ("square", (left, top, left + side, top + side)),
            ]
            write_annotation(folder, stem, objects)
        lines = "".join(f"{stem}\n" for stem in stems)
        (folder / "ImageSets/Main" / f"{split}.txt").write_text(lines)
    return folder


@pytest.fixture(scope="session")
def shapes_of() -> Callable[[Path, dict[str, int]], Path]:
    """Writes such a set into a folder, with so many pictures of each split."""
    return write_shapes


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """Six training and two validation pictures."""
    return write_shapes(tmp_path / "shapes", {"train": 6, "val": 2})
