"""Goods on shelves behind a window, out of focus."""

import numpy as np

from tools.samples.layer import Layer


def stock(
    rng: np.random.Generator,
    layer: Layer,
    box: tuple[int, int, int, int],
    colour: tuple[int, int, int],
    thickness: tuple[int, int] = (20, 64),
) -> None:
    """Books or boxes side by side on a board, in shades about a colour.

    The box is where they stand: x, y, width, height.
    """
    left, top, width, height = box
    x, floor = left, top + height
    while x < left + width:
        wide = min(int(rng.integers(*thickness)), left + width - x)
        tall = height * rng.uniform(0.55, 0.95)
        shade = np.array(colour) * rng.uniform(0.35, 1.25) + rng.normal(0, 22, 3)
        corners = [(x, floor - tall), (x + wide, floor - tall), (x + wide, floor), (x, floor)]
        layer.polygon(corners, np.clip(shade, 12, 235), 0.92, 3)
        x += wide + int(rng.choice([1, 2, 3, 30], p=[0.4, 0.3, 0.2, 0.1]))
    layer.rectangle(left, floor, width, 12, np.array(colour) * 0.45)
