"""Draw objects from streets and shops that resemble text from a distance onto a background."""

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.augment import log_uniform
from craftlite.geometry import Picture, Points, box
from craftlite.synth.backgrounds.patterns import drawn_background, random_tone
from craftlite.synth.paint import part_around

CLUTTERED = 0.5  # fraction of pictures that get clutter
MOST = 6  # maximum number of objects in one picture
COVERED = 0.1  # fraction of pictures with something in front of the text


def add_clutter(rng: np.random.Generator, picture: Picture) -> None:
    """With probability CLUTTERED, draw 1 to MOST objects on a picture (H, W, 3) uint8, in place."""
    if rng.random() < CLUTTERED:
        for _ in range(int(rng.integers(1, MOST + 1))):
            THINGS[int(rng.integers(len(THINGS)))](rng, picture)


def add_cables(rng: np.random.Generator, picture: Picture) -> None:
    """Draw cables, twigs or poles in front of the text, in place, with probability COVERED.

    They hide at most a stroke or two of a letter. picture: (H, W, 3) uint8.
    """
    if rng.random() >= COVERED:
        return
    height, width = picture.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        ends, slack = rng.uniform(-0.1, 1.1, (2, 2)) * (width, height), rng.normal(0, 0.1) * height
        share = np.linspace(0, 1, 24)[:, None]
        curve = ends[0] + share * (ends[1] - ends[0])
        curve[:, 1] += 4 * slack * (share * (1 - share))[:, 0]
        fixed = [np.rint(curve * 16).astype(np.int32)]
        thick = max(1, round(log_uniform(rng, 1, 5)))
        cv2.polylines(picture, fixed, False, random_tone(rng).tolist(), thick, cv2.LINE_AA, 4)


def _random_quad(rng: np.random.Generator, picture: Picture, share: float) -> Points:
    """Return a rotated rectangle in slight perspective: a clockwise quad (4, 2) float32.

    share: maximum size, as a fraction of the picture's shorter side.
    """
    height, width = picture.shape[:2]
    reach = share * min(height, width) * np.exp(rng.uniform(np.log(0.1), 0, 2)) / 2
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    corners = signs * (reach + 2) * rng.uniform(0.85, 1.15, (4, 2))
    angle = rng.normal(0, 0.15)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    quad: Points = (corners @ turn + rng.random(2) * (width, height)).astype(np.float32)
    return quad


def _panel(rng: np.random.Generator, picture: Picture) -> None:
    """Draw a background in a quad: shelves, blinds, tiles or windows, seen from the side."""
    quad = _random_quad(rng, picture, 0.7)
    size = np.maximum(np.abs(quad[2] - quad[0]), 24).astype(int)
    panel = drawn_background(rng, (int(size[0]), int(size[1])))
    part, quad = part_around(picture, quad, 1)
    if part.size == 0:
        return
    matrix = cv2.getPerspectiveTransform(box(0, 0, *size.tolist()), quad)
    across = part.shape[1::-1]
    drawn = cv2.warpPerspective(panel, matrix, across, borderMode=cv2.BORDER_REPLICATE)
    inside = np.zeros(part.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, np.rint(quad).astype(np.int32), 1)
    part[inside > 0] = drawn[inside > 0]


def _lamps(rng: np.random.Generator, picture: Picture) -> None:
    """Draw a row of bright spots, each with a glow around it."""
    height, width = picture.shape[:2]
    count, radius = int(rng.integers(1, 14)), log_uniform(rng, 1.5, 14)
    step = rng.normal(0, 1, 2) * (4, 1) * radius
    row = rng.random(2) * (width, height) + np.arange(count)[:, None] * step
    axes = np.rint(np.array([radius, rng.uniform(0.3, 1.0) * radius]) * 8).astype(int).tolist()
    colour = np.clip(255 - np.abs(rng.normal(0, 40, 3)), 0, 255).tolist()
    part, spots = part_around(picture, row.astype(np.float32), 4 * radius)
    if part.size == 0:
        return
    light = np.zeros_like(part)
    for centre in np.rint(spots * 8).astype(int).tolist():
        cv2.ellipse(light, centre, axes, 0, 0, 360, colour, -1, cv2.LINE_AA, 3)
    shine = cv2.GaussianBlur(light, (0, 0), radius)
    part[:] = cv2.add(part, cv2.add(light, shine))


def _streaks(rng: np.random.Generator, picture: Picture) -> None:
    """Draw soft bright or dark lines, like light on a floor, on glass or on metal."""
    height, width = picture.shape[:2]
    light = np.zeros_like(picture)
    angle = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.3)
    for _ in range(int(rng.integers(1, 8))):
        start = rng.random(2) * (width, height)
        reach = rng.uniform(0.05, 0.3) * width * np.array([np.cos(angle), np.sin(angle)])
        ends = np.rint([start, start + reach]).astype(np.int32)
        bright = [int(rng.integers(40, 200))] * 3
        cv2.polylines(light, [ends], False, bright, int(rng.integers(1, 9)))
    light = np.asarray(cv2.GaussianBlur(light, (0, 0), rng.uniform(0.8, 4)), np.uint8)
    combine = cv2.add if rng.random() < 0.7 else cv2.subtract
    combine(picture, light, picture)


# Outlines of symbols found on signs and buttons, in coordinates from -1 to 1; `_star` makes stars.
ARROW = [(-1, -0.3), (0.1, -0.3), (0.1, -0.8), (1, 0), (0.1, 0.8), (0.1, 0.3), (-1, 0.3)]
HOUSE = [(-0.9, -0.2), (0, -1), (0.9, -0.2), (0.6, -0.2), (0.6, 0.9), (-0.6, 0.9), (-0.6, -0.2)]


def _sign(rng: np.random.Generator, picture: Picture) -> None:
    """Draw an arrow, a house or a star, on a disc, on a plate or on its own."""
    height, width = picture.shape[:2]
    radius = log_uniform(rng, 6, 40)
    centre = rng.random(2) * (width, height)
    plate, ink = random_tone(rng), random_tone(rng)
    middle = np.rint(centre).astype(int)
    if rng.random() < 0.5:
        cv2.circle(picture, middle.tolist(), int(1.4 * radius), plate.tolist(), -1, cv2.LINE_AA)
    elif rng.random() < 0.5:
        low, high = (middle - int(1.3 * radius)).tolist(), (middle + int(1.3 * radius)).tolist()
        cv2.rectangle(picture, low, high, plate.tolist(), -1)
    figures = ARROW, HOUSE, _star(int(rng.integers(3, 9)), rng.uniform(0.3, 1.0))
    figure = np.array(figures[int(rng.integers(3))], np.float64)
    turn = np.linalg.matrix_power(np.array([[0.0, 1.0], [-1.0, 0.0]]), int(rng.integers(4)))
    outline = figure @ turn * radius + centre
    fixed = [np.rint(outline * 16).astype(np.int32)]
    cv2.fillPoly(picture, fixed, ink.tolist(), cv2.LINE_AA, 4)


def _star(rays: int, inner: float) -> npt.NDArray[np.float64]:
    """Return an outline (2 * rays, 2) whose corners alternate between radius 1 and `inner`."""
    angles = np.arange(2 * rays) * np.pi / rays
    reach = np.where(np.arange(2 * rays) % 2, inner, 1.0)
    return np.stack([reach * np.sin(angles), -reach * np.cos(angles)], axis=1)


THINGS = (_panel, _panel, _lamps, _streaks, _sign)
