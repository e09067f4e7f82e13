"""Random crops of a picture; one 3x3 matrix transforms both pixels and points."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import NormalDist

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Word
from craftlite.geometry import Matrix, Picture, Size, transform

Channels = npt.NDArray[np.float64]

# From this scale down, pixels are averaged first, because bilinear sampling would skip some.
SPARSE = 0.5
# A larger slant squeezes letters into strokes.
STEEPEST = 0.6


@dataclass(frozen=True)
class Augmentation:
    """The random distributions that crops are drawn from."""

    heights: tuple[float, float] = (10.0, 128.0)  # of a crop's central word, in pixels
    scales: tuple[float, float] = (0.2, 3.0)  # limits of any crop's scale; drawn if it has no word
    empty: float = 0.1  # fraction of crops placed anywhere instead of on a word
    rotation: float = 6.0  # standard deviation, in degrees
    any_rotation: float = 0.1  # fraction of crops rotated by an arbitrary angle
    shear: float = 0.15  # standard deviation of the slant, in pixels per pixel across
    perspective: float = 0.15  # largest relative change of scale across the crop
    stretch: float = 0.5  # largest change of the logarithm of the aspect ratio
    photometric: bool = True  # whether colours, sharpness and noise are changed


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number between low and high, uniformly in its logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def random_matrix(
    rng: np.random.Generator, size: Size, words: Sequence[Word], crop: int, how: Augmentation
) -> Matrix:
    """Draw a 3x3 matrix from a picture of `size` (width, height) to a square of `crop` pixels.

    The crop lies on a legible word, or anywhere in a fraction `how.empty` of the cases. It shows no
    more of the area around the picture than rotation requires, unless the picture is smaller.
    """
    centre, scale = _place(rng, size, words, crop, how)
    linear = _linear(rng, scale, how)
    corners = (np.array([[0, 0], [size[0], 0], size, [0, size[1]]]) - centre) @ linear.T
    # The word lands anywhere in the crop's middle, unless the crop would leave the picture.
    bounds = crop - corners.max(axis=0), -corners.min(axis=0)
    shift = np.clip(crop * rng.uniform(0.25, 0.75, 2), np.minimum(*bounds), np.maximum(*bounds))
    turn, tilt, to_origin, to_crop = (np.eye(3) for _ in range(4))
    to_origin[:2, 2] = -centre
    turn[:2, :2] = linear
    tilt[2, :2] = rng.uniform(-how.perspective, how.perspective, 2) / crop
    to_crop[:2, 2] = shift
    matrix: Matrix = to_crop @ tilt @ turn @ to_origin
    return matrix


def _place(
    rng: np.random.Generator, size: Size, words: Sequence[Word], crop: int, how: Augmentation
) -> tuple[npt.NDArray[np.floating], float]:
    """Draw the point of the picture that the crop is placed on, and the scale."""
    legible = [word for word in words if not word.ignore]
    if legible and rng.random() >= how.empty:
        word = legible[rng.integers(len(legible))]
        centre = word.polygon.mean(axis=0)
        # The shorter side of its outline, whichever corner its quad starts from.
        height = min(cv2.minAreaRect(word.polygon)[1])
        scale = log_uniform(rng, *how.heights) / max(height, 1.0)
    else:
        centre = rng.uniform((0, 0), size)
        scale = log_uniform(rng, *how.scales)
    # If the picture became much smaller than the crop, most of the crop would be black.
    return centre, float(np.clip(max(scale, 0.8 * crop / min(size)), *how.scales))


def _linear(rng: np.random.Generator, scale: float, how: Augmentation) -> Matrix:
    """Draw a 2x2 matrix: stretch, then slant, then rotation; it scales areas by scale squared."""
    angle = np.deg2rad(rng.normal(0, how.rotation))
    if rng.random() < how.any_rotation:
        angle = rng.uniform(-np.pi, np.pi)
    stretch = np.exp(0.5 * rng.uniform(-how.stretch, how.stretch))
    sideways, upwards = np.clip(rng.normal(0, how.shear, 2), -STEEPEST, STEEPEST)
    slanted = np.array([[1, sideways], [upwards, 1]]) / np.sqrt(1 - sideways * upwards)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    turned: Matrix = np.array([[cos, -sin], [sin, cos]]) @ slanted
    return turned * [stretch, 1 / stretch]


def warp(
    picture: Picture, words: Sequence[Word], matrix: Matrix, crop: int
) -> tuple[Picture, list[Word]]:
    """Warp picture and words into a square crop, leaving out words entirely outside it.

    Words cut by the crop's border keep their outlines; the maps show only the part inside.
    """
    smaller, from_smaller = _shrunk(picture, float(np.sqrt(abs(np.linalg.det(matrix[:2, :2])))))
    to_crop = matrix @ from_smaller
    warped = cv2.warpPerspective(smaller, to_crop, (crop, crop), flags=cv2.INTER_LINEAR)
    return warped.astype(np.uint8, copy=False), _moved(words, matrix, crop)


def _shrunk(picture: Picture, scale: float) -> tuple[Picture, Matrix]:
    """Shrink the picture by a whole number; also return the matrix from its pixels to the original.

    The picture is returned unchanged unless `scale` is far below 1.
    """
    times = min(int(SPARSE / scale) + 1, *picture.shape[:2])
    if times == 1:
        return picture, np.eye(3)
    height, width = (side // times for side in picture.shape[:2])
    whole = picture[: height * times, : width * times]
    smaller = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    # Pixel x of the smaller picture covers pixels times * x to times * x + times - 1.
    middle = (times - 1) / 2
    matrix = np.array([[times, 0, middle], [0, times, middle], [0, 0, 1]], np.float64)
    return smaller.astype(np.uint8, copy=False), matrix


def _moved(words: Sequence[Word], matrix: Matrix, crop: int) -> list[Word]:
    """Return the words visible in the crop, in its pixels."""
    inside = []
    for word in words:
        if (word.polygon @ matrix[2, :2] + matrix[2, 2] <= 0).any():
            continue  # beyond the horizon of the perspective, it would appear mirrored
        polygon = transform(word.polygon, matrix)
        if (polygon.max(axis=0) <= 0).any() or (polygon.min(axis=0) >= crop).any():
            continue
        characters = None if word.characters is None else transform(word.characters, matrix)
        inside.append(replace(word, polygon=polygon, characters=characters))
    return inside


def recolour(rng: np.random.Generator, picture: Picture) -> Picture:
    """Change contrast, brightness and colour, and sometimes add blur, noise or JPEG artefacts."""
    gain, offset, inverted = draw_tone(rng)
    ramp = np.arange(256)[:, None]
    table = np.clip((ramp - 128) * gain + 128 + offset, 0, 255).astype(np.uint8)
    if inverted:
        table = 255 - table
    out = cv2.LUT(picture, table[None])
    if sigma := draw_blur(rng):
        out = cv2.GaussianBlur(out, (0, 0), sigma)
    if strength := draw_noise(rng):
        levels = np.round(strength * normal_quantiles()).astype(np.int16)
        codes = np.frombuffer(rng.bytes(out.size), np.uint8).reshape(out.shape)
        out = cv2.add(out, cv2.LUT(codes, levels), dtype=cv2.CV_8U)
    if quality := draw_quality(rng):
        coded = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        out = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return out.astype(np.uint8, copy=False)


def draw_tone(rng: np.random.Generator) -> tuple[Channels, Channels, bool]:
    """Draw gain and offset (3,) of the colours about 128, and whether to invert them."""
    gain = np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.06, 3))
    offset = rng.normal(0, 20) + rng.normal(0, 6, 3)
    return gain, offset, rng.random() < 0.05


def draw_blur(rng: np.random.Generator) -> float:
    """Draw the standard deviation of the blur in pixels, mostly 0."""
    return rng.uniform(0.4, 1.6) if rng.random() < 0.25 else 0.0


def draw_noise(rng: np.random.Generator) -> float:
    """Draw the standard deviation of the noise on the scale 0..255, mostly 0."""
    return rng.uniform(3, 15) if rng.random() < 0.2 else 0.0


def draw_quality(rng: np.random.Generator) -> int:
    """Draw a JPEG quality in 1..100, or 0 for no compression, which is most likely."""
    return int(rng.integers(25, 80)) if rng.random() < 0.15 else 0


@cache
def normal_quantiles() -> npt.NDArray[np.float64]:
    """Return 256 equally likely values (256,) of a normal distribution; a random byte picks one.

    Drawing bytes and looking them up is three times as fast as drawing normal noise per pixel.
    """
    return np.array([NormalDist().inv_cdf((i + 0.5) / 256) for i in range(256)])


def random_crop(
    rng: np.random.Generator, picture: Picture, words: Sequence[Word], crop: int, how: Augmentation
) -> tuple[Picture, list[Word]]:
    """Return an augmented square crop (crop, crop, 3) uint8 of `picture`, and its words."""
    matrix = random_matrix(rng, picture.shape[1::-1], words, crop, how)
    warped, inside = warp(picture, words, matrix, crop)
    return (recolour(rng, warped) if how.photometric else warped), inside
