"""Simulated camera faults: lighting, defocus, motion blur, low resolution, noise and JPEG."""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.augment import log_uniform
from craftlite.geometry import Picture
from craftlite.synth.backgrounds.patterns import add_grain

# Maps a picture (H, W, 3) uint8 to one of the same size, and reports the standard deviation in
# pixels of the blur that it added. Letters with finer strokes than that cannot be read.
Fault: TypeAlias = Callable[[np.random.Generator, Picture], tuple[Picture, float]]

CLEAN = 0.12  # fraction of pictures without any fault


def random_faults(rng: np.random.Generator, picture: Picture) -> tuple[Picture, float]:
    """Apply a random selection of camera faults to a picture.

    Returns:
        The picture (H, W, 3) uint8, of unchanged size, and the standard deviation in pixels of
        the combined blur of all faults.
    """
    softness = 0.0
    if rng.random() < CLEAN:
        return picture, softness
    for share, fault in FAULTS.values():
        if rng.random() < share:
            picture, blur = fault(rng, picture)
            softness = float(np.hypot(softness, blur))
    return picture, softness


def light(rng: np.random.Generator, picture: Picture) -> tuple[Picture, float]:
    """Apply a random gamma curve, a colour cast and, in some pictures, uneven lighting."""
    gamma = np.exp(rng.normal(0, 0.35))
    gain = np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.05, 3))
    table = np.clip(255 * (np.arange(256) / 255)[:, None] ** gamma * gain, 0, 255)
    out = np.asarray(cv2.LUT(picture, table.astype(np.uint8)[None]), np.uint8)
    if rng.random() < 0.4:
        corners = rng.uniform(0.45, 1.15, (2, 2)).astype(np.float32)
        slope = cv2.resize(corners, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        shade = cv2.merge([slope, slope, slope])
        out = np.asarray(cv2.multiply(out, shade, dtype=cv2.CV_8U), np.uint8)
    return out, 0.0


def tone(rng: np.random.Generator, picture: Picture) -> tuple[Picture, float]:
    """Imitate in-camera processing: apply a random tone curve and change the saturation."""
    level = np.arange(256) / 255
    steep = level * level * (3 - 2 * level)  # S-curve: steeper in the mid-tones
    curve = level + rng.uniform(-0.5, 1.0) * (steep - level)
    toned = np.asarray(cv2.LUT(picture, (255 * curve).astype(np.uint8)), np.uint8)
    grey = cv2.cvtColor(cv2.cvtColor(toned, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    strength = rng.uniform(0.2, 1.5)
    return np.asarray(cv2.addWeighted(toned, strength, grey, 1 - strength, 0), np.uint8), 0.0


def glare(rng: np.random.Generator, picture: Picture) -> tuple[Picture, float]:
    """Add a soft white spot, like a lamp or the sun reflected in glass."""
    height, width = picture.shape[:2]
    centre = rng.random(2) * (width // 8, height // 8)
    spread = rng.uniform(0.04, 0.2) * max(width, height) / 8
    ys, xs = np.mgrid[: height // 8 + 1, : width // 8 + 1]
    spot = np.exp(-((xs - centre[0]) ** 2 + (ys - centre[1]) ** 2) / (2 * spread**2))
    spot = (rng.uniform(60, 230) * spot).astype(np.float32)
    full = cv2.resize(spot, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    return np.asarray(cv2.add(picture, cv2.merge([full, full, full])), np.uint8), 0.0


def defocus(picture: Picture, sigma: float) -> Picture:
    """Blur a picture like an unfocused lens: points become discs of standard deviation `sigma`."""
    radius = 2 * sigma
    reach = int(np.ceil(radius)) + 1
    ys, xs = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(xs, ys), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(picture, -1, disc / disc.sum()), np.uint8)


def motion(picture: Picture, length: float, angle: float) -> Picture:
    """Apply motion blur over `length` pixels in the direction `angle` (radians)."""
    side = 2 * int(np.ceil(length / 2)) + 1
    middle = side // 2
    reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    kernel: npt.NDArray[np.float32] = np.zeros((side, side), np.float32)
    for x, y in np.rint(middle + np.linspace(-1, 1, 4 * side)[:, None] * reach).astype(int):
        kernel[y, x] += 1
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def few_pixels(picture: Picture, factor: float) -> Picture:
    """Downscale a picture by `factor` per side and enlarge it to its original size."""
    height, width = picture.shape[:2]
    small = (max(1, round(width / factor)), max(1, round(height / factor)))
    shrunk = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def sharpened(picture: Picture, amount: float) -> Picture:
    """Sharpen a picture, which adds halos around edges as cameras do."""
    soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
    return np.asarray(cv2.addWeighted(picture, 1 + amount, soft, -amount, 0), np.uint8)


def _out_of_focus(rng: np.random.Generator, picture: Picture) -> tuple[Picture, float]:
    sigma = log_uniform(rng, 0.5, 2.2)
    if rng.random() < 0.5:
        return defocus(picture, sigma), sigma
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8), sigma


def _in_motion(rng: np.random.Generator, picture: Picture) -> tuple[Picture, float]:
    length = rng.uniform(2, 9)
    return motion(picture, length, rng.uniform(0, np.pi)), length / np.sqrt(12)


def _of_few_pixels(rng: np.random.Generator, picture: Picture) -> tuple[Picture, float]:
    factor = log_uniform(rng, 1.1, 2.5)
    return few_pixels(picture, factor), 0.4 * factor


def _sharpened(rng: np.random.Generator, picture: Picture) -> tuple[Picture, float]:
    return sharpened(picture, rng.uniform(0.3, 1.2)), 0.0


def _with_noise(rng: np.random.Generator, picture: Picture) -> tuple[Picture, float]:
    return add_grain(rng, picture, log_uniform(rng, 1.5, 14)), 0.0


def _compressed(rng: np.random.Generator, picture: Picture) -> tuple[Picture, float]:
    quality = int(rng.integers(30, 95))
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8), 0.0


# The probability of each fault, in the order in which faults are applied.
FAULTS: dict[str, tuple[float, Fault]] = {
    "light": (0.5, light),
    "glare": (0.15, glare),
    "defocus": (0.35, _out_of_focus),
    "motion": (0.15, _in_motion),
    "few pixels": (0.4, _of_few_pixels),
    "tone": (0.35, tone),
    "sharpening": (0.2, _sharpened),
    "noise": (0.5, _with_noise),
    "jpeg": (0.5, _compressed),
}
