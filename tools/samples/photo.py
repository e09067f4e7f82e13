"""From a drawn scene to what a camera would have made of it."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tools.samples.layer import Layer

OVERSIZE = 2  # scenes are drawn so many times larger than their picture, for smooth edges


def lit(layer: Layer, at: tuple[float, float], reach: float, low: float, high: float) -> None:
    """Light that falls off from `high` at a point to `low` far away."""
    width, height = layer.size
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    near = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / np.float32(2 * reach**2))
    layer.paint *= (low + (high - low) * near)[..., None]


def glow(layer: Layer, at: tuple[float, float], reach: float, colour: tuple[float, ...]) -> None:
    """A lamp's halo, added to what is there."""
    width, height = layer.size
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    far = np.hypot(x - at[0], y - at[1]) / np.float32(reach)
    halo = np.exp(-far * far * 6) + 0.25 / (1 + (3 * far) ** 3)
    layer.paint += halo[..., None] * np.array(colour, np.float32)


@dataclass(frozen=True)
class Camera:
    """How the picture is taken; blur in pixels of the picture, grain in grey levels."""

    blur: float = 0.5
    motion: int = 0
    grain: float = 3.0
    vignette: float = 0.25
    exposure: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def shoot(self, layer: Layer, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        """The picture (H, W, 3) uint8 RGB, smaller than the scene by OVERSIZE."""
        width, height = (side // OVERSIZE for side in layer.size)
        picture = cv2.resize(layer.paint, (width, height), interpolation=cv2.INTER_AREA)
        if self.motion:
            streak = np.full((1, self.motion), 1 / self.motion, np.float32)
            picture = cv2.filter2D(picture, -1, streak)
        picture = cv2.GaussianBlur(picture, (0, 0), self.blur)
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        dim = self.exposure * (1 - self.vignette * ((x * x + y * y) / 2) ** 1.5)
        picture = picture * dim[..., None] * np.array(self.tint, np.float32)
        speckle = rng.normal(0, self.grain, (height, width, 1)) * 0.8
        speckle = speckle + rng.normal(0, self.grain, (height, width, 3)) * 0.35
        soft = cv2.GaussianBlur(speckle.astype(np.float32), (0, 0), 0.6) * 1.8
        return np.clip(_shoulder(picture) + soft, 0, 255).astype(np.uint8)


def _shoulder(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Highlights rolled off smoothly above 220 instead of cut at 255."""
    over = np.maximum(picture - 220, 0)
    return np.asarray(np.minimum(picture, 220) + 35 * (1 - np.exp(-over / 60)), np.float32)
