"""Patterns that are no text, drawn onto a ground: what a detector must learn to pass over."""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Picture

Pattern: TypeAlias = Callable[[np.random.Generator, Picture], None]


def random_tone(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A colour (3,) as walls and things have them: any lightness, seldom loud."""
    grey, tint = rng.uniform(0, 255), rng.normal(0, 1, 3)
    loudness = 80 if rng.random() < 0.15 else 25
    return np.clip(grey + loudness * tint, 0, 255).astype(np.float32)


def _shapes(rng: np.random.Generator, ground: Picture) -> None:
    """Filled rectangles, discs and polygons, large and small."""
    reach = np.array(ground.shape[1::-1])
    for _ in range(int(rng.integers(3, 25))):
        colour = random_tone(rng).tolist()
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
    mortar = random_tone(rng).tolist()
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
    colour = random_tone(rng).tolist()
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
    colours = [random_tone(rng) for _ in range(3)]
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
        colour = random_tone(rng).tolist()
        cv2.polylines(ground, [path], False, colour, int(rng.integers(1, 7)), cv2.LINE_AA)


def _goods(rng: np.random.Generator, ground: Picture) -> None:
    """Shelves: rows of boxes, tins and bottles, those beside one another often alike."""
    height, width = ground.shape[:2]
    y = int(rng.integers(0, 10))
    while y < height:
        tall = int(rng.integers(8, 60))
        x, left, wide, colour = 0, 0, 0, [0.0] * 3
        while x < width:
            if left == 0:
                left, wide = int(rng.integers(1, 8)), int(tall * rng.uniform(0.25, 1.2)) + 2
                colour = np.clip(rng.uniform(0, 255, 3) + 40, 0, 255).tolist()
            top = y + int(tall * rng.uniform(0, 0.3))
            cv2.rectangle(ground, (x, top), (x + wide - 2, y + tall), colour, -1)
            band = top + int((y + tall - top) * rng.uniform(0.2, 0.6))
            label = random_tone(rng).tolist()
            cv2.rectangle(ground, (x, band), (x + wide - 2, band + max(1, tall // 6)), label, -1)
            x, left = x + wide, left - 1
        y += tall + int(rng.integers(3, 12))


PATTERNS: tuple[Pattern, ...] = (
    _shapes,
    _shapes,
    _bricks,
    _bars,
    _windows,
    _leaves,
    _strokes,
    _goods,
)
