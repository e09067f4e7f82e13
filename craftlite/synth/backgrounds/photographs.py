"""What text stands on: photographs of a folder, or grounds made of colours, grain and patterns."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from craftlite.data.files.folder import PICTURE_SUFFIXES
from craftlite.data.sample import Sample
from craftlite.errors import DatasetError
from craftlite.geometry import Picture
from craftlite.synth.backgrounds.patterns import PATTERNS, random_tone

# Share of the grounds that are made where there are photographs too.
MADE = 0.15


def find_photographs(folder: Path | None) -> tuple[Path, ...]:
    """Every picture file under the folder, sorted; empty without one.

    Raises:
        DatasetError: the folder is not there or holds no picture.
    """
    if folder is None:
        return ()
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no folder of photographs to write words on")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
    if not found:
        raise DatasetError(f"{folder}: holds no picture (.jpg, .png, ...) to write words on")
    return tuple(found)


def random_background(
    rng: np.random.Generator, photographs: tuple[Path, ...], size: tuple[int, int]
) -> Picture:
    """A ground (height, width, 3) uint8 RGB: part of a photograph, or a made one."""
    if photographs and rng.random() >= MADE:
        path = photographs[int(rng.integers(len(photographs)))]
        return part_of(rng, Sample(path.name, path, ()).pixels(), size)
    return drawn_background(rng, size)


class Part(NamedTuple):
    """A rectangle of a photograph, in its pixels."""

    left: int
    top: int
    width: int
    height: int


def part_of(rng: np.random.Generator, photo: Picture, size: tuple[int, int]) -> Picture:
    """A random part of a photograph in the wanted shape, mirrored half of the time."""
    part = random_part(rng, (photo.shape[1], photo.shape[0]), size)
    ground = scaled_part(photo, part, size)
    return np.asarray(cv2.flip(ground, 1), np.uint8) if rng.random() < 0.5 else ground


def random_part(rng: np.random.Generator, photo: tuple[int, int], size: tuple[int, int]) -> Part:
    """A part of a photograph of (width, height) pixels, in the shape of `size`."""
    most = min(photo[0] / size[0], photo[1] / size[1])
    # A small photograph is not enlarged much more than it must be.
    scale = most * rng.uniform(0.8 if most < 1 else 0.4, 1.0)
    width, height = max(1, int(size[0] * scale)), max(1, int(size[1] * scale))
    left = int(rng.integers(photo[0] - width + 1))
    return Part(left, int(rng.integers(photo[1] - height + 1)), width, height)


def scaled_part(photo: Picture, part: Part, size: tuple[int, int]) -> Picture:
    """A part of a photograph at the wanted (width, height)."""
    pixels = photo[part.top : part.top + part.height, part.left : part.left + part.width]
    way = cv2.INTER_AREA if part.width > size[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)


def drawn_background(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """A smooth play of two colours, then shapes or a pattern that is no text, and grain."""
    coarse = rng.random((int(rng.integers(2, 9)), int(rng.integers(2, 9)))).astype(np.float32)
    blend = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)[..., None]
    one, two = random_tone(rng), random_tone(rng)
    ground = np.clip(one + blend * (two - one) * np.float32(rng.random()), 0, 255).astype(np.uint8)
    if rng.random() < 0.8:
        pattern = PATTERNS[int(rng.integers(len(PATTERNS)))]
        pattern(rng, ground)
    return add_grain(rng, ground, rng.uniform(0, 10))


def page_background(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """Paper or a screen (height, width, 3) uint8 RGB: one light or dark tone, unevenly lit."""
    tone = rng.uniform(200, 255, 3) if rng.random() < 0.75 else rng.uniform(0, 60, 3)
    left, right = rng.uniform(0.75, 1.0, 2).tolist()
    light = np.linspace(left, right, size[0])
    ground = np.broadcast_to(tone * light[:, None], (size[1], size[0], 3))
    return add_grain(rng, np.clip(ground, 0, 255).astype(np.uint8), rng.uniform(0, 4))


def add_grain(rng: np.random.Generator, picture: Picture, deviation: float) -> Picture:
    """The picture with grey Gaussian noise; one tile of it repeated, which no eye finds."""
    height, width = picture.shape[:2]
    grain = np.empty((128, 256, 3), np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(grain, np.zeros(3), np.full(3, deviation))
    tiles = np.tile(grain, (height // 128 + 1, width // 256 + 1, 1))[:height, :width]
    return np.asarray(cv2.add(picture, tiles, dtype=cv2.CV_8U), np.uint8)
