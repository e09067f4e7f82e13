"""Pictures decoded once into a device's memory, at several scales, and crops cut from them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from craftlite.data.augment import SPARSE
from craftlite.data.sample import Sample
from craftlite.progress import Progress

LEVELS = 4  # a picture, and its half, quarter and eighth


def level_for(scale: float, size: tuple[int, int]) -> int:
    """Return how many times a picture of `size` is halved before it is read at `scale`.

    Halving is repeated until the remaining scale is at least SPARSE, since interpolating between
    two pixels would skip others. Every level keeps at least one pixel.
    """
    halvings = int(np.ceil(np.log2(SPARSE / scale) - 1e-9))
    return int(np.clip(halvings, 0, min(LEVELS, min(size).bit_length()) - 1))


def to_level(level: int) -> npt.NDArray[np.float64]:
    """Return the matrix (3, 3) from a level's pixels to the picture's; one covers 2^level."""
    times = 2**level
    middle = (times - 1) / 2
    return np.array([[times, 0, middle], [0, times, middle], [0, 0, 1]], np.float64)


class Gallery:
    """Pictures in the memory of a device, four bytes per pixel plus a third for the levels.

    Attributes:
        sizes: (width, height) of each picture.
        texels: (T,) int32, red in the lowest byte; all levels of all pictures, row by row.
        starts: (P, LEVELS) int64, where each level begins in `texels`.
        shapes: (P, LEVELS, 2) int64, width and height of each level.
    """

    def __init__(self, samples: Sequence[Sample], device: torch.device) -> None:
        """Read the pictures with one thread per core.

        Raises:
            DatasetError: a picture cannot be read.
        """
        self.sizes = [sample.size() for sample in samples]
        shapes = np.array([_level_shapes(size) for size in self.sizes], np.int64)
        areas = shapes.prod(axis=2).ravel()
        starts = np.concatenate([[0], np.cumsum(areas)])
        self.starts = torch.from_numpy(starts[:-1].reshape(-1, LEVELS)).to(device)
        self.shapes = torch.from_numpy(shapes).to(device)
        self.texels = torch.empty(int(starts[-1]), dtype=torch.int32, device=device)
        for number, levels in enumerate(_read_all(samples)):
            start = int(starts[number * LEVELS])
            self.texels[start : start + len(levels)] = torch.from_numpy(levels)

    def cut(self, pictures: Tensor, levels: Tensor, matrices: Tensor, crop: int) -> Tensor:
        """Cut crops (N, 3, crop, crop) float32 in 0..255, interpolated; black outside the picture.

        pictures, levels: (N,) int64. matrices: (N, 3, 3) float32 from a crop's pixels to the
        level's.
        """
        axis = torch.arange(crop, device=matrices.device, dtype=torch.float32)
        homogeneous = (
            matrices[:, :, 0, None, None] * axis
            + matrices[:, :, 1, None, None] * axis[:, None]
            + matrices[:, :, 2, None, None]
        )
        x, y = homogeneous[:, 0] / homogeneous[:, 2], homogeneous[:, 1] / homogeneous[:, 2]
        left, top = x.floor(), y.floor()
        right, lower = x - left, y - top
        start = self.starts[pictures, levels][:, None, None]
        width, height = self.shapes[pictures, levels].T[:, :, None, None]
        result = torch.zeros(3, *x.shape, device=x.device)
        for dy in (0, 1):
            for dx in (0, 1):
                column, row = left + dx, top + dy
                inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
                place = start + row.long() * width + column.long()
                texel = self.texels[torch.where(inside, place, 0)]
                share = (right if dx else 1 - right) * (lower if dy else 1 - lower) * inside
                for channel in range(3):
                    result[channel] += share * ((texel >> 8 * channel) & 255)
        return result.transpose(0, 1)


def gallery_bytes(samples: Sequence[Sample]) -> int:
    """Return the memory in bytes that a gallery of the samples takes.

    Raises:
        DatasetError: a picture cannot be opened.
    """
    shapes = [_level_shapes(sample.size()) for sample in samples]
    return 4 * sum(width * height for levels in shapes for width, height in levels)


def _level_shapes(size: tuple[int, int]) -> list[tuple[int, int]]:
    return [(max(1, size[0] >> level), max(1, size[1] >> level)) for level in range(LEVELS)]


def _read_all(samples: Sequence[Sample]) -> Iterator[npt.NDArray[np.int32]]:
    """Yield the texels of each sample's levels, in order, reading a few ahead."""
    bar = Progress(total=len(samples), desc="pictures", unit="picture", leave=False)
    with ThreadPoolExecutor() as pool, bar:
        for first in range(0, len(samples), 256):
            for levels in pool.map(_texels, samples[first : first + 256]):
                yield levels
                bar.update()


def _texels(sample: Sample) -> npt.NDArray[np.int32]:
    """Return a picture and its halves, one after another, with four bytes per pixel."""
    picture = cv2.cvtColor(sample.pixels(), cv2.COLOR_RGB2RGBA)
    parts: list[npt.NDArray[np.int32]] = []
    for width, height in _level_shapes((picture.shape[1], picture.shape[0])):
        if parts:
            even = picture[: max(1, 2 * height), : max(1, 2 * width)]
            picture = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
        parts.append(np.ascontiguousarray(picture).view(np.int32).ravel())
    return np.concatenate(parts)
