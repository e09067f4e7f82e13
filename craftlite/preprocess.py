"""Conversion of a picture to the network's input, and of map points back to the picture."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.errors import ConfigError
from craftlite.geometry import Picture, Points

# Mean and standard deviation of ImageNet's pixels, in 0..255, RGB: the networks' input convention.
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
STRIDE = 32
MAP_STRIDE = 2
# Enlarged further, letters become larger than the networks were trained for and gain no detail.
MAX_ENLARGEMENT = 2.0
# The network finds letters of up to about 200 pixels in its input. Larger letters are found at
# coarser scales, each a third of the previous one at a ninth of its cost, down to COARSEST.
COARSER = 3
COARSEST = 96  # pixels of the shorter side at the coarsest scale


@dataclass(frozen=True)
class Fit:
    """How a picture is scaled and padded for the network, and how points are mapped back.

    Attributes:
        size: (width, height) of the picture.
        resized: (width, height) after scaling.
        padded: (width, height) of the network's input, multiples of STRIDE; padding is added on
            the right and at the bottom.
    """

    size: tuple[int, int]
    resized: tuple[int, int]
    padded: tuple[int, int]

    @classmethod
    def of(cls, size: tuple[int, int], long_side: int) -> "Fit":
        """Return the fit that scales the longer side of a picture of `size` to `long_side` pixels.

        A picture whose longer side is less than half of that is enlarged MAX_ENLARGEMENT times.

        Raises:
            ConfigError: long_side is below STRIDE.
        """
        if long_side < STRIDE:
            raise ConfigError(f"long side {long_side}: must be at least {STRIDE} pixels")
        scale = min(long_side / max(size), MAX_ENLARGEMENT)
        width, height = (max(1, round(side * scale)) for side in size)
        return cls(
            size, (width, height), (-(-width // STRIDE) * STRIDE, -(-height // STRIDE) * STRIDE)
        )

    def map_size(self) -> tuple[int, int]:
        """Return the (width, height) of the maps without the padding."""
        return (-(-self.resized[0] // MAP_STRIDE), -(-self.resized[1] // MAP_STRIDE))

    def factor(self) -> float:
        """Return the number of input pixels per pixel of the picture."""
        return max(self.resized) / max(self.size)

    def apply(self, picture: Picture) -> npt.NDArray[np.float32]:
        """Return the network's input (1, 3, padded height, padded width) for an RGB picture."""
        return to_tensor(self.scale(picture))

    def scale(self, picture: Picture) -> Picture:
        """Return the scaled and padded picture, (padded height, padded width, 3) uint8 RGB."""
        shrinks = self.resized[0] < self.size[0]
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        resized = cv2.resize(picture, self.resized, interpolation=interpolation)
        right, bottom = (p - r for p, r in zip(self.padded, self.resized, strict=True))
        # The mean colour becomes zero in the normalisation.
        filled = cv2.copyMakeBorder(
            resized, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=MEAN.tolist()
        )
        return filled.astype(np.uint8, copy=False)

    def to_picture(self, points: Points) -> Points:
        """Map points (..., 2) of the maps to pixels of the picture, clipped to the picture."""
        scale = np.divide(self.size, self.resized, dtype=np.float32)
        # Pixel centres: pixel x of the map covers 2x..2x+1 of the input, whose centre is 2x + 0.5.
        mapped = ((points + 0.5) * MAP_STRIDE) * scale - 0.5
        inside: Points = np.clip(mapped, 0, np.array(self.size)).astype(np.float32)
        return inside


def all_scales(fit: Fit) -> list[Fit]:
    """Return the given scale, followed by the coarser ones that can show large letters."""
    scales = [fit]
    while min(scales[-1].resized) >= COARSER * COARSEST:
        scales.append(Fit.of(fit.size, round(max(scales[-1].resized) / COARSER)))
    return scales


def to_tensor(picture: Picture) -> npt.NDArray[np.float32]:
    """Convert a picture (H, W, 3) uint8 RGB to normalised network input (1, 3, H, W) float32."""
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32)
    planes -= MEAN[:, None, None]
    planes /= STD[:, None, None]
    return planes[None]
