"""Lettering that is not in font files: stencils, dot displays and seven-segment displays."""

import numpy as np

from craftlite.geometry import Points, box
from craftlite.synth.raster import Contours, contours_of, joined_contours, rasterise
from craftlite.synth.typesetting.fonts import Shaped

# Letters wider than this, in ems, get a stencil's bridge.
BRIDGED = 0.3
# A dot is lit if at least this fraction of its cell is covered by ink.
LIT = 0.4
# The lit segments of each character: a is the top, b to f follow clockwise, g is the middle.
SEGMENTS = {
    **{"0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd"},
    **{"6": "afgedc", "7": "abc", "8": "abcdefg", "9": "abcdfg", "-": "g"},
    **{"A": "abcefg", "C": "adef", "E": "adefg", "F": "aefg", "H": "bcefg", "L": "def"},
    **{"P": "abefg", "U": "bcdef", "b": "cdefg", "d": "bcdeg", "o": "cdeg", "r": "eg"},
}
_POINTS = ":.,"
_CELL = 0.55  # width in ems of a display's digit, whose height is one
_ADVANCE = 0.78
_POINT_ADVANCE = 0.26


def stencilled(shaped: Shaped, bridge: float) -> Shaped:
    """Cut a gap of `bridge` ems through the middle of letters, like stencils sprayed on crates."""
    return shaped._replace(glyphs=[_bridged(glyph, bridge) for glyph in shaped.glyphs])


def _bridged(glyph: Contours, bridge: float) -> Contours:
    if not glyph.sizes:
        return glyph
    (left, top), (right, bottom) = glyph.points.min(axis=0), glyph.points.max(axis=0)
    if right - left < BRIDGED:
        return glyph
    middle, half = (left + right) / 2, bridge / 2
    gap = contours_of([box(middle - half, top, middle + half, bottom)], hole=True)
    return joined_contours([glyph, gap])


def dotted(shaped: Shaped, rows: int) -> Shaped:
    """Draw letters as round dots, `rows` per em, like the displays of trains and buses.

    A letter too fine for so few dots is left unchanged.
    """
    return shaped._replace(glyphs=[_dots(glyph, rows) for glyph in shaped.glyphs])


def _dots(glyph: Contours, rows: int) -> Contours:
    if not glyph.sizes:
        return glyph
    low = glyph.points.min(axis=0)
    width, height = np.ceil((glyph.points.max(axis=0) - low) * rows).astype(int).tolist()
    at = glyph._replace(points=(glyph.points - low) * rows)
    covered = rasterise(at, (width, height), rows, margin=0)
    if covered is None:
        return glyph
    y, x = np.nonzero(covered.alpha >= LIT)
    if len(x) < 2:
        return glyph
    turns = np.arange(8) * np.pi / 4
    disc = 0.42 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    middles = np.stack([x, y], axis=1) + 0.5
    return contours_of(list((middles[:, None] + disc) / rows + low))


def seven_segments(text: str, stroke: float, slant: float) -> Shaped:
    """Draw a text of the characters of SEGMENTS and ":.," like clocks and petrol pumps.

    stroke: width of a segment. slant: how far the top leans to the right. Both are in ems.
    """
    glyphs = [_segments(character, stroke, slant) for character in text]
    narrow = [character in _POINTS for character in text]
    advances = np.where(narrow, _POINT_ADVANCE, _ADVANCE).astype(np.float32)
    return Shaped(glyphs, np.cumsum(advances) - advances, advances)


def _segments(character: str, stroke: float, slant: float) -> Contours:
    if character in _POINTS:
        heights = (-0.3, -0.7) if character == ":" else (-stroke / 2,)
        middle, half = _POINT_ADVANCE / 2, stroke / 2
        parts = [box(middle - half, y - half, middle + half, y + half) for y in heights]
    else:
        parts = [_segment(name, stroke) for name in SEGMENTS[character]]
    glyph, lean = contours_of(parts), np.array([[1, 0], [-slant, 1]], np.float32)
    return glyph._replace(points=glyph.points @ lean)


def _segment(name: str, stroke: float) -> Points:
    """Return a segment's hexagon in a cell on the baseline, one em high."""
    left, right = (_ADVANCE - _CELL) / 2 + stroke / 2, (_ADVANCE + _CELL) / 2 - stroke / 2
    top, middle, bottom = -1 + stroke / 2, -0.5, -stroke / 2
    ends = {
        "a": ((left, top), (right, top)),
        "b": ((right, top), (right, middle)),
        "c": ((right, middle), (right, bottom)),
        "d": ((left, bottom), (right, bottom)),
        "e": ((left, middle), (left, bottom)),
        "f": ((left, top), (left, middle)),
        "g": ((left, middle), (right, middle)),
    }
    start, end = np.array(ends[name], np.float32)
    along = (end - start) / np.linalg.norm(end - start) * stroke / 2
    across = np.array([-along[1], along[0]])
    start, end = start + 0.2 * along, end - 0.2 * along
    hexagon = [start, start + along - across, end - along - across]
    hexagon += [end, end - along + across, start + along + across]
    return np.array(hexagon, np.float32)
