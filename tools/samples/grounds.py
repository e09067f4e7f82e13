"""Materials as textures (H, W, 3) float32 in 0..255: wood, brick, concrete, paper, tiles."""

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Texture = npt.NDArray[np.float32]


def noise(rng: np.random.Generator, width: int, height: int, cells: tuple[float, float]) -> Plane:
    """Smooth noise in about -1..1: four octaves, the coarsest of `cells` (across, down)."""
    total = np.zeros((height, width), np.float32)
    for octave in range(4):
        across, down = (max(2, round(count * 2**octave)) for count in cells)
        grid = rng.normal(0, 0.5, (min(down, height), min(across, width))).astype(np.float32)
        smooth = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        total += smooth * np.float32(0.6**octave)
    return total


def tinted(colour: tuple[float, float, float], light: Plane) -> Texture:
    """A colour made lighter and darker: light 0 leaves it, 1 doubles it."""
    return np.asarray(np.array(colour, np.float32) * (1 + light[..., None]), np.float32)


def concrete(
    rng: np.random.Generator, width: int, height: int, colour: tuple[float, float, float]
) -> Texture:
    """Plaster or concrete: broad stains, fine grain and a few pores."""
    stains = 0.07 * noise(rng, width, height, (5, 4)) + 0.05 * noise(rng, width, height, (90, 90))
    pores = (rng.random((height, width)) > 0.9997).astype(np.float32)
    pores = cv2.GaussianBlur(cv2.dilate(pores, np.ones((5, 5), np.uint8)), (0, 0), 1.5)
    return tinted(colour, stains - 0.3 * pores)


def wood(
    rng: np.random.Generator,
    width: int,
    height: int,
    colour: tuple[float, float, float],
    planks: int = 5,
) -> Texture:
    """Planks that run across, each with its own tone, rings and fibres."""
    texture = np.zeros((height, width, 3), np.float32)
    edges = np.linspace(0, height, planks + 1).round().astype(int)
    for top, bottom in pairwise(edges):
        tall = int(bottom - top)
        rings = np.sin(22 * noise(rng, width, tall, (1.5, 2.5)))
        fibres = noise(rng, width, tall, (12, tall / 8))
        light = rng.uniform(-0.12, 0.12) + 0.07 * rings + 0.10 * fibres
        texture[top:bottom] = tinted(colour, light.astype(np.float32))
        texture[top : top + 5] *= np.linspace(0.35, 0.9, 5, dtype=np.float32)[:, None, None]
    return texture


def courses(
    rng: np.random.Generator,
    width: int,
    height: int,
    brick: tuple[int, int],
    joint: int,
    offset: float,
) -> tuple[Plane, Plane]:
    """Bricks laid in rows: depth into the brick from its joint in 0..1, and a tone for each."""
    long, tall = brick
    rows = np.arange(height) // tall
    x = np.arange(width)[None, :] + (rows[:, None] % 2 * offset * long).astype(int)
    y = (np.arange(height) % tall)[:, None]
    edge = np.minimum(np.minimum(x % long, long - x % long), np.minimum(y, tall - y))
    tones = rng.normal(0, 1, (rows.max() + 1, width // long + 3)).astype(np.float32)
    depth = np.clip((edge - joint / 2) / 4, 0, 1).astype(np.float32)
    return depth, tones[rows[:, None], x // long]


def bricks(
    rng: np.random.Generator,
    width: int,
    height: int,
    colour: tuple[float, float, float],
    brick: tuple[int, int] = (150, 52),
) -> Texture:
    """A brick wall with rough faces and sandy joints, lit from above."""
    depth, tone = courses(rng, width, height, brick, 9, 0.5)
    rough = noise(rng, width, height, (60, 50))
    depth = cv2.GaussianBlur(np.clip(depth + 0.25 * rough * (depth > 0), 0, 1), (0, 0), 1.2)
    faces = tinted(colour, 0.13 * tone + 0.10 * rough)
    joints = tinted((168, 158, 146), 0.12 * rough)
    relief = cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=3) * 0.10
    return (joints + (faces - joints) * depth[..., None]) * (1 + relief[..., None])


def tiles(
    rng: np.random.Generator,
    width: int,
    height: int,
    colour: tuple[float, float, float],
    tile: tuple[int, int] = (240, 120),
) -> Texture:
    """Glazed tiles: a bright upper edge, and each a little out of plane."""
    depth, tone = courses(rng, width, height, tile, 6, 0.5)
    depth = cv2.GaussianBlur(depth, (0, 0), 1.5)
    gloss = 0.05 * noise(rng, width, height, (4, 3)) + 0.025 * tone
    relief = cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=3) * 0.12
    faces = tinted(colour, gloss + relief)
    return np.asarray(faces * (0.55 + 0.45 * depth[..., None]), np.float32)


def paper(
    rng: np.random.Generator,
    width: int,
    height: int,
    colour: tuple[float, float, float],
    creases: float = 0.03,
) -> Texture:
    """Paper with fibres, and creases that catch the light."""
    folds = np.abs(noise(rng, width, height, (2, 3)))
    fibres = noise(rng, width, height, (200, 200))
    return tinted(colour, creases * (0.5 - 2 * folds) + 0.012 * fibres)


def ramp(width: int, height: int, stops: list[tuple[float, tuple[float, float, float]]]) -> Texture:
    """Colours from top to bottom, given as (place in 0..1, colour)."""
    places, colours = zip(*stops, strict=True)
    y = np.linspace(0, 1, height)
    column = np.stack([np.interp(y, places, c) for c in zip(*colours, strict=True)], axis=-1)
    return np.repeat(column[:, None].astype(np.float32), width, axis=1)
