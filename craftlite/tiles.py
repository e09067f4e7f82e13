"""Tiling of pictures that are too long or too large for one run of the network.

The score maps of overlapping tiles are merged, so a word across a seam is an ordinary component.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from craftlite.errors import ConfigError
from craftlite.geometry import Map, Picture
from craftlite.preprocess import MAP_STRIDE, STRIDE, to_tensor

Tiles: TypeAlias = int | Literal["auto", "off"]
Tensor: TypeAlias = npt.NDArray[np.float32]

SIDE = 896  # side of a tile in pixels of the network's input; determines the memory use
UNCUT = 1280  # pixels; a direction no longer than this is not cut
OVERLAP = 192  # pixels shared by neighbours; larger letters are found at a coarser scale
LEAST_TILE = 64  # pixels of the picture
# A tile covers at most two to one, the widest aspect ratio of usual photographs and pages.
ASPECT = 2
# A tile is scaled down to half its size at most: a page of 12000 pixels has letters of 40 pixels.
REDUCTION = 2
SLACK = 1.25  # a picture no longer than this many tiles is run whole
LONGEST = 65_472  # pixels; the maps are half as long, which is within OpenCV's limit for warping


def parse_tiles(text: str) -> Tiles:
    """Parse the text of an option, without checking the value."""
    return int(text) if text.isdecimal() else cast(Tiles, text)


def checked_tiles(tiles: Tiles) -> Tiles:
    """Return the value unchanged if it is one that `Detector` accepts.

    Raises:
        ConfigError: it is not, or a tile has fewer than 64 pixels.
    """
    if tiles in ("auto", "off") or (isinstance(tiles, int) and tiles >= LEAST_TILE):
        return tiles
    raise ConfigError(f"tiles {tiles!r}: must be auto, off or at least {LEAST_TILE} pixels")


def scaled_side(size: tuple[int, int], long_side: int, tiles: Tiles) -> int:
    """Return the length in pixels that the longer side of a picture is scaled to.

    Args:
        size: (width, height) of the picture in pixels.
        long_side: length that the longer side of a tile, or of an untiled picture, is scaled to.
        tiles: a tile's side in pixels of the picture; "auto" uses tiles if the picture's longer
            side exceeds 2.5 times its shorter side, or 2.5 times `long_side`; "off" uses none.
    """
    longer, shorter = max(size), min(size)
    tile = longer
    if tiles == "auto":
        tile = min(ASPECT * shorter, REDUCTION * long_side)
        if longer <= SLACK * tile:
            tile = longer
    elif tiles != "off":
        tile = min(tiles, longer)
    return min(max(long_side, round(long_side * longer / tile)), max(long_side, LONGEST))


def tile_spans(length: int) -> list[tuple[int, int]]:
    """Return the (start, end) of tiles that cover a length in pixels, all multiples of STRIDE."""
    if length <= UNCUT:
        return [(0, length)]
    steps = -(-(length - SIDE) // (SIDE - OVERLAP))
    starts = (round(number * (length - SIDE) / steps / STRIDE) for number in range(steps + 1))
    return [(start * STRIDE, start * STRIDE + SIDE) for start in starts]


def tile_count(padded: tuple[int, int]) -> int:
    """Return the number of tiles that cover a network's input of (width, height) pixels."""
    return len(tile_spans(padded[0])) * len(tile_spans(padded[1]))


def run_tiles(network: Callable[[Tensor], Tensor], picture: Picture) -> tuple[Map, Map]:
    """Run a picture (H, W, 3) tile by tile; return its region and affinity maps (H/2, W/2).

    Where tiles overlap, the weight of each decreases towards its own border.

    Args:
        network: returns maps (1, 2, h/2, w/2) of normalised pictures (1, 3, h, w).
        picture: uint8 RGB, both sides multiples of STRIDE.
    """
    height, width = picture.shape[:2]
    maps = np.zeros((2, height // MAP_STRIDE, width // MAP_STRIDE), np.float32)
    total = np.zeros(maps.shape[1:], np.float32)
    for top, bottom in tile_spans(height):
        for left, right in tile_spans(width):
            scores = network(to_tensor(picture[top:bottom, left:right]))[0]
            weight = np.outer(_ramps(top, bottom, height), _ramps(left, right, width))
            rows = slice(top // MAP_STRIDE, bottom // MAP_STRIDE)
            columns = slice(left // MAP_STRIDE, right // MAP_STRIDE)
            maps[:, rows, columns] += scores * weight
            total[rows, columns] += weight
    maps /= total
    return maps[0], maps[1]


def _ramps(start: int, end: int, length: int) -> Map:
    """Return weights along a tile's side, in map pixels: small next to a neighbour, 1 inside.

    The outer quarter of the overlap, where the network sees the least context, hardly counts.
    """
    ramp = OVERLAP // MAP_STRIDE
    inward = (np.arange((end - start) // MAP_STRIDE) + 0.5 - ramp / 4) / (ramp / 2)
    weight = np.ones(len(inward))
    if start > 0:
        weight = np.minimum(weight, inward)
    if end < length:
        weight = np.minimum(weight, inward[::-1])
    return weight.clip(1e-3, 1).astype(np.float32)
