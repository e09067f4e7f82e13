"""Random crops of a picture: one 3x3 matrix moves the pixels and the points alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Word
from craftlite.geometry import transform

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Augmentation:
    """How crops are drawn.

    Attributes:
        heights: pixels that the crop's central word may be high; its scale is drawn to fit.
        scales: limits of the resulting scale, and the range for crops without a central word.
        empty: share of crops placed anywhere instead of on a word.
        rotation: standard deviation of the rotation in degrees.
        any_rotation: share of crops turned by any angle.
        perspective: largest relative change of scale across the crop.
        stretch: largest change of aspect, as a log.
        photometric: whether colours, sharpness and noise change.
    """

    heights: tuple[float, float] = (10.0, 64.0)
    scales: tuple[float, float] = (0.5, 3.0)
    empty: float = 0.1
    rotation: float = 6.0
    any_rotation: float = 0.03
    perspective: float = 0.15
    stretch: float = 0.2
    photometric: bool = True


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between low and high, each octave as likely as the next."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def random_matrix(
    rng: np.random.Generator,
    size: tuple[int, int],
    words: Sequence[Word],
    crop: int,
    how: Augmentation,
) -> npt.NDArray[np.float64]:
    """The 3x3 matrix from a picture of `size` (width, height) to a square crop of `crop` pixels."""
    legible = [word for word in words if not word.ignore]
    if legible and rng.random() >= how.empty:
        word = legible[rng.integers(len(legible))]
        centre = word.polygon.mean(axis=0)
        wanted = log_uniform(rng, *how.heights) / max(_height(word), 1.0)
        scale = float(np.clip(wanted, *how.scales))
    else:
        centre = rng.uniform((0, 0), size).astype(np.float32)
        scale = log_uniform(rng, *how.scales)
    # A picture that shrinks to a stamp would leave most of the crop black.
    scale = max(scale, 0.8 * crop / min(size))
    angle = np.deg2rad(rng.normal(0, how.rotation))
    if rng.random() < how.any_rotation:
        angle = rng.uniform(-np.pi, np.pi)
    stretch = np.exp(0.5 * rng.uniform(-how.stretch, how.stretch))
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    turn, tilt, to_origin, to_crop = np.eye(3), np.eye(3), np.eye(3), np.eye(3)
    turn[:2, :2] = [[cos * stretch, -sin * stretch], [sin / stretch, cos / stretch]]
    tilt[2, :2] = rng.uniform(-how.perspective, how.perspective, 2) / crop
    to_origin[:2, 2] = -centre
    # The word lands anywhere in the crop's middle, not always at its centre.
    to_crop[:2, 2] = crop * rng.uniform(0.25, 0.75, 2)
    matrix: npt.NDArray[np.float64] = to_crop @ tilt @ turn @ to_origin
    return matrix


def _height(word: Word) -> float:
    """Shorter side of the word's outline in pixels, whatever corner its quad starts from."""
    return float(min(cv2.minAreaRect(word.polygon)[1]))


def warp(
    picture: Picture, words: Sequence[Word], matrix: npt.NDArray[np.float64], crop: int
) -> tuple[Picture, list[Word]]:
    """Picture and words in a square crop; words that lie wholly outside it are left out.

    Words cut by the crop's border are kept whole: the maps show the part inside.
    """
    warped = cv2.warpPerspective(picture, matrix, (crop, crop), flags=cv2.INTER_LINEAR)
    inside = []
    for word in words:
        if (word.polygon @ matrix[2, :2] + matrix[2, 2] <= 0).any():
            continue  # beyond the horizon of the perspective, whence it would come back mirrored
        polygon = transform(word.polygon, matrix)
        if (polygon.max(axis=0) <= 0).any() or (polygon.min(axis=0) >= crop).any():
            continue
        characters = None if word.characters is None else transform(word.characters, matrix)
        inside.append(replace(word, polygon=polygon, characters=characters))
    return warped.astype(np.uint8, copy=False), inside


def recolour(rng: np.random.Generator, picture: Picture) -> Picture:
    """Contrast, brightness and colour cast, then now and then blur, noise or JPEG traces; uint8."""
    gain = np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.06, 3))
    offset = rng.normal(0, 20) + rng.normal(0, 6, 3)
    ramp = np.arange(256)[:, None]
    table = np.clip((ramp - 128) * gain + 128 + offset, 0, 255).astype(np.uint8)
    if rng.random() < 0.05:
        table = 255 - table
    out = cv2.LUT(picture, table[None])
    if rng.random() < 0.25:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.2:
        noise = np.empty(out.shape, np.int16)
        cv2.setRNGSeed(int(rng.integers(2**31)))
        cv2.randn(noise, np.zeros(3), np.full(3, rng.uniform(3, 15)))
        out = cv2.add(out, noise, dtype=cv2.CV_8U)
    if rng.random() < 0.15:
        quality = int(rng.integers(25, 80))
        coded = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        out = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return out.astype(np.uint8, copy=False)


def random_crop(
    rng: np.random.Generator, picture: Picture, words: Sequence[Word], crop: int, how: Augmentation
) -> tuple[Picture, list[Word]]:
    """A square crop (crop, crop, 3) uint8 of `picture`, augmented, and the words in its pixels."""
    size = (picture.shape[1], picture.shape[0])
    matrix = random_matrix(rng, size, words, crop, how)
    warped, inside = warp(picture, words, matrix, crop)
    return (recolour(rng, warped) if how.photometric else warped), inside
