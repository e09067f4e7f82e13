"""Words rendered on photographs or on grounds of its own, with the quad of every character."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from craftlite.data.readers.folder import PICTURE_SUFFIXES
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError
from craftlite.geometry import Points, transform
from craftlite.synth.text import random_text

FONT_SUFFIXES = {".ttf", ".otf"}
SYSTEM_FONTS = Path("/usr/share/fonts")
Picture = npt.NDArray[np.uint8]
Alpha = npt.NDArray[np.float32]


@lru_cache(maxsize=64)
def load_font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """A face at `size` pixels an em; an empty path is the face that comes with Pillow."""
    if path:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def usable_face(path: str) -> bool:
    """Whether a face draws Latin letters: it opens, and "A", "a" and "0" have ink that differs."""
    try:
        font = load_font(path, 20)
        masks = [bytes(font.getmask(character)) for character in "Aa0"]
    except OSError:
        return False
    return len(set(masks)) == 3 and all(any(mask) for mask in masks)


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


def plain_ground(rng: np.random.Generator, width: int, height: int) -> Picture:
    """A ground of its own: a smooth play of two colours with grain, (height, width, 3) uint8."""
    coarse = rng.uniform(0, 1, (int(rng.integers(2, 9)), int(rng.integers(2, 9)))).astype(
        np.float32
    )
    blend = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    one, two = rng.uniform(0, 255, (2, 3))
    grain = rng.normal(0, rng.uniform(0, 12), (height, width, 1))
    ground = one + blend * (two - one) * rng.uniform(0, 1) + grain
    return np.asarray(np.clip(ground, 0, 255), np.uint8)


def random_placement(
    rng: np.random.Generator, drawn: tuple[int, int], size: tuple[int, int]
) -> npt.NDArray[np.float64] | None:
    """A homography that puts a canvas of `drawn` (width, height) into a picture of `size`.

    Mostly level, sometimes turned, always with a little perspective; None where it does not fit.
    """
    width, height = drawn
    angle = np.deg2rad(rng.normal(0, 4 if rng.random() < 0.75 else 25))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    moved = (corners + rng.uniform(-0.12, 0.12, (4, 2)) * height) @ turn
    low, high = moved.min(axis=0), moved.max(axis=0)
    room = np.array(size) - (high - low)
    if (room <= 0).any():
        return None
    moved += rng.uniform(0, 1, 2) * room - low
    source, target = corners.astype(np.float32), moved.astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(source, target), np.float64)


def blend(
    rng: np.random.Generator, picture: Picture, ink: Alpha, place: npt.NDArray[np.bool_]
) -> None:
    """Paint the ink over the picture in a colour that stands out from what is at `place`.

    Now and then with a plate, a shadow or an outline; contrast runs from faint to full.
    """
    ground = picture[place].mean(axis=0)
    darker = ground.mean() > rng.uniform(90, 165)
    contrast = np.exp(rng.uniform(np.log(45), np.log(220)))
    colour = np.clip(ground + (-contrast if darker else contrast) + rng.normal(0, 25, 3), 0, 255)
    strength = rng.uniform(0.7, 1.0)
    style = rng.random()
    layers: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
    if style < 0.2:
        plate = cv2.dilate(place.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.float32)
        colour_below = np.clip(255 - colour + rng.normal(0, 30, 3), 0, 255)
        layers.append((plate, colour_below))
    elif style < 0.3:
        shift = np.roll(ink, tuple(rng.integers(-3, 4, 2)), axis=(0, 1))
        layers.append((cv2.GaussianBlur(shift, (0, 0), rng.uniform(0.5, 2)), 255 - colour))
    elif style < 0.4:
        layers.append((cv2.dilate(ink, np.ones((3, 3), np.uint8)), 255 - colour))
    layers.append((ink * np.float32(strength), colour))
    for alpha, paint in layers:
        ys, xs = np.nonzero(alpha)
        box = np.s_[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
        cover = alpha[box][..., None]
        picture[box] = (picture[box] * (1 - cover) + paint * cover).astype(np.uint8)


@dataclass(frozen=True)
class WordRenderer:
    """Makes pictures of `size` (width, height) full of words; sample k depends on (seed, k) alone.

    backgrounds: photographs nearly free of text; where there is none, grounds are made.
    fonts: paths of TrueType faces; "" is the face that comes with Pillow.
    """

    backgrounds: tuple[Path, ...] = ()
    fonts: tuple[str, ...] = ("",)
    size: tuple[int, int] = (384, 384)
    seed: int = 0

    @classmethod
    def from_folders(cls, backgrounds: Path | None, fonts: Path = SYSTEM_FONTS) -> "WordRenderer":
        """A renderer with every photograph and every Latin face that the folders hold."""
        pictures: list[Path] = []
        if backgrounds is not None:
            if not backgrounds.is_dir():
                raise DatasetError(f"{backgrounds}: no folder of photographs to write words on")
            pictures = [p for p in backgrounds.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES]
        faces = [str(p) for p in fonts.rglob("*") if p.suffix.lower() in FONT_SUFFIXES]
        faces = [face for face in faces if usable_face(face)]
        return cls(tuple(sorted(pictures)), tuple(sorted(faces)) or ("",))

    def sample(self, index: int) -> Sample:
        """Picture number `index` with its words and their characters."""
        rng = np.random.default_rng((self.seed, index))
        picture = self._ground(rng)
        taken = np.zeros(picture.shape[:2], np.uint8)
        words: list[Word] = []
        for _ in range(int(rng.integers(4, 20))):
            words += self._line(rng, picture, taken)
        return Sample(f"synth_{index}", picture, tuple(words))

    def _ground(self, rng: np.random.Generator) -> Picture:
        width, height = self.size
        if not self.backgrounds or rng.random() < 0.1:
            return plain_ground(rng, width, height)
        path = self.backgrounds[rng.integers(len(self.backgrounds))]
        photo = Sample(path.name, path, ()).pixels()
        side = int(rng.uniform(0.4, 1.0) * min(photo.shape[:2]))
        y = int(rng.integers(photo.shape[0] - side + 1))
        x = int(rng.integers(photo.shape[1] - side + 1))
        ground = cv2.resize(photo[y : y + side, x : x + side], (width, height))
        return (ground[:, ::-1] if rng.random() < 0.5 else ground).astype(np.uint8).copy()

    def _line(self, rng: np.random.Generator, picture: Picture, taken: Picture) -> list[Word]:
        """One to four words in one style on one line, painted where nothing is yet."""
        size = int(np.exp(rng.uniform(np.log(9), np.log(72))))
        font = load_font(self.fonts[rng.integers(len(self.fonts))], size)
        spacing = size * rng.uniform(0, 0.35) if rng.random() < 0.2 else 0.0
        texts = [
            random_text(rng) for _ in range(rng.choice([1, 2, 3, 4], p=[0.5, 0.25, 0.15, 0.1]))
        ]
        ink, characters = draw_line(
            texts, font, spacing, gap=spacing + size * rng.uniform(0.3, 0.6)
        )
        matrix = random_placement(rng, (ink.shape[1], ink.shape[0]), self.size)
        if matrix is None:
            return []
        ink = cv2.warpPerspective(ink, matrix, self.size).astype(np.float32, copy=False)
        quads = [transform(quad, matrix) for quad in characters]
        place = np.zeros_like(taken)
        for quad in quads:
            cv2.fillConvexPoly(place, np.round(word_quad(quad)).astype(np.int32), 1)
        if (taken & place).any() or not place.any() or not ink.any():
            return []
        np.maximum(taken, cv2.dilate(place, np.ones((7, 7), np.uint8)), out=taken)
        blend(rng, picture, ink, place.astype(bool))
        return [Word(word_quad(q), text, False, q) for text, q in zip(texts, quads, strict=True)]
