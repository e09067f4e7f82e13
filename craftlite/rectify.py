"""Crops of words, upright and reading from left to right."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.errors import ConfigError
from craftlite.geometry import (
    Picture,
    Points,
    edges,
    extent,
    from_square,
    points_along,
)
from craftlite.orientation import Reading, rolled_quads, side_lengths
from craftlite.words import Words

Floats = npt.NDArray[np.floating]

PADDING = 0.1  # padding on every side, relative to a word's height
LONGEST = 32_000  # pixels of a crop; OpenCV's limit is slightly higher


def crops(
    words: Words, pixels: Picture, height: int | None = None, polygons: bool = False
) -> list[Picture]:
    """Return the crops of `crops_and_angles` without the angles."""
    return crops_and_angles(words, pixels, height, polygons)[0]


def crops_and_angles(
    words: Words, pixels: Picture, height: int | None = None, polygons: bool = False
) -> tuple[list[Picture], Floats]:
    """Return a crop (H, W, 3) uint8 RGB of each word, upright, reading from left to right.

    Also return the directions (N,) in which the rows of the crops run in the picture, in degrees
    clockwise from horizontal.

    A column of letters stays tall, and its width is used as its height. Crops are padded by a tenth
    of the word's height; beyond the picture, its border pixels are repeated.

    Args:
        words: the words of the picture.
        pixels: (H, W, 3) uint8 RGB, the picture.
        height: height of all crops in pixels, or None to keep each word's own.
        polygons: straighten curved words along their outlines.

    Raises:
        ConfigError: the height is not positive.
    """
    if height is not None and height < 1:
        raise ConfigError(f"height {height}: must be at least 1 pixel")
    reading = Reading.of(words)
    cut = _cut(pixels, words, reading.quads, height, polygons)
    turns, columns = reading.turns(cut)
    for number in np.flatnonzero(columns | (turns == 2)).tolist():
        turn = cv2.ROTATE_180 if turns[number] == 2 else cv2.ROTATE_90_CLOCKWISE
        cut[number] = cv2.rotate(cut[number], turn).astype(np.uint8, copy=False)
    # A quarter turn swaps a crop's height and width, so cut those crops again.
    others = np.flatnonzero((turns % 2 == 1) & ~columns)
    quads = rolled_quads(reading.quads[others], turns[others])
    again = _cut(pixels, words[others], quads, height, polygons)
    for place, crop in zip(others.tolist(), again, strict=True):
        cut[place] = crop
    sides = reading.quads[:, 1] - reading.quads[:, 0]
    return cut, np.rad2deg(np.arctan2(sides[:, 1], sides[:, 0])) + 90 * turns


def _cut(
    pixels: Picture, words: Words, quads: Points, height: int | None, polygons: bool
) -> list[Picture]:
    """Return the crops of all words, given quads (N, 4, 2) from where reading starts."""
    bent = [polygons and len(line) > 4 and len(line) % 2 == 0 for line in words.polygons]
    outlines = [
        _like(quads[number], words.polygons[number]) for number in range(len(words)) if bent[number]
    ]
    straight = _straight(pixels, quads[~np.array(bent, np.bool_)], height)
    curved = _curved(pixels, outlines, height)
    return [next(curved if is_bent else straight) for is_bent in bent]


class _Layout(NamedTuple):
    """How N words lie in their crops.

    Attributes:
        wide, high: (N,) width and height of the crop in pixels.
        step: (N,) distance between rows of the crop, in pixels of the picture.
        first: (2, N) position of the first pixel, in fractions of the word's length and height.
        shares: (2, N) distance between pixels, in the same fractions.
    """

    wide: npt.NDArray[np.intp]
    high: npt.NDArray[np.intp]
    step: Floats
    first: Floats
    shares: Floats

    @classmethod
    def of(cls, along: Floats, across: Floats, height: int | None) -> "_Layout":
        """Return the layout of words with given lengths and heights (N,) in picture pixels."""
        along, across = np.maximum(along, 1), np.maximum(across, 1)
        pad = PADDING * across if height is not None else np.floor(PADDING * across)
        # Corners are pixel centres: half a pixel more on each side copies upright words exactly.
        length, breadth = along + 2 * pad + 1, across + 2 * pad + 1
        high = np.clip(np.rint(breadth), 1, LONGEST) if height is None else height + 0 * breadth
        wide = np.clip(np.rint(length * high / breadth), 1, LONGEST)
        steps = np.array([length / wide, breadth / high])
        first, shares = (steps / 2 - pad - 0.5) / (along, across), steps / (along, across)
        return cls(wide.astype(np.intp), high.astype(np.intp), steps[1], first, shares)


def _straight(pixels: Picture, quads: Points, height: int | None) -> Iterator[Picture]:
    """Yield the crops of quads (N, 4, 2) that start where reading starts."""
    layout = _Layout.of(*side_lengths(quads), height)
    to_unit = np.zeros((len(quads), 3, 3))
    to_unit[:, [0, 1], [0, 1]], to_unit[:, :2, 2] = layout.shares.T, layout.first.T
    to_unit[:, 2, 2] = 1
    matrices = _from_unit(quads) @ to_unit
    right, bottom, zero = layout.wide - 1, layout.high - 1, 0 * layout.wide
    corners = [[zero, right, right, zero], [zero, zero, bottom, bottom], [zero + 1] * 4]
    x, y, w = np.moveaxis(matrices @ np.moveaxis(np.array(corners), 2, 0), 1, 0)
    parts = _Parts.of(pixels, np.stack([x / w, y / w], axis=2), layout.step)
    matrices = parts.matrices() @ matrices
    sizes = np.stack([layout.wide, layout.high], axis=1).tolist()
    for number, (matrix, size) in enumerate(zip(matrices, sizes, strict=True)):
        part, flags = parts.cut(pixels, number), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        crop = cv2.warpPerspective(part, matrix, size, None, flags, cv2.BORDER_REPLICATE)
        yield crop.astype(np.uint8, copy=False)


def _from_unit(quads: Points) -> npt.NDArray[np.float64]:
    """Return homographies (N, 3, 3) from the unit square to quads; affine maps for flat quads."""
    matrices = from_square(quads)
    flat = ~np.isfinite(matrices).all(axis=(1, 2))
    one, two, _, four = np.moveaxis(quads[flat].astype(np.float64), 1, 0)
    matrices[flat] = np.eye(3)
    matrices[flat, :2] = np.stack([two - one, four - one, one], axis=2)
    return matrices


def _curved(pixels: Picture, outlines: Sequence[Points], height: int | None) -> Iterator[Picture]:
    """Yield the crops of outlines (2k, 2): k points along the top of a word, k back below it."""
    lengths = np.array([extent(outline) for outline in outlines]).reshape(-1, 2)
    layout = _Layout.of(lengths[:, 0], lengths[:, 1], height)
    rows = [
        _outer_rows(outline, wide, *first)
        for outline, wide, first in zip(outlines, layout.wide, layout.first.T, strict=True)
    ]
    bounds = np.array([(row.min(axis=(0, 1)), row.max(axis=(0, 1))) for row in rows])
    parts = _Parts.of(pixels, bounds.reshape(-1, 2, 2), layout.step)
    for number, (ends, high) in enumerate(zip(rows, layout.high, strict=True)):
        top, bottom = parts.inside(ends, number)
        down = np.linspace(0, 1, high, dtype=np.float32)[:, None]
        x, y = (top[:, k] + down * (bottom[:, k] - top[:, k]) for k in (0, 1))
        part, flags = parts.cut(pixels, number), cv2.INTER_LINEAR
        crop = cv2.remap(part, x, y, flags, borderMode=cv2.BORDER_REPLICATE)
        yield crop.astype(np.uint8, copy=False)


def _outer_rows(outline: Points, wide: int, start: float, top: float) -> Points:
    """Return the places (2, wide, 2) in the picture of a crop's first and last row of pixels."""
    shares = np.linspace(start, 1 - start, wide)
    upper, lower = (points_along(edge, shares) for edge in edges(outline))
    down = np.float32(top) * (lower - upper)
    return np.stack([upper + down, lower - down])


class _Parts(NamedTuple):
    """The parts of a picture that N crops are read from.

    If a crop's pixels are several picture pixels apart, the part is scaled down by that factor, so
    that no letter's stroke is skipped.

    Attributes:
        low, high: (N, 2) the first column and row of each part, and those after the last.
        shrink: (N,) factor by which each part is scaled down.
    """

    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    shrink: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls, pixels: Picture, places: npt.NDArray[np.floating], step: npt.NDArray[np.floating]
    ) -> "_Parts":
        """Return the parts that contain places (N, K, 2), sampled in steps (N,) of pixels."""
        shrink = np.maximum(step.astype(np.int64), 1)
        margin = 3 * shrink[:, None]  # read by the smoothing
        size = np.array(pixels.shape[1::-1])
        low = np.clip(np.floor(places.min(axis=1)) - margin, 0, size - 1).astype(np.int64)
        high = np.clip(np.ceil(places.max(axis=1)) + margin + 1, low + 1, size).astype(np.int64)
        shrink = np.maximum(shrink, (high - low).max(axis=1) // LONGEST + 1)
        shrink = np.minimum(shrink, (high - low).min(axis=1))
        # Whole groups of pixels are averaged several times faster.
        high -= (high - low) % shrink[:, None]
        return cls(low, high, shrink)

    def inside(self, places: Points, number: int) -> Points:
        """Map places (..., 2) of the picture to a part's pixels."""
        shrink = np.float32(self.shrink[number])
        moved: Points = (places - self.low[number].astype(np.float32) + 0.5) / shrink - 0.5
        return moved

    def matrices(self) -> npt.NDArray[np.float64]:
        """Return the matrices (N, 3, 3) that map places in the picture to places in the parts."""
        matrices = np.zeros((len(self.low), 3, 3))
        matrices[:, [0, 1], [0, 1]] = 1 / self.shrink[:, None]
        matrices[:, :2, 2] = (0.5 - self.low) / self.shrink[:, None] - 0.5
        matrices[:, 2, 2] = 1
        return matrices

    def cut(self, pixels: Picture, number: int) -> Picture:
        """Return the pixels of a part, scaled down."""
        (left, top), (right, bottom) = self.low[number], self.high[number]
        part, shrink = pixels[top:bottom, left:right], int(self.shrink[number])
        if shrink == 1:
            return part
        size = part.shape[1] // shrink, part.shape[0] // shrink
        return cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _like(quad: Points, outline: Points) -> Points:
    """Return an outline (2k, 2), k points there and k back, from the end where the quad starts."""
    upper, lower = edges(outline)
    ahead = (upper[-1] + lower[-1] - upper[0] - lower[0]) @ (quad[1] + quad[2] - quad[0] - quad[3])
    return np.roll(outline, len(outline) // 2, axis=0) if ahead < 0 else outline
