"""Drawing detected objects: boxes with the names of their classes and their scores."""

import colorsys
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from craftlite.draw import font
from craftlite.geometry import Picture
from craftlite.objects.result import Objects

DARK = (12, 16, 20)
GOLDEN = 0.618034  # hues in steps of this size never come close to one another


def draw_objects(picture: Picture, objects: Objects, classes: Sequence[str]) -> Picture:
    """Return a copy of the picture (H, W, 3) uint8 RGB with every box, its class and its score.

    classes: the names of all classes; each has its own colour.
    """
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    width = max(2, round(max(image.size) / 400))
    face = font(max(11, round(max(image.size) / 55)))
    for box, label, score in zip(objects.boxes, objects.labels, objects.scores, strict=True):
        colour = colour_of(classes.index(label))
        left, top, right, bottom = box.tolist()
        pen.rectangle((left, top, right, bottom), outline=colour, width=width)
        text = f"{label} {score:.2f}"
        _, _, across, down = pen.textbbox((0, 0), text, face)
        corner = left, max(top - down - 2, 0)
        pen.rectangle((*corner, corner[0] + across + 4, corner[1] + down + 2), fill=colour)
        pen.text((corner[0] + 2, corner[1]), text, DARK, face)
    return np.array(image)


def colour_of(number: int) -> tuple[int, int, int]:
    """Return a bright RGB colour for a class number; neighbouring numbers differ the most."""
    red, green, blue = colorsys.hsv_to_rgb(number * GOLDEN % 1, 0.75, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)
