"""Drawing of words and score maps over a picture, and helpers for sheets of pictures."""

import base64
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image, ImageDraw, ImageFont
from shapely import MultiPoint, STRtree

from craftlite.files import write_whole
from craftlite.geometry import Picture, Points, Size
from craftlite.words import Words

PAPER, INK, SHADE = (24, 26, 30), (240, 242, 246), (0, 0, 0)  # background and text of sheets
JPEG_LONGEST = 65_500  # pixels; JPEG cannot store a longer side
_ACCENT = (0, 230, 118)
_HALO = (8, 32, 20)
_CHARACTER = (255, 179, 0)
_FILL = 0.16
FEWEST_PLATES = 0.5  # fraction of words; if fewer have space for a score, the text is dense
_SUBPIXEL_BITS = 4
_SUBPIXELS = 1 << _SUBPIXEL_BITS
_STRIP = 64  # rows or columns that are processed together


def overlay(picture: Picture, words: Words, *, scores: bool = False) -> Picture:
    """Return a copy of the picture (H, W, 3) uint8 RGB with every word and character drawn on it.

    Words are tinted and outlined in green, characters outlined in amber; the line width depends on
    the picture's size.

    Args:
        picture: the picture that the words were found in.
        words: the words to draw.
        scores: also write each word's score on a plate above or below it if that hides no word.
            If more than half of the words leave no space, as in dense text, no scores are drawn.
    """
    width = max(1, round(max(picture.shape[:2]) / 640))
    tinted = np.array(picture, order="C")
    for polygon in words.polygons:
        cv2.fillPoly(tinted, [_fixed(polygon)], _ACCENT, cv2.LINE_AA, _SUBPIXEL_BITS)
    drawn = tinted  # in place, as a large picture takes much memory
    cv2.addWeighted(tinted, _FILL, picture, 1 - _FILL, 0, dst=drawn)
    for characters in words.characters or ():
        draw_outlines(drawn, characters, _CHARACTER, max(1, width // 2))
    # The dark halo keeps the bright line visible on white paper.
    draw_outlines(drawn, words.polygons, _HALO, width + 2)
    draw_outlines(drawn, words.polygons, _ACCENT, width)
    if scores:
        _draw_scores(drawn, words, width + 2)
    return drawn


def write_picture(path: Path, picture: Picture, quality: int = 95) -> None:
    """Write a picture (H, W, 3) uint8 RGB in the format of the path's suffix, whole or not at all.

    During encoding, red and blue are swapped in the array itself, unless it is read-only.

    quality: JPEG quality, 1..100.

    Raises:
        CraftliteError: the file cannot be written.
    """
    write_whole(path, _encoded(picture, path.suffix, quality))


def write_drawing(stem: Path, picture: Picture) -> None:
    """Write a picture (H, W, 3) uint8 RGB as a JPEG, or as a PNG if it is too long for JPEG.

    stem: the path without a suffix.

    Raises:
        CraftliteError: the file cannot be written.
    """
    suffix = ".jpg" if max(picture.shape) <= JPEG_LONGEST else ".png"
    write_picture(stem.with_name(stem.name + suffix), picture)


def fitted(
    picture: Picture, room: tuple[float, float], largest: float = float("inf")
) -> tuple[Picture, float]:
    """Scale a picture to fit a (width, height); return it and the scale, at most `largest`."""
    height, width = picture.shape[:2]
    scale = min(room[0] / width, room[1] / height, largest)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, size, interpolation=smooth).astype(np.uint8, copy=False), scale


def scaled(outlines: Iterable[Points], scale: float) -> list[Points]:
    """Return outlines in the pixels of a scaled picture; pixel centres map to pixel centres."""
    return [np.asarray((points + 0.5) * scale - 0.5, np.float32) for points in outlines]


def data_uri(picture: Picture, quality: int = 85) -> str:
    """Return a picture (H, W, 3) uint8 RGB as a data URI of a JPEG."""
    # Encode a copy: the caller's picture may be in use elsewhere, and pictures in pages are small.
    jpeg = _encoded(picture.copy(), ".jpg", quality)
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def heatmap(picture: Picture, scores: npt.NDArray[np.float32]) -> Picture:
    """Return a copy of the picture (H, W, 3) uint8 RGB with a score map blended over it.

    Args:
        picture: the picture that the map belongs to.
        scores: (h, w) of any size, values in 0..1; the map is stretched over the picture.
    """
    height, width = picture.shape[:2]
    finite = np.nan_to_num(np.asarray(scores, np.float32)).clip(0, 1)
    # Stretch across first, then down strip by strip, as a large float array fills the memory.
    wide = cv2.resize(finite, (width, len(finite)), interpolation=cv2.INTER_LINEAR)
    drawn = np.empty_like(picture, order="C")
    for left in range(0, width, _STRIP):
        strip = slice(left, min(left + _STRIP, width))
        size = strip.stop - left, height
        level = cv2.resize(wide[:, strip], size, interpolation=cv2.INTER_LINEAR)
        turbo = cv2.applyColorMap(np.round(level * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
        colours = cv2.cvtColor(turbo, cv2.COLOR_BGR2RGB)
        # Low scores are a dim veil that the picture shows through, high scores glow.
        share = (0.45 + 0.3 * level)[:, :, None]
        drawn[:, strip] = np.round(picture[:, strip] * (1 - share) + colours * share)
    return drawn


def draw_outlines(
    picture: Picture, outlines: Iterable[Points], colour: tuple[int, int, int], width: int
) -> None:
    """Draw closed antialiased lines, `width` pixels wide, through outlines (K, 2) in place."""
    lines = [_fixed(points) for points in outlines]
    cv2.polylines(picture, lines, True, colour, width, cv2.LINE_AA, _SUBPIXEL_BITS)


def _fixed(points: Points) -> npt.NDArray[np.int32]:
    """Convert points to the fixed-point integers of OpenCV's antialiased drawing."""
    fixed: npt.NDArray[np.int32] = np.rint(np.multiply(points, _SUBPIXELS)).astype(np.int32)
    return fixed


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's built-in font, `size` pixels high."""
    return ImageFont.load_default(size)


def write_text(
    pen: ImageDraw.ImageDraw, x: float, middle: float, text: str, colour: tuple[int, int, int]
) -> float:
    """Write text to the right of x and return where it ends; "?" replaces missing characters."""
    shown, face = "".join(c if can_show(c) else "?" for c in text), font(20)
    pen.text((x, middle), shown, colour, face, "lm")
    return x + face.getlength(shown)


@cache
def can_show(character: str) -> bool:
    """Return whether Pillow's built-in font has a character."""
    # A missing character is drawn as the same box as U+FFFF, which no font has.
    masks = [bytes(font(16).getmask(drawn)) for drawn in (character, "\uffff")]
    return character == " " or masks[0] != masks[1]


def _encoded(picture: Picture, suffix: str, quality: int) -> bytes:
    # OpenCV encodes BGR. Swap in place and back: a copy of a large picture may not fit in memory.
    own = np.require(picture, np.uint8, ["C", "W"])
    _swap_red_and_blue(own)
    try:
        return cv2.imencode(suffix, own, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    finally:
        _swap_red_and_blue(own)


def _swap_red_and_blue(picture: Picture) -> None:
    for top in range(0, len(picture), _STRIP):
        rows = picture[top : top + _STRIP]
        cv2.cvtColor(rows, cv2.COLOR_RGB2BGR, dst=rows)


def _draw_scores(picture: Picture, words: Words, gap: int) -> None:
    """Draw the scores, in place, as small plates `gap` pixels above or below their words.

    A plate must not hide a word or another plate. If most words leave no space, none is drawn.
    """
    largest = max(picture.shape[:2]) / 80
    plates = []
    for quad, score in zip(words.quads, words.scores, strict=True):
        # A plate larger than its word would seem to belong to the neighbours.
        height = min(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[1] - quad[0]))
        plates.append(_Plate(f"{score:.2f}", max(9, round(min(largest, 0.6 * float(height))))))
    placed = list(_placed(plates, words, (picture.shape[1], picture.shape[0]), gap))
    if len(placed) >= FEWEST_PLATES * len(words):
        for plate, corner in placed:
            plate.draw(picture, corner)


def _placed(
    plates: Sequence["_Plate"], words: Words, size: Size, gap: int
) -> "Iterator[tuple[_Plate, tuple[float, float]]]":
    """Yield the plates that fit into a picture of `size`, with their top left corners."""
    outlines = shapely.buffer([MultiPoint(line).convex_hull for line in words.polygons], gap / 2)
    taken = STRtree(outlines)
    others: list[shapely.Geometry] = []
    for plate, outline in zip(plates, words.polygons, strict=True):
        wide, high = plate.size()
        x = min(max(float(outline[:, 0].min()), 0.0), max(size[0] - wide, 0.0))
        for y in (float(outline[:, 1].min()) - gap - high, float(outline[:, 1].max()) + gap):
            place = shapely.box(x, y, x + wide, y + high)
            inside = y >= 0 and y + high <= size[1] and x + wide <= size[0]
            hides = len(taken.query(place, "intersects")) or shapely.intersects(place, others).any()
            if inside and not hides:
                others.append(place)
                yield plate, (x, y)
                break


class _Plate(NamedTuple):
    """A score on a plate; `letters` is the font size in pixels."""

    text: str
    letters: int

    def size(self) -> tuple[float, float]:
        """Return the (width, height) of the plate in pixels."""
        left, top, right, bottom = font(self.letters).getbbox(self.text)
        return right - left + 0.4 * self.letters, bottom - top + 0.4 * self.letters

    def draw(self, picture: Picture, corner: tuple[float, float]) -> None:
        """Draw the plate in place, with its top left corner at (x, y)."""
        (x, y), (wide, high), face = corner, self.size(), font(self.letters)
        left, top, _, _ = face.getbbox(self.text)
        pad = self.letters / 5
        # Pillow draws on a copy, so copy only the plate with a margin, not the whole picture.
        column, row = (max(int(place - self.letters), 0) for place in corner)
        under = picture[row : int(y + high + self.letters), column : int(x + wide + self.letters)]
        image = Image.fromarray(under)
        pen = ImageDraw.Draw(image)
        x, y = x - column, y - row
        pen.rounded_rectangle((x, y, x + wide, y + high), radius=pad, fill=_ACCENT)
        pen.text((x + pad - left, y + pad - top), self.text, _HALO, face)
        under[:] = np.asarray(image)
