"""What text stands on: photographs of a folder, or grounds made of colours, grain and patterns."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.readers.folder import PICTURE_SUFFIXES
from craftlite.data.sample import Sample
from craftlite.errors import DatasetError
from craftlite.image import Picture

Pattern: TypeAlias = Callable[[np.random.Generator, Picture], None]

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


def random_ground(
    rng: np.random.Generator, photographs: tuple[Path, ...], size: tuple[int, int]
) -> Picture:
    """A ground (height, width, 3) uint8 RGB: part of a photograph, or a made one."""
    if photographs and rng.random() >= MADE:
        path = photographs[int(rng.integers(len(photographs)))]
        return part_of(rng, Sample(path.name, path, ()).pixels(), size)
    return made_ground(rng, size)


def part_of(rng: np.random.Generator, photo: Picture, size: tuple[int, int]) -> Picture:
    """A random part of a photograph in the wanted shape, mirrored half of the time."""
    height, width = photo.shape[:2]
    most = min(width / size[0], height / size[1])
    # A small photograph is not enlarged much more than it must be.
    scale = most * rng.uniform(0.8 if most < 1 else 0.4, 1.0)
    part = max(1, int(size[0] * scale)), max(1, int(size[1] * scale))
    x = int(rng.integers(width - part[0] + 1))
    y = int(rng.integers(height - part[1] + 1))
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    ground = cv2.resize(photo[y : y + part[1], x : x + part[0]], size, interpolation=way)
    if rng.random() < 0.5:
        ground = cv2.flip(ground, 1)
    return np.asarray(ground, np.uint8)


def made_ground(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """A smooth play of two colours, then shapes or a pattern that is no text, and grain."""
    coarse = rng.random((int(rng.integers(2, 9)), int(rng.integers(2, 9)))).astype(np.float32)
    blend = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)[..., None]
    one, two = _tone(rng), _tone(rng)
    ground = np.clip(one + blend * (two - one) * np.float32(rng.random()), 0, 255).astype(np.uint8)
    if rng.random() < 0.8:
        pattern = PATTERNS[int(rng.integers(len(PATTERNS)))]
        pattern(rng, ground)
    return add_grain(rng, ground, rng.uniform(0, 10))


def add_grain(rng: np.random.Generator, picture: Picture, deviation: float) -> Picture:
    """The picture with grey Gaussian noise; one tile of it repeated, which no eye finds."""
    height, width = picture.shape[:2]
    grain = np.empty((128, 256, 3), np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(grain, np.zeros(3), np.full(3, deviation))
    tiles = np.tile(grain, (height // 128 + 1, width // 256 + 1, 1))[:height, :width]
    return np.asarray(cv2.add(picture, tiles, dtype=cv2.CV_8U), np.uint8)


def _tone(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A colour (3,) as walls and things have them: any lightness, seldom loud."""
    grey, tint = rng.uniform(0, 255), rng.normal(0, 1, 3)
    loudness = 80 if rng.random() < 0.15 else 25
    return np.clip(grey + loudness * tint, 0, 255).astype(np.float32)


def _shapes(rng: np.random.Generator, ground: Picture) -> None:
    """Filled rectangles, discs and polygons, large and small."""
    reach = np.array(ground.shape[1::-1])
    for _ in range(int(rng.integers(3, 25))):
        colour = _tone(rng).tolist()
        corner = (rng.random(2) * reach).astype(int)
        extent = (np.exp(rng.uniform(np.log(6), np.log(0.6 * reach.min()), 2))).astype(int)
        kind = rng.random()
        if kind < 0.5:
            cv2.rectangle(ground, corner.tolist(), (corner + extent).tolist(), colour, -1)
        elif kind < 0.8:
            cv2.ellipse(
                ground, corner.tolist(), extent.tolist(), 0, 0, 360, colour, -1, cv2.LINE_AA
            )
        else:
            outline = corner + (rng.uniform(-1, 1, (4, 2)) * extent).astype(int)
            cv2.fillPoly(ground, [outline.astype(np.int32)], colour, cv2.LINE_AA)


def _bricks(rng: np.random.Generator, ground: Picture) -> None:
    height, width = ground.shape[:2]
    tall = int(rng.integers(8, 50))
    wide, joint = int(tall * rng.uniform(1.5, 4)), max(1, tall // 8)
    mortar = _tone(rng).tolist()
    for row, y in enumerate(range(0, height, tall)):
        cv2.line(ground, (0, y), (width, y), mortar, joint)
        for x in range(-wide // 2 * (row % 2), width, wide):
            shade = ground[y + joint : y + tall, x + joint : x + wide] if x >= 0 else ground[:0]
            np.multiply(shade, rng.uniform(0.75, 1.0), out=shade, casting="unsafe")
            cv2.line(ground, (x, y), (x, y + tall), mortar, joint)


def _bars(rng: np.random.Generator, ground: Picture) -> None:
    """A grille, blinds or a fence: bars of one width, level or upright, sometimes both."""
    height, width = ground.shape[:2]
    step = int(rng.integers(5, 50))
    thick = max(1, int(step * rng.uniform(0.15, 0.6)))
    colour = _tone(rng).tolist()
    upright = rng.random() < 0.6
    if upright or rng.random() < 0.4:
        for x in range(0, width, step):
            cv2.line(ground, (x, 0), (x, height), colour, thick)
    if not upright or rng.random() < 0.3:
        for y in range(0, height, step):
            cv2.line(ground, (0, y), (width, y), colour, thick)


def _windows(rng: np.random.Generator, ground: Picture) -> None:
    """Rows of alike upright rectangles, lit or dark."""
    height, width = ground.shape[:2]
    wide = int(rng.integers(6, 60))
    tall = int(wide * rng.uniform(0.8, 2.2))
    gap_x, gap_y = (rng.uniform(0.3, 1.2, 2) * wide).astype(int).tolist()
    colours = [_tone(rng) for _ in range(3)]
    for y in range(gap_y, height, tall + gap_y):
        for x in range(gap_x, width, wide + gap_x):
            colour = colours[int(rng.integers(3))].tolist()
            cv2.rectangle(ground, (x, y), (x + wide, y + tall), colour, -1)
            cv2.line(ground, (x + wide // 2, y), (x + wide // 2, y + tall), colours[0].tolist(), 1)


def _leaves(rng: np.random.Generator, ground: Picture) -> None:
    """Many small turned ellipses in tones of one colour."""
    height, width = ground.shape[:2]
    tone = rng.uniform(20, 220, 3)
    long = rng.uniform(4, 25)
    count = int(min(500, 1.2 * width * height / long**2))
    places = (rng.random((count, 2)) * (width, height)).astype(int).tolist()
    tones = np.clip(tone + rng.normal(0, 35, (count, 1)), 0, 255).tolist()
    angles = rng.uniform(0, 360, count).tolist()
    half = (int(long), max(1, int(long * rng.uniform(0.25, 0.6))))
    for place, shade, angle in zip(places, tones, angles, strict=True):
        cv2.ellipse(ground, place, half, angle, 0, 360, shade, -1)


def _strokes(rng: np.random.Generator, ground: Picture) -> None:
    """Cables, cracks and branches: lines that bend."""
    reach = np.array(ground.shape[1::-1])
    for _ in range(int(rng.integers(2, 20))):
        steps = rng.normal(0, reach.max() / 12, (int(rng.integers(2, 12)), 2)).cumsum(axis=0)
        path = (rng.random(2) * reach + steps).astype(np.int32)
        colour = _tone(rng).tolist()
        cv2.polylines(ground, [path], False, colour, int(rng.integers(1, 7)), cv2.LINE_AA)


PATTERNS: tuple[Pattern, ...] = (_shapes, _shapes, _bricks, _bars, _windows, _leaves, _strokes)
