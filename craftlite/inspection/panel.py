"""Panels that show a sample: the picture with its words, and the maps derived for training."""

from collections.abc import Collection, Sequence
from math import ceil, sqrt

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from craftlite.data.sample import Word
from craftlite.data.targets import render_targets
from craftlite.data.word_geometry import characters_of
from craftlite.draw import (
    INK,
    PAPER,
    SHADE,
    can_show,
    draw_outlines,
    fitted,
    font,
    heatmap,
    scaled,
    write_text,
)
from craftlite.geometry import Picture

WIDEST, HIGHEST, NARROWEST = 2400, 1800, 1000  # limits on the size of a panel in pixels
LARGEST_ZOOM = 4.0
GAP = 8  # pixels between the parts of a panel
BAND = 44  # height in pixels of the line of text below the parts
SHEET_COLUMNS = 3  # minimum number of columns of a contact sheet

# Kinds of words, and their colours.
KINDS = {
    "of known characters": (0, 230, 118),
    "of characters found": (84, 190, 255),
    "of guessed characters": (255, 196, 0),
    "don't care": (255, 82, 140),
}


def kinds_of(words: Sequence[Word], found: Collection[int] = ()) -> list[str]:
    """Return the kind of each word; `found` has the indices of words with detected characters."""
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
    """Draw a sample as one picture (h, w, 3) uint8 RGB of at most WIDEST x HIGHEST.

    It shows the picture with its words, then the same picture with the region map, the affinity map
    and the confidence, which darkens pixels that count less in training and blackens those that do
    not count; a line of counts is below. `found` has the indices of words whose characters were
    detected by a network.
    """
    kinds = kinds_of(words, found)
    size = picture.shape[1], picture.shape[0]
    columns = 2 if size[0] >= size[1] else 4
    rows = 4 // columns
    room = (WIDEST + GAP) / columns - GAP, (HIGHEST - BAND) / rows - GAP
    small, scale = fitted(picture, room, LARGEST_ZOOM)
    shown = small.shape[1], small.shape[0]
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
        row, column = divmod(place, columns)
        corner = column * (shown[0] + GAP) + 6, row * (shown[1] + GAP) + 4
        pen.text(corner, title, INK, font(16), stroke_width=3, stroke_fill=SHADE)
    middle = grid.shape[0] + BAND / 2
    x = write_text(pen, 14, middle, f"{name}   {size[0]} x {size[1]}   {len(words)} words:", INK)
    for kind, colour in KINDS.items():
        if count := kinds.count(kind):
            pen.ellipse((x + 20, middle - 7, x + 34, middle + 7), fill=colour)
            x = write_text(pen, x + 42, middle, f"{count} {kind}", INK) + 10
    return np.array(canvas)


def _faded(picture: Picture) -> npt.NDArray[np.float32]:
    """Return the picture in light greys, on which darkening is visible."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return (150 + grey * np.float32(0.4))[..., None].repeat(3, axis=2)


def draw_words(
    picture: Picture, words: Sequence[Word], kinds: Sequence[str], scale: float
) -> Picture:
    """Draw outlines by kind, characters, texts, and a dot where reading starts.

    picture: (H, W, 3) uint8 RGB, `scale` times as large as the picture of the words.
    """
    drawn = picture.copy()
    for kind, colour in KINDS.items():
        these = [word for word, its in zip(words, kinds, strict=True) if its == kind]
        outlines = scaled([word.polygon for word in these], scale)
        draw_outlines(drawn, outlines, SHADE, 4)
        draw_outlines(drawn, outlines, colour, 2)
        if kind == "don't care":
            continue
        parts = scaled([quad for word in these for quad in characters_of(word)], scale)
        soft = drawn.copy()
        draw_outlines(soft, parts, colour, 1)
        drawn = cv2.addWeighted(soft, 0.6, drawn, 0.4, 0).astype(np.uint8, copy=False)
        for points in outlines:
            x, y = np.rint(points[0]).astype(int).tolist()
            cv2.circle(drawn, (x, y), 5, SHADE, -1, cv2.LINE_AA)
            cv2.circle(drawn, (x, y), 4, colour, -1, cv2.LINE_AA)
    return _with_texts(drawn, words, kinds, scale)


def _with_texts(
    picture: Picture, words: Sequence[Word], kinds: Sequence[str], scale: float
) -> Picture:
    """Draw texts above their words, large words first, leaving out texts that would overlap.

    For words with detected characters, the text is followed by their confidence.
    """
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    taken: list[tuple[float, float, float, float]] = []
    pairs = zip(words, kinds, strict=True)
    for word, kind in sorted(pairs, key=lambda pair: -float(np.ptp(pair[0].polygon[:, 1]))):
        text = word.text if word.text and all(map(can_show, word.text)) else ""
        if kind == "of characters found":
            text = f"{text} {word.confidence:.2f}".strip()
        if not text:
            continue
        left, top = scaled([word.polygon], scale)[0].min(axis=0).tolist()
        face = font(int(np.clip(0.3 * scale * np.ptp(word.polygon[:, 1]), 11, 18)))
        box = pen.textbbox((left, top - 3), text, face, anchor="lb", stroke_width=2)
        shift = max(0.0, -box[0]), max(0.0, -box[1])
        place = (left + shift[0], top - 3 + shift[1])
        box = pen.textbbox(place, text, face, anchor="lb", stroke_width=2)
        if not any(_overlap(box, other) for other in taken):
            taken.append(box)
            pen.text(place, text, KINDS[kind], face, "lb", stroke_width=2, stroke_fill=SHADE)
    return np.array(image)


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    beside = one[2] <= other[0] or other[2] <= one[0]
    return not beside and one[1] < other[3] and other[1] < one[3]


def contact_sheet(panels: Sequence[Picture]) -> Picture:
    """Arrange reduced panels in rows: (h, w, 3) uint8 RGB, about WIDEST pixels wide."""
    columns = min(len(panels), max(SHEET_COLUMNS, ceil(sqrt(0.75 * len(panels)))))
    width = WIDEST // max(columns, SHEET_COLUMNS)
    return _grid([thumbnail(panel, width) for panel in panels], columns)


def thumbnail(panel: Picture, width: int = WIDEST // SHEET_COLUMNS) -> Picture:
    """Scale a panel down for a contact sheet: at most `width` wide and 3/4 of that high."""
    return fitted(panel, (width, 0.75 * width), largest=1.0)[0]


def _grid(parts: Sequence[Picture], columns: int) -> Picture:
    """Arrange pictures in rows of `columns`, with gaps between them."""
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
