"""A line of words as coverage, with the box of every character."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from craftlite.geometry import Points

Alpha = npt.NDArray[np.float32]


def draw_line(
    texts: list[str], font: ImageFont.FreeTypeFont, spacing: float, gap: float
) -> tuple[Alpha, list[Points]]:
    """Words side by side: coverage (H, W) in 0..1, and each word's characters (M, 4, 2).

    A character's box is as wide as the room it takes in its line and as high as the ink of its
    word, so that a hyphen or a full stop has a box that can be seen. Pixels: `spacing` after a
    character, `gap` after a word.
    """
    pad = int(font.size) // 4 + 2
    ascent, descent = font.getmetrics()
    width = sum(font.getlength(text) + spacing * len(text) + gap for text in texts)
    canvas = Image.new("L", (int(width) + 2 * pad, ascent + descent + 2 * pad))
    draw = ImageDraw.Draw(canvas)
    words, x = [], float(pad)
    for text in texts:
        boxes = []
        for character in text:
            at = (round(x), pad)
            draw.text(at, character, fill=255, font=font)
            boxes.append(draw.textbbox(at, character, font=font))
            x += font.getlength(character) + spacing
        x += gap
        x0, y0, x1, y1 = np.array(boxes, np.float32).T
        top, bottom = np.full_like(x0, y0.min()), np.full_like(x0, y1.max())
        corners = [(x0, top), (x1, top), (x1, bottom), (x0, bottom)]
        words.append(np.stack([np.stack(corner, axis=1) for corner in corners], axis=1))
    return np.asarray(canvas, np.float32) / np.float32(255), words


def word_quad(characters: Points) -> Points:
    """The word's quad (4, 2) of character boxes (M, 4, 2) that share their top and bottom."""
    first, last = characters[0], characters[-1]
    return np.stack([first[0], last[1], last[2], first[3]])
