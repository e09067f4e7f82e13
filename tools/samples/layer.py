"""A layer of paint with the lettering that is on it, and how layers are drawn and put together."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from craftlite.geometry import Points
from tools.samples.line import draw_line, word_quad
from tools.samples.warps import Plane, Warp

Colour = Sequence[float] | npt.NDArray[np.float32]
"""Red, green and blue in 0..255, or a texture of the layer's size (H, W, 3)."""


@dataclass(frozen=True)
class Lettering:
    """One word: its top and bottom edges (K, 2) in reading order; K is 2 unless it is curved."""

    text: str
    top: Points
    bottom: Points

    def warped(self, warp: Warp) -> "Lettering":
        """The same word on another layer."""
        edges = [self.top, self.bottom]
        if warp.curved and len(self.top) == 2:
            edges = [np.linspace(edge[0], edge[1], 17, dtype=np.float32) for edge in edges]
        return Lettering(self.text, *(warp.forward(edge) for edge in edges))

    def quad(self) -> Points:
        """Its corners (4, 2), clockwise from where reading starts; of a curved word, those of
        the smallest rectangle around it."""
        ends = np.stack([self.top[0], self.top[-1], self.bottom[-1], self.bottom[0]])
        if len(self.top) == 2:
            return ends
        outline = np.concatenate([self.top, self.bottom])
        box = cv2.boxPoints(cv2.minAreaRect(outline)).astype(np.float32)
        turns = [np.roll(box, -start, axis=0) for start in range(4)]
        return min(turns, key=lambda turn: float(np.abs(turn - ends).sum()))


@dataclass(frozen=True)
class Shadow:
    """What a layer casts on the one below: moved by (right, down), soft, 0..1 dark."""

    right: float
    down: float
    softness: float
    strength: float


class Layer:
    """Paint (H, W, 3) already weighed by its cover (H, W) in 0..1, and the words on it."""

    def __init__(self, width: int, height: int, texture: Colour | None = None) -> None:
        self.size = (width, height)
        self.paint = np.zeros((height, width, 3), np.float32)
        self.cover = np.zeros((height, width), np.float32)
        self.words: list[Lettering] = []
        if texture is not None:
            self.paint[:] = np.asarray(texture, np.float32)
            self.cover[:] = 1

    def fill(self, mask: Plane, colour: Colour) -> None:
        """Paint where the mask (H, W) in 0..1 says so."""
        if not mask.any():
            return
        x, y, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
        box = np.s_[y : y + height, x : x + width]
        paint = np.asarray(colour, np.float32)
        cover = mask[box]
        over = (paint[box] if paint.ndim == 3 else paint) * cover[..., None]
        self.paint[box] = self.paint[box] * (1 - cover[..., None]) + over
        self.cover[box] = self.cover[box] * (1 - cover) + cover

    def rectangle(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        colour: Colour,
        radius: float = 0,
        alpha: float = 1,
    ) -> None:
        """An upright rectangle, its corners rounded off by `radius`."""
        mask, draw = self._mask()
        draw.rounded_rectangle((x, y, x + width, y + height), radius, fill=255)
        self.fill(np.asarray(mask, np.float32) * (alpha / 255), colour)

    def ellipse(
        self,
        centre: tuple[float, float],
        radii: tuple[float, float],
        colour: Colour,
        alpha: float = 1,
    ) -> None:
        """A filled ellipse with level axes."""
        mask, draw = self._mask()
        (x, y), (a, b) = centre, radii
        draw.ellipse((x - a, y - b, x + a, y + b), fill=255)
        self.fill(np.asarray(mask, np.float32) * (alpha / 255), colour)

    def polygon(
        self,
        points: Sequence[tuple[float, float]],
        colour: Colour,
        alpha: float = 1,
        softness: float = 0,
    ) -> None:
        """A filled polygon, its edge blurred by `softness`."""
        mask, draw = self._mask()
        draw.polygon(points, fill=255)
        cover = np.asarray(mask, np.float32) * (alpha / 255)
        self.fill(cv2.GaussianBlur(cover, (0, 0), softness) if softness else cover, colour)

    def write(
        self,
        text: str,
        at: tuple[float, float],
        font: ImageFont.FreeTypeFont,
        colour: Colour,
        *,
        align: float = 0,
        spacing: float = 0,
        drop: Colour | None = None,
    ) -> None:
        """A line of words on the baseline through `at`: from there (align 0), about it (0.5) or
        up to it (1); `drop` is the colour of what shows below and right of the letters."""
        gap = spacing + font.getlength(" ")
        ink, characters = draw_line(text.split(), font, spacing, gap)
        quads = np.stack([word_quad(word) for word in characters])
        left, right = quads[..., 0].min(), quads[..., 0].max()
        x = round(at[0] - left - align * (right - left))
        y = round(at[1]) - (font.size // 4 + 2) - font.getmetrics()[0]
        shift = np.array([[1, 0, x], [0, 1, y]], np.float32)
        if drop is not None:
            lower = shift + np.array([[0, 0, 6], [0, 0, 7]], np.float32)
            self.fill(np.asarray(cv2.warpAffine(ink, lower, self.size)), drop)
        self.fill(np.asarray(cv2.warpAffine(ink, shift, self.size)), colour)
        for word, quad in zip(text.split(), quads + np.array([x, y], np.float32), strict=True):
            self.words.append(Lettering(word, quad[:2], quad[[3, 2]]))

    def stack(
        self,
        text: str,
        at: tuple[float, float],
        font: ImageFont.FreeTypeFont,
        colour: Colour,
        step: float,
    ) -> None:
        """One word whose upright letters stand below each other, centred on x, from baseline y."""
        kept = len(self.words)
        for row, letter in enumerate(text):
            self.write(letter, (at[0], at[1] + row * step), font, colour, align=0.5)
        letters = np.concatenate([w.quad() for w in self.words[kept:]])
        (left, top), (right, bottom) = letters.min(axis=0), letters.max(axis=0)
        edges = np.array([[[left, top], [right, top]], [[left, bottom], [right, bottom]]])
        self.words[kept:] = [Lettering(text, *edges.astype(np.float32))]

    def put(self, layer: "Layer", warp: Warp, shadow: Shadow | None = None) -> None:
        """Lay another layer over this one, with the shadow that it casts."""
        width, height = self.size
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        across, down = warp.backward(x, y)
        over = np.dstack([layer.paint, layer.cover])
        over = cv2.remap(over, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        cover = over[..., 3]
        if shadow is not None:
            shift = np.array([[1, 0, shadow.right], [0, 1, shadow.down]], np.float32)
            dark = np.asarray(cv2.warpAffine(cover, shift, self.size))
            dark = cv2.GaussianBlur(dark, (0, 0), shadow.softness)
            self.paint *= 1 - np.float32(shadow.strength) * dark[..., None]
        self.paint = self.paint * (1 - cover[..., None]) + over[..., :3]
        self.cover = self.cover * (1 - cover) + cover
        self.words += [word.warped(warp) for word in layer.words]

    def _mask(self) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        mask = Image.new("L", self.size)
        return mask, ImageDraw.Draw(mask)
