"""From a picture to the network's input, and from its maps back to the picture."""

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
# Enlarged further, letters outgrow those that the networks know, and gain no detail.
MAX_ENLARGEMENT = 2.0
# The network knows letters of up to some 200 pixels of its input. Larger ones are found at coarser
# scales, each a third of the one before and a ninth of its cost, while letters fit into them.
COARSER = 3
COARSEST = 96  # pixels of the shorter side


@dataclass(frozen=True)
class Fit:
    """How a picture was fitted to the network; the one record of the scale and its inverse.

    Attributes:
        size: (width, height) of the picture.
        resized: (width, height) after scaling.
        padded: (width, height) of the network's input, multiples of STRIDE; the padding is at the
            right and at the bottom.
    """

    size: tuple[int, int]
    resized: tuple[int, int]
    padded: tuple[int, int]

    @classmethod
    def of(cls, size: tuple[int, int], long_side: int) -> "Fit":
        """The fit of a picture of `size` so that its longer side has `long_side` pixels.

        A picture with fewer than half as many is enlarged MAX_ENLARGEMENT times.

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
        """(width, height) of the maps without the padding."""
        return (-(-self.resized[0] // MAP_STRIDE), -(-self.resized[1] // MAP_STRIDE))

    def factor(self) -> float:
        """Pixels of the network's input for each pixel of the picture."""
        return max(self.resized) / max(self.size)

    def apply(self, picture: Picture) -> npt.NDArray[np.float32]:
        """The network's input (1, 3, padded height, padded width) of a picture (H, W, 3) RGB."""
        return to_tensor(self.scale(picture))

    def scale(self, picture: Picture) -> Picture:
        """The picture scaled and padded: (padded height, padded width, 3) uint8 RGB."""
        shrinks = self.resized[0] < self.size[0]
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        resized = cv2.resize(picture, self.resized, interpolation=interpolation)
        right, bottom = (p - r for p, r in zip(self.padded, self.resized, strict=True))
        # Padding with the mean colour is padding with zeros after normalisation.
        filled = cv2.copyMakeBorder(
            resized, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=MEAN.tolist()
        )
        return filled.astype(np.uint8, copy=False)

    def to_picture(self, points: Points) -> Points:
        """Points (..., 2) of the maps, in pixels of the picture, clipped to it."""
        scale = np.divide(self.size, self.resized, dtype=np.float32)
        # Pixel centres: pixel x of the map covers 2x..2x+1 of the input, whose centre is 2x + 0.5.
        mapped = ((points + 0.5) * MAP_STRIDE) * scale - 0.5
        inside: Points = np.clip(mapped, 0, np.array(self.size)).astype(np.float32)
        return inside


def all_scales(fit: Fit) -> list[Fit]:
    """A picture's scales: the given one, and coarser ones while they can show large letters."""
    scales = [fit]
    while min(scales[-1].resized) >= COARSER * COARSEST:
        scales.append(Fit.of(fit.size, round(max(scales[-1].resized) / COARSER)))
    return scales


def to_tensor(picture: Picture) -> npt.NDArray[np.float32]:
    """A picture (H, W, 3) uint8 RGB as the networks' input: (1, 3, H, W) float32, normalised."""
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32)
    planes -= MEAN[:, None, None]
    planes /= STD[:, None, None]
    return planes[None]
