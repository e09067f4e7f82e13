"""Font faces: finding them, what scripts they cover, and their glyphs as outlines."""

from collections.abc import Callable
from functools import cached_property, lru_cache
from math import comb
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import uharfbuzz as hb
from PIL import ImageFont

from craftlite.errors import DatasetError
from craftlite.geometry import signed_area
from craftlite.synth.raster import Contours, contours_of, joined_contours
from craftlite.synth.typesetting.scripts import NEEDED

SYSTEM_FONTS = Path("/usr/share/fonts")
SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc"})
# No ligatures or alternates, so that each character has its own outline.
FEATURES = dict.fromkeys(("liga", "clig", "dlig", "hlig", "calt", "rlig"), False) | {"kern": True}
# Number of straight pieces that approximate a curve.
QUADRATIC_PIECES, CUBIC_PIECES = 4, 6
# Cache sizes per process: faces, and outlines of each, as thousands of Chinese ones would add up.
FACES_KEPT, GLYPHS_KEPT = 1024, 512


class FaceId(NamedTuple):
    """A face: its file ("" is Pillow's built-in font), its number in the file, weight or None."""

    path: str
    number: int = 0
    weight: float | None = None


class Shaped(NamedTuple):
    """Characters in a row: glyphs around their origin on the baseline, pens (N,), advances (N,).

    All are in ems, with y pointing down. The largest contour of a glyph comes first.
    """

    glyphs: list[Contours]
    pens: npt.NDArray[np.float32]
    advances: npt.NDArray[np.float32]


class Face:
    """One face of a font file, at one weight if it is a variable font."""

    def __init__(self, which: FaceId) -> None:
        if which.path:
            blob = hb.Blob.from_file_path(which.path)
        else:
            font = ImageFont.load_default(20)
            assert isinstance(font, ImageFont.FreeTypeFont)
            blob = hb.Blob(bytes(font.font_bytes))
        face = hb.Face(blob, which.number)
        self.font = hb.Font(face)
        if which.weight is not None:
            self.font.set_variations({"wght": which.weight})
        self.characters = face.unicodes
        self.em = float(face.upem)
        self.glyph = lru_cache(maxsize=GLYPHS_KEPT)(self._draw)

    def covers(self, text: str) -> bool:
        """Return whether every character except spaces has a glyph."""
        return all(ord(character) in self.characters for character in text if character != " ")

    @cached_property
    def monospaced(self) -> bool:
        """Return whether narrow and wide letters have the same advance."""
        narrow, wide = self.shape("i"), self.shape("W")
        return bool(narrow and wide and narrow.advances[0] == wide.advances[0])

    def shape(self, text: str) -> Shaped | None:
        """Set a text in a row, kerned; None if a character does not have its own outline."""
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        hb.shape(self.font, buffer, FEATURES)
        infos, positions = buffer.glyph_infos, buffer.glyph_positions
        own_glyphs = [info.cluster for info in infos] == list(range(len(text)))
        if not own_glyphs or any(info.codepoint == 0 for info in infos):
            return None
        glyphs = [self.glyph(info.codepoint) for info in infos]
        if any(not g.sizes and c != " " for g, c in zip(glyphs, text, strict=True)):
            return None
        advances = np.array([p.x_advance for p in positions], np.float32) / self.em
        offsets = np.array([p.x_offset for p in positions], np.float32) / self.em
        pens = np.cumsum(advances) - advances + offsets
        return Shaped(glyphs, pens.astype(np.float32), advances)

    def _draw(self, number: int) -> Contours:
        """Return a glyph in ems; it has no contours if it has no ink."""
        drawn: list[list[tuple[float, float]]] = []
        self.font.draw_glyph(number, _pen(), drawn)
        outlines = [np.array(points, np.float32) / self.em * (1, -1) for points in drawn]
        outlines = [outline for outline in outlines if len(outline) >= 3]
        outlines.sort(key=lambda outline: -abs(signed_area(outline)))
        # The largest contour is never a hole; contours of the opposite direction are.
        rising = [signed_area(outline) > 0 for outline in outlines]
        parts = zip(outlines, rising, strict=True)
        return joined_contours([contours_of([points], way != rising[0]) for points, way in parts])


@lru_cache(maxsize=FACES_KEPT)
def open_face(which: FaceId) -> Face:
    """Return the face, opened once per process."""
    return Face(which)


def find_faces(folder: Path | None = None) -> dict[str, tuple[FaceId, ...]]:
    """Find every face under a folder by the scripts that it covers, each design once per script.

    Without a folder, the system's fonts are searched; if there are none, the result is Pillow's
    built-in Latin face.

    Raises:
        DatasetError: the given folder does not exist or has no face that covers a known script.
    """
    if folder is not None and not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder of fonts")
    files = sorted(p for p in (folder or SYSTEM_FONTS).rglob("*") if p.suffix.lower() in SUFFIXES)
    faces: dict[str, dict[bytes, FaceId]] = {}
    for which in (face for file in files for face in _faces_of(str(file))):
        for script, design in _designs(open_face.__wrapped__(which)).items():
            faces.setdefault(script, {}).setdefault(design, which)
    if not faces and folder is not None:
        raise DatasetError(f"{folder}: no font file there covers {', '.join(NEEDED)}")
    if not faces:
        return {"latin": (FaceId(""),)}
    return {script: tuple(faces[script].values()) for script in NEEDED if script in faces}


def _faces_of(path: str) -> list[FaceId]:
    """Return the faces of a file, a variable one at three weights; none if it is not a font."""
    try:
        blob = hb.Blob.from_file_path(path)
    except (OSError, hb.HarfBuzzError):
        return []
    found = []
    for number in range(hb.Face(blob, 0).count):
        stops: list[float | None] = [None]
        for axis in hb.Face(blob, number).axis_infos:
            if axis.tag == "wght":
                stops = [axis.min_value, axis.default_value, axis.max_value]
        found += [FaceId(path, number, stop) for stop in dict.fromkeys(stops)]
    return found


def _designs(face: Face) -> dict[str, bytes]:
    """Return, for each script that the face covers, bytes that identify its design."""
    designs = {}
    for script, needed in NEEDED.items():
        if face.covers(needed):
            # Some faces map letters to blanks, or all of them to one symbol.
            probe = [needed[0], needed[len(needed) // 2], needed[-1]]
            inks = [_ink(face, character) for character in probe]
            if all(inks) and len(set(inks)) == len(probe):
                designs[script] = b"".join(inks)
    return designs


def _ink(face: Face, character: str) -> bytes:
    shaped = face.shape(character)
    return shaped.glyphs[0].points.tobytes() if shaped else b""


@lru_cache(maxsize=1)
def _pen() -> Any:
    """Return callbacks that append a glyph's contours to a list, curves as straight pieces."""
    pen = hb.DrawFuncs()
    pen.set_move_to_func(lambda x, y, contours: contours.append([(x, y)]))
    pen.set_line_to_func(lambda x, y, contours: contours[-1].append((x, y)))
    pen.set_quadratic_to_func(_curve(2, QUADRATIC_PIECES))
    pen.set_cubic_to_func(_curve(3, CUBIC_PIECES))
    pen.set_close_path_func(lambda contours: None)
    return pen


def _curve(degree: int, pieces: int) -> Callable[..., None]:
    """Return a callback for Bézier curves: x and y of the control points and the end in turn."""
    ts = np.arange(1, pieces + 1) / pieces
    terms = [comb(degree, k) * ts**k * (1 - ts) ** (degree - k) for k in range(degree + 1)]
    weights = np.stack(terms, axis=1)

    def draw(*values: Any) -> None:
        contours = values[-1]
        controls = np.array([contours[-1][-1], *zip(values[:-1:2], values[1:-1:2], strict=True)])
        contours[-1] += map(tuple, (weights @ controls).tolist())

    return draw
