"""Words cut out of their picture, upright and reading from left to right.

A quad shows along which line its word runs, but not from which end. A word that runs rather across
than up is read to the right; one that runs up and down is read as the picture's other steep words
lean, and downwards where that shows nothing. Tall words of single or stacked letters, such as
columns of Chinese, stay as they are.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

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
    is_convex,
    points_along,
    transform,
)
from craftlite.image import Source, read_image
from craftlite.words import Words

PADDING = 0.1  # of a word's height, on every side
TALL = 1.5  # a word so many times as high as it is wide is no word of a few wide letters
LONGEST = 32_000  # pixels of a crop; OpenCV's limit is a little more
STACKED = (
    0.8  # a letter's part of a column, in widths of the column, from which letters are stacked
)
LETTER = 1.5  # a tall word up to so many times the height of the picture's other words is a letter
_SMOOTH = cv2.INTER_LINEAR

_Pair = npt.NDArray[np.float64]
STEEP = 0.35  # sine of the angle to the vertical up to which a word can be read either way


def crops(
    words: Words, picture: Source, height: int | None = None, polygons: bool = False
) -> list[Picture]:
    """A picture (H, W, 3) uint8 RGB of each word, upright, reading from left to right.

    A column of letters stays tall, and its width takes the place of a height. Around a word there
    is a tenth of its height; what lies beyond the picture repeats its border.

    Args:
        words: of the picture.
        picture: as `read_image` takes it.
        height: of all crops in pixels, or None to keep each word's own.
        polygons: straighten curved words along their outlines.

    Raises:
        InputError: the picture cannot be read.
        ConfigError: the picture is not of the words' size, or the height is not positive.
    """
    pixels = read_image(picture)
    size = pixels.shape[1], pixels.shape[0]
    if size != tuple(words.size):
        raise ConfigError(
            f"the picture has {size[0]}x{size[1]} pixels, but its words are those of one of "
            f"{words.size[0]}x{words.size[1]}: give the picture that they were found in"
        )
    if height is not None and height < 1:
        raise ConfigError(f"height {height}: must be at least 1 pixel")
    quads, columns = reading_quads(words)
    cut = list(_straight(pixels, quads, height))
    if polygons:
        for number, outline in enumerate(words.polygons):
            if len(outline) > 4 and len(outline) % 2 == 0:
                cut[number] = _curved(pixels, _like(quads[number], outline), height)
    for number in np.flatnonzero(columns).tolist():
        cut[number] = np.ascontiguousarray(np.rot90(cut[number], -1))
    return cut


def reading_quads(words: Words) -> tuple[Points, npt.NDArray[np.bool_]]:
    """The words' quads (N, 4, 2), and which (N,) of them are columns of upright letters.

    A quad begins with the corner where reading starts, and its first side runs in reading
    direction: down the right side of a column.
    """
    upright = _upright(_regular(words.quads))
    wide, high = _lengths(upright)
    tall = high > TALL * wide
    if tall.any() and not tall.all():
        tall &= high > LETTER * np.median(high[~tall])
    columns = tall & [_is_stacked(words, number, wide[number]) for number in range(len(words))]
    # The direction from the top to the bottom of each word.
    lean = (upright[:, 2] + upright[:, 3] - upright[:, 0] - upright[:, 1])[:, 0]
    up = tall & ~columns & (lean < -2 * STEEP * high)
    turns = np.where(up, 3, np.where(tall, 1, 0))
    return _rolled(upright, turns), columns


def _upright(quads: Points) -> Points:
    """Quads (N, 4, 2) from the corner whose side points to the right the most."""
    sides = np.roll(quads, -1, axis=1) - quads
    lengths = np.maximum(np.linalg.norm(sides, axis=2), 1e-6)
    return _rolled(quads, (sides[..., 0] / lengths).argmax(axis=1))


def _rolled(quads: Points, starts: npt.NDArray[np.integer]) -> Points:
    """Quads (N, 4, 2), each from its corner of the number (N,)."""
    places = (starts[:, None] + np.arange(4)) % 4
    return np.take_along_axis(quads, places[:, :, None], axis=1)


def _is_stacked(words: Words, number: int, width: float) -> bool:
    """Whether the letters of a tall word are as high as its column is wide, or nearly."""
    if words.characters is None:
        return False
    centres = words.characters[number].mean(axis=1)
    if len(centres) < 2:
        return True
    return bool(np.median(np.linalg.norm(np.diff(centres, axis=0), axis=1)) > STACKED * width)


def _regular(quads: Points) -> Points:
    """Quads (N, 4, 2), with least rectangles in the place of those that no camera makes of one."""
    skew = np.linalg.norm(quads[:, 0] - quads[:, 1] + quads[:, 2] - quads[:, 3], axis=1)
    along, across = _lengths(quads)
    regular = quads.copy()
    for number in np.flatnonzero(~is_convex(quads) | (skew > np.minimum(along, across) / 2)):
        regular[number] = cv2.boxPoints(cv2.minAreaRect(quads[number]))
    return regular


def _lengths(quads: Points) -> tuple[Points, Points]:
    """Lengths (N,) in pixels of the first sides of quads (N, 4, 2), and of the second ones.

    A side's length is the mean of its own and of that across.
    """
    sides = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    return (sides[:, 0] + sides[:, 2]) / 2, (sides[:, 1] + sides[:, 3]) / 2


class _Layout(NamedTuple):
    """How a word lies in its crop; of several words, arrays (N,).

    Attributes:
        wide, high: pixels of the crop.
        step_x, step_y: from one of them to the next, in pixels of the picture.
        pad: pixels of the picture around the word.
    """

    wide: Any
    high: Any
    step_x: Any
    step_y: Any
    pad: Any

    @classmethod
    def of(cls, along: Any, across: Any, height: int | None) -> "_Layout":
        """The layout of words of such lengths in pixels of the picture."""
        # Corners are the centres of pixels: with half a pixel more, upright words are copied.
        pad = np.floor(PADDING * across) + 0.5
        length, breadth = along + 2 * pad, across + 2 * pad
        high = np.clip(np.rint(breadth), 1, LONGEST) if height is None else height + 0 * breadth
        wide = np.clip(np.rint(length * high / breadth), 1, LONGEST)
        return cls(wide, high, length / wide, breadth / high, pad)


def _straight(pixels: Picture, quads: Points, height: int | None) -> Iterator[Picture]:
    """The crops of quads (N, 4, 2) as `reading_quads` gives them."""
    along, across = (np.maximum(lengths, 1) for lengths in _lengths(quads))
    layout = _Layout.of(along, across, height)
    to_unit = np.zeros((len(quads), 3, 3))  # from pixels of the crop
    to_unit[:, 0, 0], to_unit[:, 0, 2] = layout.step_x, layout.step_x / 2 - layout.pad
    to_unit[:, 1, 1], to_unit[:, 1, 2] = layout.step_y, layout.step_y / 2 - layout.pad
    to_unit[:, :2] /= np.stack([along, across], axis=1)[:, :, None]
    to_unit[:, 2, 2] = 1
    matrices = _from_unit(quads) @ to_unit
    for wide, high, step, matrix in zip(
        layout.wide, layout.high, layout.step_y, matrices, strict=True
    ):
        corners = transform([[0, 0], [wide - 1, 0], [wide - 1, high - 1], [0, high - 1]], matrix)
        region, times, plus = _region(pixels, corners, step)
        to_region = np.array([[times[0], 0, plus[0]], [0, times[1], plus[1]], [0, 0, 1]])
        crop = cv2.warpPerspective(
            region,
            to_region @ matrix,
            (int(wide), int(high)),
            flags=_SMOOTH | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        yield crop.astype(np.uint8, copy=False)


def _from_unit(quads: Points) -> npt.NDArray[np.float64]:
    """Homographies (N, 3, 3) to quads from the unit square; of flat ones, where none is, affine."""
    matrices = from_square(quads)
    flat = ~np.isfinite(matrices).all(axis=(1, 2))
    one, two, _, four = np.moveaxis(quads[flat].astype(np.float64), 1, 0)
    matrices[flat] = np.eye(3)
    matrices[flat, :2] = np.stack([two - one, four - one, one], axis=2)
    return matrices


def _curved(pixels: Picture, outline: Points, height: int | None) -> Picture:
    """The crop of an outline (2k, 2): k points above in reading direction, k back below."""
    along, across = (max(length, 1.0) for length in extent(outline))
    layout = _Layout.of(along, across, height)
    columns, rows = np.arange(layout.wide), np.arange(layout.high)
    shares = ((columns + 0.5) * layout.step_x - layout.pad) / along
    down = (((rows + 0.5) * layout.step_y - layout.pad) / across).astype(np.float32)
    upper, lower = (points_along(edge, shares) for edge in edges(outline))
    places = upper + down[:, None, None] * (lower - upper)
    region, times, plus = _region(pixels, places.reshape(-1, 2), layout.step_y)
    x, y = np.moveaxis(places * times + plus, 2, 0).astype(np.float32)
    crop = cv2.remap(region, x, y, _SMOOTH, borderMode=cv2.BORDER_REPLICATE)
    return crop.astype(np.uint8, copy=False)


def _region(pixels: Picture, places: Points, step: float) -> tuple[Picture, _Pair, _Pair]:
    """The part of a picture that places (K, 2) are read from; times and plus what they lie there.

    Where they are several pixels apart, so many are averaged to one: no letter's stroke is skipped.
    """
    shrink = max(1, int(step))
    margin = 3 * shrink  # that smoothing reads from
    size = np.array(pixels.shape[1::-1])
    low = np.clip(np.floor(places.min(axis=0)) - margin, 0, size - 1).astype(np.int64)
    high = np.clip(np.ceil(places.max(axis=0)) + margin + 1, low + 1, size).astype(np.int64)
    region = pixels[low[1] : high[1], low[0] : high[0]]
    if shrink == 1:
        return region, np.ones(2), -low
    small = np.maximum((high - low) // shrink, 1)
    times = small / (high - low)
    shrunk = cv2.resize(region, small.tolist(), interpolation=cv2.INTER_AREA)
    return shrunk.astype(np.uint8, copy=False), times, (0.5 - low) * times - 0.5


def _like(quad: Points, outline: Points) -> Points:
    """An outline (2k, 2) of k points there and k back, from the end where the quad begins."""
    upper, lower = edges(outline)
    ahead = (upper[-1] + lower[-1] - upper[0] - lower[0]) @ (quad[1] + quad[2] - quad[0] - quad[3])
    return np.roll(outline, len(outline) // 2, axis=0) if ahead < 0 else outline
