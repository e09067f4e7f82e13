"""Panels that show a sample: its words over the picture, and the maps that training makes of it."""

from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from math import ceil, sqrt

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from craftlite.data.sample import Word
from craftlite.data.targets import render_targets
from craftlite.data.word_geometry import characters_of
from craftlite.draw import heatmap, outline
from craftlite.geometry import Picture, Points

WIDEST, HIGHEST, NARROWEST = 2400, 1800, 1000  # pixels of a panel
LARGEST_ZOOM = 4.0
GAP = 8  # pixels between the parts of a panel
BAND = 44  # pixels of the line of text below them
SHEET_COLUMNS = 3  # at least, of a contact sheet

# What words can be, and their colours.
KINDS = {
    "of known characters": (0, 230, 118),
    "of characters found": (84, 190, 255),
    "of guessed characters": (255, 196, 0),
    "don't care": (255, 82, 140),
}
PAPER, INK, SHADE = (24, 26, 30), (240, 242, 246), (0, 0, 0)


def kinds_of(words: Sequence[Word], found: Collection[int] = ()) -> list[str]:
    """Which of KINDS each word is; `found` has the places of those whose characters were found."""
    return [_kind_of(word, place in found) for place, word in enumerate(words)]


def _kind_of(word: Word, found: bool) -> str:
    if word.ignore:
        return "don't care"
    if word.characters is None:
        return "of guessed characters"
    return "of characters found" if found else "of known characters"


def draw_panel(
    name: str, picture: Picture, words: Sequence[Word], found: Collection[int] = ()
) -> Picture:
    """A sample in one picture (h, w, 3) uint8 RGB, at most WIDEST x HIGHEST.

    The picture with its words, then over the same picture the region map, the affinity map and
    the confidence, which darkens what counts less and blackens what counts nowhere; below, what
    there is in numbers. `found` has the places of words whose characters a network found.
    """
    kinds = kinds_of(words, found)
    size = picture.shape[1], picture.shape[0]
    columns = 2 if size[0] >= size[1] else 4
    scale = _fitting(size, columns)
    shown = max(1, int(size[0] * scale)), max(1, int(size[1] * scale))
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(picture, shown, interpolation=smooth).astype(np.uint8, copy=False)
    (region, affinity), confidence = render_targets(words, (max(size[0], 2), max(size[1], 2)))
    light = cv2.resize(confidence, shown, interpolation=cv2.INTER_NEAREST)[..., None]
    parts = {
        "": draw_words(small, words, kinds, scale),
        "region": heatmap(small, region),
        "affinity": heatmap(small, affinity),
        "confidence": (_faded(small) * light).astype(np.uint8),
    }
    grid = _grid(list(parts.values()), columns)
    room_for_text = max(grid.shape[1], NARROWEST), grid.shape[0] + BAND
    canvas = Image.new("RGB", room_for_text, PAPER)
    canvas.paste(Image.fromarray(grid))
    pen = ImageDraw.Draw(canvas)
    for place, title in enumerate(parts):
        y, x = divmod(place, columns)
        corner = x * (shown[0] + GAP) + 6, y * (shown[1] + GAP) + 4
        pen.text(corner, title, INK, _font(16), stroke_width=3, stroke_fill=SHADE)
    title = f"{name}   {size[0]} x {size[1]}   {len(words)} words:"
    _write_band(pen, grid.shape[0], title, kinds)
    return np.array(canvas)


def _fitting(size: tuple[int, int], columns: int) -> float:
    """The scale at which four pictures in so many columns fill a panel."""
    rows = 4 // columns
    room = (WIDEST + GAP) / columns - GAP, (HIGHEST - BAND) / rows - GAP
    return min(room[0] / size[0], room[1] / size[1], LARGEST_ZOOM)


def _faded(picture: Picture) -> npt.NDArray[np.float32]:
    """The picture in light greys, so that whatever darkens it shows."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return (150 + grey * np.float32(0.4))[..., None].repeat(3, axis=2)


def draw_words(
    picture: Picture, words: Sequence[Word], kinds: Sequence[str], scale: float
) -> Picture:
    """The picture with outlines by kind, characters, texts, and a dot where reading starts.

    picture: (H, W, 3) uint8 RGB, which is `scale` times as large as the words' own.
    """
    drawn = picture.copy()
    for kind, colour in KINDS.items():
        these = [word for word, its in zip(words, kinds, strict=True) if its == kind]
        outlines = [_scaled(word.polygon, scale) for word in these]
        outline(drawn, outlines, SHADE, 4)
        outline(drawn, outlines, colour, 2)
        if kind == "don't care":
            continue
        parts = [quad for word in these for quad in _scaled(characters_of(word), scale)]
        soft = drawn.copy()
        outline(soft, parts, colour, 1)
        drawn = cv2.addWeighted(soft, 0.6, drawn, 0.4, 0).astype(np.uint8, copy=False)
        for points in outlines:
            x, y = np.rint(points[0]).astype(int).tolist()
            cv2.circle(drawn, (x, y), 5, SHADE, -1, cv2.LINE_AA)
            cv2.circle(drawn, (x, y), 4, colour, -1, cv2.LINE_AA)
    return _with_texts(drawn, words, kinds, scale)


def _with_texts(
    picture: Picture, words: Sequence[Word], kinds: Sequence[str], scale: float
) -> Picture:
    """Texts above their words, large words first; one that would cover another is left out.

    Where characters were found, how sure they are follows.
    """
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    taken: list[tuple[float, float, float, float]] = []
    pairs = zip(words, kinds, strict=True)
    for word, kind in sorted(pairs, key=lambda pair: -float(np.ptp(pair[0].polygon[:, 1]))):
        text = word.text if word.text and can_show(word.text) else ""
        if kind == "of characters found":
            text = f"{text} {word.confidence:.2f}".strip()
        if not text:
            continue
        left, top = _scaled(word.polygon, scale).min(axis=0).tolist()
        font = _font(int(np.clip(0.3 * scale * np.ptp(word.polygon[:, 1]), 11, 18)))
        box = pen.textbbox((left, top - 3), text, font, anchor="lb", stroke_width=2)
        shift = max(0.0, -box[0]), max(0.0, -box[1])
        place = (left + shift[0], top - 3 + shift[1])
        box = pen.textbbox(place, text, font, anchor="lb", stroke_width=2)
        if not any(_overlap(box, other) for other in taken):
            taken.append(box)
            pen.text(place, text, KINDS[kind], font, "lb", stroke_width=2, stroke_fill=SHADE)
    return np.array(image)


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    beside = one[2] <= other[0] or other[2] <= one[0]
    return not beside and one[1] < other[3] and other[1] < one[3]


def can_show(text: str) -> bool:
    """Whether Pillow's own face has every character of the text."""
    return all(_has_glyph(character) for character in text)


@cache
def _has_glyph(character: str) -> bool:
    font = _font(16)
    # What a face lacks is drawn as the box that also stands for what no face has.
    return character == " " or bytes(font.getmask(character)) != bytes(font.getmask("\uffff"))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _write_band(pen: ImageDraw.ImageDraw, top: int, title: str, kinds: Sequence[str]) -> None:
    """The title, then how many words there are of each kind that there is."""
    font = _font(20)
    shown = "".join(character if can_show(character) else "?" for character in title)
    middle, x = top + BAND / 2, 14.0
    pen.text((x, middle), shown, INK, font, "lm")
    x += font.getlength(shown) + 20
    counts = Counter(kinds)
    for kind, colour in ((kind, colour) for kind, colour in KINDS.items() if counts[kind]):
        pen.ellipse((x, middle - 7, x + 14, middle + 7), fill=colour)
        pen.text((x + 22, middle), f"{counts[kind]} {kind}", INK, font, "lm")
        x += font.getlength(f"{counts[kind]} {kind}") + 52


def thumbnail(picture: Picture, width: int = WIDEST // SHEET_COLUMNS) -> Picture:
    """A picture (h, w, 3) uint8, made smaller to fit `width` and three quarters of it in height."""
    scale = min(1.0, width / picture.shape[1], 0.75 * width / picture.shape[0])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False)


def contact_sheet(panels: Sequence[Picture]) -> Picture:
    """One panel or more, made small, in rows: (h, w, 3) uint8 RGB, some WIDEST pixels wide."""
    columns = min(len(panels), max(SHEET_COLUMNS, ceil(sqrt(0.75 * len(panels)))))
    width = WIDEST // max(columns, SHEET_COLUMNS)
    return _grid([thumbnail(panel, width) for panel in panels], columns)


def _grid(parts: Sequence[Picture], columns: int) -> Picture:
    """Pictures in rows of `columns`, with a gap between them."""
    width = max(part.shape[1] for part in parts)
    rows = []
    for first in range(0, len(parts), columns):
        row = parts[first : first + columns]
        height = max(part.shape[0] for part in row)
        strip = np.full((height + GAP, columns * (width + GAP) - GAP, 3), PAPER, np.uint8)
        for place, part in enumerate(row):
            left = place * (width + GAP)
            strip[: part.shape[0], left : left + part.shape[1]] = part
        rows.append(strip)
    return np.concatenate(rows)


def _scaled(points: Points, scale: float) -> Points:
    """Points in a picture `scale` times as large; pixel x's middle is x."""
    return ((points + 0.5) * scale - 0.5).astype(np.float32)
