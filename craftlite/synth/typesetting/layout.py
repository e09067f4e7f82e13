"""Placing characters in lines, paragraphs, arcs, waves and stacks, with a box for each.

Every glyph stays rigid: it is rotated and moved but never bent, as on a real sign. So its box stays
a quad that encloses its ink exactly, also under a homography of the whole block.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Word
from craftlite.geometry import Points, box, transform
from craftlite.synth.raster import Contours, joined_contours
from craftlite.synth.typesetting.fonts import Shaped

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Track:
    """The track of a text: middles of baselines (N, 2) in ems, and angles (N,) in radians.

    curved: whether words on it need an outline of more than four corners.
    stacked: whether characters are below each other instead of side by side.
    """

    positions: Points
    angles: Floats
    curved: bool = False
    stacked: bool = False


class Block(NamedTuple):
    """Ink with its words (outline, text and characters), all in one plane, y pointing down."""

    contours: Contours
    words: tuple[Word, ...]

    def moved(self, matrix: npt.NDArray[np.floating]) -> "Block":
        """Return the block under a 3x3 homography."""
        contours = self.contours._replace(points=transform(self.contours.points, matrix))
        return Block(contours, tuple(moved_word(word, matrix) for word in self.words))

    def shifted(self, right: float, down: float) -> "Block":
        """Return the block shifted by this many ems."""
        matrix = np.eye(3)
        matrix[:2, 2] = right, down
        return self.moved(matrix)

    def box(self) -> Floats:
        """Return (left, top, right, bottom) of ink and words."""
        everything = np.concatenate([self.contours.points, *(word.polygon for word in self.words)])
        return np.concatenate([everything.min(axis=0), everything.max(axis=0)])


def moved_word(word: Word, matrix: npt.NDArray[np.floating]) -> Word:
    """Return a word with outline and characters under a 3x3 homography."""
    characters = None if word.characters is None else transform(word.characters, matrix)
    return replace(word, polygon=transform(word.polygon, matrix), characters=characters)


def straight(shaped: Shaped, tracking: float = 0.0) -> Track:
    """Return a level line from the origin, with `tracking` ems of space between characters."""
    x = _middles(shaped, tracking)
    return Track(np.stack([x, np.zeros_like(x)], axis=1), np.zeros_like(x))


def arc(shaped: Shaped, radius: float, tracking: float = 0.0) -> Track:
    """Return a circle of `radius` ems: arched if it is positive, hanging if negative."""
    x = _middles(shaped, tracking)
    angles = (x - x.mean()) / np.float32(radius)
    positions = radius * np.stack([np.sin(angles), 1 - np.cos(angles)], axis=1)
    return Track(positions.astype(np.float32), angles, curved=True)


def wave(shaped: Shaped, height: float, length: float, tracking: float = 0.0) -> Track:
    """Return a sine curve of `height` and `length` in ems."""
    x = _middles(shaped, tracking)
    phase = 2 * np.pi / length * x
    positions = np.stack([x, height * np.sin(phase)], axis=1)
    angles = np.arctan(2 * np.pi * height / length * np.cos(phase))
    return Track(positions.astype(np.float32), angles.astype(np.float32), curved=True)


def stack(shaped: Shaped, step: float) -> Track:
    """Return upright characters below each other, `step` ems from baseline to baseline."""
    y = np.arange(len(shaped.glyphs), dtype=np.float32) * np.float32(step)
    return Track(np.stack([np.zeros_like(y), y], axis=1), np.zeros_like(y), stacked=True)


def _middles(shaped: Shaped, tracking: float) -> Floats:
    before = np.arange(len(shaped.pens), dtype=np.float32) * np.float32(tracking)
    return shaped.pens + shaped.advances / 2 + before


def set_block(text: str, shaped: Shaped, track: Track) -> Block:
    """Set the text on its track; spaces separate words.

    A character's box is at least as wide as its advance and its ink, and as high as the ink of its
    word, so that even a full stop has a visible box. The first and last boxes of a word end with
    their ink. If stacked, a box is as high as its own ink and as wide as the word's.
    """
    pairs = zip(shaped.glyphs, shaped.advances, strict=True)
    centred = [glyph.points - (advance / 2, 0) for glyph, advance in pairs]
    boxes = np.array([_ink_box(points) for points in centred], np.float32)
    places = zip(shaped.glyphs, centred, track.angles, track.positions, strict=True)
    turned = [
        glyph._replace(points=points @ _turn(angle) + position)
        for glyph, points, angle, position in places
    ]
    words = []
    for start, stop in word_spans(text):
        boxes[start:stop] = _cells(boxes[start:stop], shaped.advances[start:stop], track.stacked)
        characters = np.array(
            [
                box(*boxes[k].tolist()) @ _turn(track.angles[k]) + track.positions[k]
                for k in range(start, stop)
            ],
            np.float32,
        )
        outline = word_outline(characters, curved=track.curved, stacked=track.stacked)
        words.append(Word(outline, text[start:stop], characters=characters))
    return Block(joined_contours(turned), tuple(words))


def paragraph(blocks: Sequence[Block], leading: float, align: float) -> Block:
    """Put lines below each other, `leading` ems apart; align: 0 is left, 0.5 centred, 1 right."""
    widest = max(block.box()[2] for block in blocks)
    return joined(
        [
            block.shifted(align * (widest - block.box()[2]), row * leading)
            for row, block in enumerate(blocks)
        ]
    )


def joined(blocks: Sequence[Block]) -> Block:
    """Join blocks into one without moving them."""
    words = tuple(word for block in blocks for word in block.words)
    return Block(joined_contours([block.contours for block in blocks]), words)


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return start and stop of each run without spaces."""
    return [match.span() for match in re.finditer("[^ ]+", text)]


def word_outline(characters: Points, *, curved: bool, stacked: bool) -> Points:
    """Return the outline (4, 2), or (2M + 2, 2) if curved, of character quads (M, 4, 2)."""
    first, last = characters[0], characters[-1]
    if stacked:
        return np.stack([first[0], first[1], last[2], last[3]])
    if not curved:
        return np.stack([first[0], last[1], last[2], first[3]])
    top = (characters[:-1, 1] + characters[1:, 0]) / 2
    bottom = (characters[:-1, 2] + characters[1:, 3]) / 2
    upper = np.concatenate([first[:1], top, last[1:2]])
    return np.concatenate([upper, last[2:3], bottom[::-1], first[3:4]])


def _turn(angle: float) -> Floats:
    """Return a matrix that rotates row vectors clockwise on the screen."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin], [-sin, cos]], np.float32)


def _ink_box(outline: Points) -> tuple[float, ...]:
    if len(outline) == 0:
        return (0.0, 0.0, 0.0, 0.0)
    return (*outline.min(axis=0), *outline.max(axis=0))


def _cells(ink: Floats, advances: Floats, stacked: bool) -> Floats:
    """Compute a word's character boxes (M, 4) from its ink boxes, each around its own middle."""
    cells = ink.copy()
    if stacked:
        cells[:, 0], cells[:, 2] = ink[:, 0].min(), ink[:, 2].max()
        return cells
    cells[:, 1], cells[:, 3] = ink[:, 1].min(), ink[:, 3].max()
    cells[1:, 0] = np.minimum(ink[1:, 0], -advances[1:] / 2)
    cells[:-1, 2] = np.maximum(ink[:-1, 2], advances[:-1] / 2)
    return cells
