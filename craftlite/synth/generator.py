"""Pictures with text without end, the quad of every character known; each can be made alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Sample, Word
from craftlite.errors import ConfigError, DatasetError
from craftlite.geometry import Matrix, Picture, transform
from craftlite.synth.backgrounds.distractors import add_clutter
from craftlite.synth.backgrounds.photographs import (
    find_photographs,
    page_background,
    random_background,
)
from craftlite.synth.backgrounds.scene import mark_small, random_scene
from craftlite.synth.camera import random_faults
from craftlite.synth.legibility import mark_unreadable
from craftlite.synth.paint import paint_ink, paint_plate, plate_outline, random_style
from craftlite.synth.placement import Room, block_corners, random_pose
from craftlite.synth.raster import rasterise
from craftlite.synth.typesetting.block import random_kind
from craftlite.synth.typesetting.fonts import SYSTEM_FONTS, Face, FaceId, find_faces, open_face
from craftlite.synth.typesetting.forms import receipt
from craftlite.synth.typesetting.layout import Block
from craftlite.synth.typesetting.pages import random_page
from craftlite.synth.typesetting.scripts import NEEDED, SHARES
from craftlite.synth.typesetting.vocabulary import Vocabulary, read_vocabulary

# Pixels an em: each octave is as likely as the next, few letters are larger.
SMALLEST_EM, LARGE_EM = 9.0, 64.0
LARGER = 0.12  # share of the blocks with letters above LARGE_EM
LARGEST = 0.75  # of the picture's shorter side: capitals are then half as high as the picture
SCENES = 0.5  # share of the others that show words of their own, where there are such photographs
PAGES = 0.12  # share of the pictures that are pages or screens by default
TYPICAL_PIXELS = 640 * 640
# Share of the receipts and pages in a face whose letters are all as wide, where one is found soon.
MONOSPACED, MONOSPACED_TRIES = 0.5, 12
PLATES = 0.25  # share of the blocks that stand on a plate


@dataclass(frozen=True)
class Generator:
    """Makes pictures of `size` (width, height) full of words; sample k depends on (seed, k) alone.

    Attributes:
        photographs: to write on, nearly free of text; where there is none, grounds are made.
        scenes: photographs with text of their own, half of the pictures where there are any; their
            words stay, and nothing is written over them.
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
    scenes: tuple[Sample, ...] = ()
    pages: float = PAGES

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
        scenes: tuple[Sample, ...] = (),
        pages: float = PAGES,
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
            scenes: photographs with text of their own.
            pages: share of the pictures that are pages or screens, 0..1.

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
        vocabulary = Vocabulary() if words is None else read_vocabulary(words)
        photographs = find_photographs(backgrounds)
        sources = photographs, faces, vocabulary, shares
        return cls(*sources, size, seed, typical_words, scenes, pages)

    def sample(self, index: int) -> Sample:
        """Picture number `index` (>= 0); words that cannot be read are don't-care."""
        rng = np.random.default_rng((self.seed, index))
        own: list[Word] = []
        if rng.random() < self.pages:
            picture, ink, words = self._page(rng)
        elif self.scenes and rng.random() < SCENES:
            picture, own = random_scene(rng, self.scenes, self.size)
            ink, words = self._written(rng, picture, own)
        else:
            picture = random_background(rng, self.photographs, self.size)
            add_clutter(rng, picture)
            ink, words = self._written(rng, picture)
        picture, softness = random_faults(rng, picture)
        readable = mark_unreadable(words, picture, ink, softness) + mark_small(own, softness)
        return Sample(f"synth_{index}", picture, readable)

    def _written(
        self, rng: np.random.Generator, picture: Picture, own: Sequence[Word] = ()
    ) -> tuple[Picture, list[Word]]:
        """Write blocks here and there, but not over words of its own; gives the map of their ink.

        The words that are written are given too.
        """
        room = Room(picture)
        for word in own:
            room.take(word.polygon)
        ink = np.zeros(picture.shape[:2], np.uint8)
        area = self.size[0] * self.size[1] / TYPICAL_PIXELS
        wanted = max(1, round(self.typical_words * area * np.exp(rng.normal(0, 0.5))))
        words: list[Word] = []
        for _ in range(3 * wanted):
            if len(words) >= wanted:
                break
            words += self._write(rng, picture, ink, room)
        return ink, words

    def _page(self, rng: np.random.Generator) -> tuple[Picture, Picture, list[Word]]:
        """A page full of text, the map of its ink, and its words."""
        picture = page_background(rng, self.size)
        ink = np.zeros(picture.shape[:2], np.uint8)
        script = self._script(rng)
        face = self._face(rng, script, monospaced=rng.random() < MONOSPACED)
        words: list[Word] = []
        for placed in random_page(rng, face, script, self.vocabulary, self.size):
            if placed.plate:
                outline = plate_outline(placed.block.box(), 0.4, float(rng.uniform(0, 0.5)))
                paint_plate(rng, picture, transform(outline, placed.matrix), placed.em)
            block = placed.block.moved(placed.matrix)
            words += paint_block(rng, picture, ink, block, placed.em, plain=True)
        return picture, ink, words

    def _write(
        self, rng: np.random.Generator, picture: Picture, ink: Picture, room: Room
    ) -> tuple[Word, ...]:
        """One block painted where there is room; its words in pixels, none where there was not."""
        script = self._script(rng)
        kind = random_kind(rng, script)
        face = self._face(rng, script, kind is receipt and rng.random() < MONOSPACED)
        block = kind(rng, face, script, self.vocabulary)
        if block is None:
            return ()
        box = block.box()
        plate = rng.random() < PLATES
        pad = float(rng.uniform(0.15, 0.6)) if plate else 0.1
        em = random_em(rng, min(self.size))
        pose = centred_pose(rng, em, box)
        spot = room.place(rng, block_corners(box, pad, pose))
        if spot is None:
            return ()
        matrix = spot @ pose
        if plate:
            outline = plate_outline(box, pad, float(rng.uniform(0, 0.5)))
            paint_plate(rng, picture, transform(outline, matrix), em)
        return paint_block(rng, picture, ink, block.moved(matrix), em, plate)

    def _face(self, rng: np.random.Generator, script: str, monospaced: bool) -> Face:
        """Any of a script's faces, or one whose letters are all as wide, where one is found."""
        faces = self.faces[script]
        for _ in range(MONOSPACED_TRIES if monospaced else 0):
            face = open_face(faces[int(rng.integers(len(faces)))])
            if face.monospaced:
                return face
        return open_face(faces[int(rng.integers(len(faces)))])

    def _script(self, rng: np.random.Generator) -> str:
        known = [script for script in self.shares if self.faces.get(script)]
        weights = np.cumsum([self.shares[script] for script in known])
        return known[int(np.searchsorted(weights, rng.random() * weights[-1], side="right"))]


def random_em(rng: np.random.Generator, side: int) -> float:
    """Height of an em in pixels, in a picture whose shorter side has so many."""
    largest = max(LARGE_EM, LARGEST * side)
    low, high = (LARGE_EM, largest) if rng.random() < LARGER else (SMALLEST_EM, LARGE_EM)
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
