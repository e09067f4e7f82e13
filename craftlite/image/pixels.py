"""Conversion of pixels of any mode, depth and transparency to 8-bit RGB, a few rows at a time."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from craftlite.geometry import Picture

Array: TypeAlias = npt.NDArray[Any]
Strips: TypeAlias = Iterator[tuple[slice, Array]]

_STRIP_PIXELS = 2**20
_EDGE = np.ones((9, 9), np.uint8)  # neighbourhood in which a pixel counts as next to transparency


def rgb_from_image(image: Image.Image, reduction: int = 1) -> Picture:
    """Convert a Pillow image to (H, W, 3) uint8 RGB, its sides divided by `reduction`, rounded up.

    Greys of more than 8 bits are stretched from their lowest to their highest finite value.
    Transparent pictures are placed on black or white, whichever differs more from the visible
    pixels next to the transparency.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        grey = _stretched((image.height, image.width), lambda: _image_strips(image))
        return np.repeat(_reduced(Image.fromarray(grey), reduction)[:, :, None], 3, axis=2)
    ground = _ground(image) if image.has_transparency_data else None
    height, width = (-(-side // reduction) for side in (image.height, image.width))
    picture = np.empty((height, width, 3), np.uint8)
    for rows, strip in _strips(image, reduction):
        if ground is not None:
            below = Image.new("RGBA", strip.size, ground)
            strip = Image.alpha_composite(below, strip.convert("RGBA"))
        picture[rows] = _reduced(strip.convert("RGB"), reduction)
    return picture


def _reduced(image: Image.Image, reduction: int) -> npt.NDArray[np.uint8]:
    return np.asarray(image if reduction == 1 else image.reduce(reduction))


def eight_bits(array: Array) -> npt.NDArray[np.uint8]:
    """Convert booleans or numbers (H, W) or (H, W, C) to uint8 of the same shape.

    Colours share one stretch, from the lowest finite value to the highest. The last of 2 or 4
    channels is alpha; the highest alpha is opaque.
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.shape[2:] in ((2,), (4,)):
        alpha = np.maximum(array[:, :, -1:], 0)
        lowest = np.zeros_like(alpha[:1])  # so that the stretch starts at transparent
        parts = [eight_bits(array[:, :, :-1]), eight_bits(np.concatenate([lowest, alpha]))[1:]]
        return np.concatenate(parts, axis=2)
    return _stretched(array.shape, lambda: _array_strips(array))


def _stretched(shape: tuple[int, ...], strips: Callable[[], Strips]) -> npt.NDArray[np.uint8]:
    """Stretch numbers to 8 bits, from the lowest finite value to the highest."""
    finite = (values[np.isfinite(values)] for _, values in strips())
    spans = [(float(values.min()), float(values.max())) for values in finite if values.size]
    # The limits keep the span and the scale finite even for extreme numbers.
    low = max(min((span[0] for span in spans), default=0.0), -1e300)
    high = min(max((span[1] for span in spans), default=0.0), 1e300)
    scale = 255 / (high - low) if high - low > 1e-300 else 0.0
    stretched = np.empty(shape, np.uint8)
    for rows, values in strips():
        known = np.where(np.isnan(values), low, values).astype(np.float64)
        known = np.clip(known, low, high, out=known) - low
        stretched[rows] = np.rint(known * scale)
    return stretched


def _ground(image: Image.Image) -> str:
    """Return "white", or "black" if the visible pixels next to transparent ones are bright."""
    brightness = weight = 0.0
    for _, strip in _strips(image):
        grey, alpha = np.asarray(strip.convert("RGBA").convert("LA")).transpose(2, 0, 1)
        inside = cv2.erode((alpha > 0).astype(np.uint8), _EDGE)
        visible = alpha[inside == 0].astype(np.float64)
        brightness += float(grey[inside == 0] @ visible)
        weight += float(visible.sum())
    return "black" if brightness > 127.5 * weight else "white"


def _rows(height: int, width: int) -> Iterator[slice]:
    """Yield a few rows at a time, so that intermediate arrays stay small."""
    step = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def _strips(image: Image.Image, reduction: int = 1) -> Iterator[tuple[slice, Image.Image]]:
    """Yield strips of an image, each with the rows that it has after the reduction."""
    for rows in _rows(-(-image.height // reduction), image.width * reduction):
        top, bottom = rows.start * reduction, min(rows.stop * reduction, image.height)
        yield rows, image.crop((0, top, image.width, bottom))


def _image_strips(image: Image.Image) -> Strips:
    for rows, strip in _strips(image):
        yield rows, np.asarray(strip)


def _array_strips(array: Array) -> Strips:
    for rows in _rows(*array.shape[:2]):
        yield rows, array[rows]
