"""Pictures with text without end, the quad of every character known; each can be made alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Sample, Word
from craftlite.errors import ConfigError, DatasetError
from craftlite.geometry import transform
from craftlite.image import Picture
from craftlite.synth.clutter import add_clutter
from craftlite.synth.compose import random_block
from craftlite.synth.faults import random_faults
from craftlite.synth.fonts import SYSTEM_FONTS, FaceId, find_faces, open_face
from craftlite.synth.ground import find_photographs, random_ground
from craftlite.synth.layout import Block
from craftlite.synth.legibility import mark_unreadable
from craftlite.synth.paint import paint_ink, paint_plate, plate_outline, random_style
from craftlite.synth.placement import Matrix, Room, block_corners, random_pose
from craftlite.synth.raster import rasterise
from craftlite.synth.scripts import NEEDED, SHARES
from craftlite.synth.text import Vocabulary, read_words

# Pixels an em: each octave is as likely as the next, few letters are larger.
SMALLEST_EM, LARGE_EM, LARGEST_EM = 9.0, 64.0, 240.0
LARGER = 0.12  # share of the blocks with letters above LARGE_EM
TYPICAL_PIXELS = 640 * 640
PLATES = 0.25  # share of the blocks that stand on a plate


@dataclass(frozen=True)
class Generator:
    """Makes pictures of `size` (width, height) full of words; sample k depends on (seed, k) alone.

    Attributes:
        photographs: to write on, nearly free of text; where there is none, grounds are made.
        faces: by the script that they write.
        vocabulary: where words come from.
        shares: of the blocks, by script; scripts without a face are left out.
        size: width and height in pixels.
        seed: of everything.
        typical_words: words that a picture of 640x640 mostly has; larger ones have more.
    """

    photographs: tuple[Path, ...] = ()
    faces: Mapping[str, tuple[FaceId, ...]] = field(default_factory=find_faces)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)
    size: tuple[int, int] = (640, 640)
    seed: int = 0
    typical_words: int = 12

    @classmethod
    def from_folders(
        cls,
        backgrounds: Path | None = None,
        fonts: Path | None = None,
        words: Path | None = None,
        *,
        scripts: Sequence[str] = (),
        size: tuple[int, int] = (640, 640),
        seed: int = 0,
        typical_words: int = 12,
    ) -> "Generator":
        """A generator with the photographs and faces that folders hold and the words of a list.

        Args:
            backgrounds: a folder of photographs; without one, grounds are made.
            fonts: a folder of font files; without one, those of the system.
            words: a UTF-8 text file, a word a line; without one, words are made up.
            scripts: which to write, each as often as the next; by default all, mostly Latin.
            size: width and height of the pictures in pixels.
            seed: of everything.
            typical_words: words that a picture of 640x640 mostly has.

        Raises:
            ConfigError: a script is unknown.
            DatasetError: a folder or the list cannot be used, or no face writes a script.
        """
        unknown = [script for script in scripts if script not in NEEDED]
        if unknown:
            raise ConfigError(f"script {unknown[0]!r} is unknown; known: {', '.join(NEEDED)}")
        faces = find_faces(fonts)
        shares = dict.fromkeys(scripts, 1.0) or SHARES
        missing = [script for script in scripts if script not in faces]
        if missing or not any(script in faces for script in shares):
            where = fonts or SYSTEM_FONTS
            raise DatasetError(
                f"{where}: no face there writes {', '.join(missing) or 'any script'}"
            )
        vocabulary = Vocabulary() if words is None else read_words(words)
        photographs = find_photographs(backgrounds)
        return cls(photographs, faces, vocabulary, shares, size, seed, typical_words)

    def sample(self, index: int) -> Sample:
        """Picture number `index` (>= 0); words that cannot be read are don't-care."""
        rng = np.random.default_rng((self.seed, index))
        picture = random_ground(rng, self.photographs, self.size)
        add_clutter(rng, picture)
        room = Room(picture)
        ink = np.zeros(picture.shape[:2], np.uint8)
        area = self.size[0] * self.size[1] / TYPICAL_PIXELS
        wanted = max(1, round(self.typical_words * area * np.exp(rng.normal(0, 0.5))))
        words: list[Word] = []
        for _ in range(3 * wanted):
            if len(words) >= wanted:
                break
            words += self._write(rng, picture, ink, room)
        picture, softness = random_faults(rng, picture)
        return Sample(f"synth_{index}", picture, mark_unreadable(words, picture, ink, softness))

    def _write(
        self, rng: np.random.Generator, picture: Picture, ink: Picture, room: Room
    ) -> tuple[Word, ...]:
        """One block painted where there is room; its words in pixels, none where there was not."""
        script = self._script(rng)
        faces = self.faces[script]
        face = open_face(faces[int(rng.integers(len(faces)))])
        block = random_block(rng, face, script, self.vocabulary)
        if block is None:
            return ()
        box = block.box()
        plate = rng.random() < PLATES
        pad = float(rng.uniform(0.15, 0.6)) if plate else 0.1
        em = random_em(rng)
        pose = centred_pose(rng, em, box)
        spot = room.place(rng, block_corners(box, pad, pose))
        if spot is None:
            return ()
        matrix = spot @ pose
        if plate:
            outline = plate_outline(box, pad, float(rng.uniform(0, 0.5)))
            paint_plate(rng, picture, transform(outline, matrix), em)
        return paint_block(rng, picture, ink, block.moved(matrix), em, plate)

    def _script(self, rng: np.random.Generator) -> str:
        known = [script for script in self.shares if self.faces.get(script)]
        weights = np.cumsum([self.shares[script] for script in known])
        return known[int(np.searchsorted(weights, rng.random() * weights[-1], side="right"))]


def random_em(rng: np.random.Generator) -> float:
    """Height of an em in pixels."""
    low, high = (LARGE_EM, LARGEST_EM) if rng.random() < LARGER else (SMALLEST_EM, LARGE_EM)
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def centred_pose(rng: np.random.Generator, em: float, box: npt.NDArray[np.floating]) -> Matrix:
    """A random pose of a block about the middle of its box."""
    extent = (float(box[2] - box[0]), float(box[3] - box[1]))
    to_middle = np.eye(3)
    to_middle[:2, 2] = -(box[:2] + box[2:]) / 2
    return random_pose(rng, em, extent) @ to_middle


def paint_block(
    rng: np.random.Generator, picture: Picture, ink: Picture, block: Block, em: float, plain: bool
) -> tuple[Word, ...]:
    """Paint a block in pixels onto the picture and into the map of all ink; gives its words."""
    style = random_style(rng, plain)
    size = picture.shape[1], picture.shape[0]
    coverage = rasterise(block.points, block.sizes, block.holes, size, em, style.reach(em))
    if coverage is None:
        return ()
    paint_ink(rng, picture, coverage, style, em)
    part = ink[coverage.place]
    np.maximum(part, (coverage.alpha * 255).astype(np.uint8), out=part)
    return block.words
