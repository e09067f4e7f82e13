"""Drawn backgrounds: paper, and patterns without text that a detector must learn to ignore."""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Picture

# A function that draws a pattern without text onto a background (H, W, 3) uint8 RGB, in place.
Pattern: TypeAlias = Callable[[np.random.Generator, Picture], None]


def random_tone(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return a colour (3,) typical of walls and objects: any lightness, rarely saturated."""
    grey, tint = rng.uniform(0, 255), rng.normal(0, 1, 3)
    saturation = 80 if rng.random() < 0.15 else 25
    return np.clip(grey + saturation * tint, 0, 255).astype(np.float32)


def _shapes(rng: np.random.Generator, picture: Picture) -> None:
    """Draw filled rectangles, ellipses and polygons, large and small."""
    reach = np.array(picture.shape[1::-1])
    for _ in range(int(rng.integers(3, 25))):
        colour = random_tone(rng).tolist()
        corner = (rng.random(2) * reach).astype(int)
        extent = np.exp(rng.uniform(np.log(6), np.log(0.6 * reach.min()), 2)).astype(int)
        kind = rng.random()
        if kind < 0.5:
            cv2.rectangle(picture, corner.tolist(), (corner + extent).tolist(), colour, -1)
        elif kind < 0.8:
            axes = extent.tolist()
            cv2.ellipse(picture, corner.tolist(), axes, 0, 0, 360, colour, -1, cv2.LINE_AA)
        else:
            outline = corner + (rng.uniform(-1, 1, (4, 2)) * extent).astype(int)
            cv2.fillPoly(picture, [outline.astype(np.int32)], colour, cv2.LINE_AA)


def _bricks(rng: np.random.Generator, picture: Picture) -> None:
    height, width = picture.shape[:2]
    tall = int(rng.integers(8, 50))
    wide, joint = int(tall * rng.uniform(1.5, 4)), max(1, tall // 8)
    mortar = random_tone(rng).tolist()
    for row, y in enumerate(range(0, height, tall)):
        cv2.line(picture, (0, y), (width, y), mortar, joint)
        for x in range(-wide // 2 * (row % 2), width, wide):
            shade = picture[y + joint : y + tall, x + joint : x + wide] if x >= 0 else picture[:0]
            np.multiply(shade, rng.uniform(0.75, 1.0), out=shade, casting="unsafe")
            cv2.line(picture, (x, y), (x, y + tall), mortar, joint)


def _bars(rng: np.random.Generator, picture: Picture) -> None:
    """Draw a grille, blinds or a fence: bars of one width, horizontal, vertical or both."""
    height, width = picture.shape[:2]
    step = int(rng.integers(5, 50))
    thick = max(1, int(step * rng.uniform(0.15, 0.6)))
    colour = random_tone(rng).tolist()
    upright = rng.random() < 0.6
    if upright or rng.random() < 0.4:
        for x in range(0, width, step):
            cv2.line(picture, (x, 0), (x, height), colour, thick)
    if not upright or rng.random() < 0.3:
        for y in range(0, height, step):
            cv2.line(picture, (0, y), (width, y), colour, thick)


def _windows(rng: np.random.Generator, picture: Picture) -> None:
    """Draw rows of identical windows, each in one of three colours."""
    height, width = picture.shape[:2]
    wide = int(rng.integers(6, 60))
    tall = int(wide * rng.uniform(0.8, 2.2))
    gap_x, gap_y = (rng.uniform(0.3, 1.2, 2) * wide).astype(int).tolist()
    colours = [random_tone(rng) for _ in range(3)]
    for y in range(gap_y, height, tall + gap_y):
        for x in range(gap_x, width, wide + gap_x):
            colour = colours[int(rng.integers(3))].tolist()
            cv2.rectangle(picture, (x, y), (x + wide, y + tall), colour, -1)
            cv2.line(picture, (x + wide // 2, y), (x + wide // 2, y + tall), colours[0].tolist(), 1)


def _leaves(rng: np.random.Generator, picture: Picture) -> None:
    """Draw many small ellipses, all rotated differently, in shades of one colour."""
    height, width = picture.shape[:2]
    tone = rng.uniform(20, 220, 3)
    long = rng.uniform(4, 25)
    count = int(min(500, 1.2 * width * height / long**2))
    places = (rng.random((count, 2)) * (width, height)).astype(int).tolist()
    tones = np.clip(tone + rng.normal(0, 35, (count, 1)), 0, 255).tolist()
    angles = rng.uniform(0, 360, count).tolist()
    half = (int(long), max(1, int(long * rng.uniform(0.25, 0.6))))
    for place, shade, angle in zip(places, tones, angles, strict=True):
        cv2.ellipse(picture, place, half, angle, 0, 360, shade, -1)


def _strokes(rng: np.random.Generator, picture: Picture) -> None:
    """Draw cables, cracks and branches: lines that bend."""
    reach = np.array(picture.shape[1::-1])
    for _ in range(int(rng.integers(2, 20))):
        steps = rng.normal(0, reach.max() / 12, (int(rng.integers(2, 12)), 2)).cumsum(axis=0)
        path = (rng.random(2) * reach + steps).astype(np.int32)
        colour = random_tone(rng).tolist()
        cv2.polylines(picture, [path], False, colour, int(rng.integers(1, 7)), cv2.LINE_AA)


def _goods(rng: np.random.Generator, picture: Picture) -> None:
    """Draw shelves: rows of boxes, tins and bottles, in which neighbours often look the same."""
    height, width = picture.shape[:2]
    y = int(rng.integers(0, 10))
    while y < height:
        tall = int(rng.integers(8, 60))
        x, left, wide, colour = 0, 0, 0, [0.0] * 3
        while x < width:
            if left == 0:
                left, wide = int(rng.integers(1, 8)), int(tall * rng.uniform(0.25, 1.2)) + 2
                colour = np.clip(rng.uniform(0, 255, 3) + 40, 0, 255).tolist()
            top = y + int(tall * rng.uniform(0, 0.3))
            cv2.rectangle(picture, (x, top), (x + wide - 2, y + tall), colour, -1)
            band = top + int((y + tall - top) * rng.uniform(0.2, 0.6))
            label = random_tone(rng).tolist()
            cv2.rectangle(picture, (x, band), (x + wide - 2, band + max(1, tall // 6)), label, -1)
            x, left = x + wide, left - 1
        y += tall + int(rng.integers(3, 12))


PATTERNS = (_shapes, _shapes, _bricks, _bars, _windows, _leaves, _strokes, _goods)


def drawn_background(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """Return a background (height, width, 3) uint8 RGB without text, for a size (width, height).

    It is a smooth blend of two colours, usually with shapes or a pattern on it, and grain.
    """
    coarse = rng.random((int(rng.integers(2, 9)), int(rng.integers(2, 9)))).astype(np.float32)
    blend = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)[..., None]
    one, two = random_tone(rng), random_tone(rng)
    picture = np.clip(one + blend * (two - one) * np.float32(rng.random()), 0, 255).astype(np.uint8)
    if rng.random() < 0.8:
        PATTERNS[int(rng.integers(len(PATTERNS)))](rng, picture)
    return add_grain(rng, picture, rng.uniform(0, 10))


def page_background(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """Return paper or a screen (height, width, 3) uint8 RGB: a single tone, unevenly lit."""
    tone = rng.uniform(200, 255, 3) if rng.random() < 0.75 else rng.uniform(0, 60, 3)
    left, right = rng.uniform(0.75, 1.0, 2).tolist()
    light = np.linspace(left, right, size[0])
    picture = np.broadcast_to(tone * light[:, None], (size[1], size[0], 3))
    return add_grain(rng, np.clip(picture, 0, 255).astype(np.uint8), rng.uniform(0, 4))


def add_grain(rng: np.random.Generator, picture: Picture, deviation: float) -> Picture:
    """Return the picture with Gaussian noise.

    One tile of noise is repeated over the picture; the repetition is not visible.
    """
    height, width = picture.shape[:2]
    grain = np.empty((128, 256, 3), np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(grain, np.zeros(3), np.full(3, deviation))
    tiles = np.tile(grain, (height // 128 + 1, width // 256 + 1, 1))[:height, :width]
    return np.asarray(cv2.add(picture, tiles, dtype=cv2.CV_8U), np.uint8)
