"""Faces for the tests: those that come with matplotlib, and one drawn here for any script."""

from collections.abc import Callable
from pathlib import Path

import matplotlib
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from craftlite.synth.typesetting.fonts import Face, FaceId

FontWriter = Callable[[Path, str], None]


@pytest.fixture(scope="session")
def dejavu_file() -> Path:
    """A font file with Latin, Greek and Cyrillic letters, kerning and ligatures."""
    return Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"


@pytest.fixture(scope="session")
def dejavu(dejavu_file: Path) -> Face:
    """The face of that file."""
    return Face(FaceId(str(dejavu_file)))


@pytest.fixture(scope="session")
def write_font() -> FontWriter:
    """Writes a font file that has just the characters given."""
    return _write_blocks


def _write_blocks(path: Path, characters: str) -> None:
    """A font whose every character is a block of its own height with a hole in its middle."""
    names = {character: f"block{number}" for number, character in enumerate(characters)}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap({ord(character): name for character, name in names.items()})
    glyphs = {".notdef": TTGlyphPen(None).glyph()}
    for number, name in enumerate(names.values()):
        pen = TTGlyphPen(None)
        top = 500 + 400 * number // len(names)
        for contour in (
            [(100, 0), (100, top), (800, top), (800, 0)],
            [(300, 200), (600, 200), (600, 300), (300, 300)],
        ):
            pen.moveTo(contour[0])
            for point in contour[1:]:
                pen.lineTo(point)
            pen.closePath()
        glyphs[name] = pen.glyph()
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (900, 100)))
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": "Blocks", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
