"""Generator of pictures with text and ground-truth quads for every rendered character."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from craftlite.data.augment import log_uniform
from craftlite.data.sample import Sample, Word
from craftlite.errors import ConfigError, DatasetError
from craftlite.geometry import Matrix, Picture, transform
from craftlite.synth.backgrounds.distractors import add_cables, add_clutter
from craftlite.synth.backgrounds.patterns import page_background
from craftlite.synth.backgrounds.photographs import (
    find_photographs,
    find_scenes,
    random_background,
    random_scene,
)
from craftlite.synth.camera import random_faults
from craftlite.synth.legibility import mark_small, mark_unreadable
from craftlite.synth.paint import paint_ink, paint_plate, plate_outline, random_style
from craftlite.synth.placement import Room, block_corners, random_pose
from craftlite.synth.raster import rasterise
from craftlite.synth.typesetting.block import Typesetter, random_kind, receipt
from craftlite.synth.typesetting.fonts import SYSTEM_FONTS, FaceId, find_faces, open_face
from craftlite.synth.typesetting.layout import Block
from craftlite.synth.typesetting.pages import random_page
from craftlite.synth.typesetting.scripts import NEEDED, SHARES
from craftlite.synth.typesetting.vocabulary import Vocabulary, pick_by_share, read_vocabulary

# Pixels per em, log-uniform between these bounds; few blocks have larger letters.
SMALLEST_EM, LARGE_EM = 9.0, 64.0
LARGER = 0.12  # fraction of blocks with letters above LARGE_EM
LARGEST = 0.75  # em / shorter side of the picture; capitals are about half as high as the picture
SCENES = 0.5  # fraction of non-page pictures based on a scene, if scenes are given
TYPICAL_PIXELS = 640 * 640
# Fraction of receipts and pages in a monospaced face, and how many faces to try to find one.
MONOSPACED, MONOSPACED_TRIES = 0.5, 12
PLATES = 0.25  # fraction of blocks painted on a plate


class Canvas:
    """A picture to write text on.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        ink: (H, W) uint8, 255 where there are letters.
        words: the words written so far.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.ink = np.zeros(picture.shape[:2], np.uint8)
        self.words: list[Word] = []

    def write(
        self,
        rng: np.random.Generator,
        block: Block,
        matrix: Matrix,
        em: float,
        pad: float | None,
        plain: bool,
    ) -> None:
        """Paint a block under a homography; with `pad`, on a plate that is `pad` ems larger."""
        if pad is not None:
            outline = plate_outline(block.box(), pad, rng.uniform(0, 0.5))
            paint_plate(rng, self.picture, transform(outline, matrix), em)
        style, block = random_style(rng, plain), block.moved(matrix)
        size = self.picture.shape[1], self.picture.shape[0]
        coverage = rasterise(block.contours, size, em, style.reach(em))
        if coverage is not None:
            paint_ink(rng, self.picture, coverage, style, em)
            part = self.ink[coverage.place]
            np.maximum(part, (coverage.alpha * 255).astype(np.uint8), out=part)
            self.words += block.words


@dataclass(frozen=True)
class Generator:
    """A generator of pictures with text.

    For given settings, sample k depends only on (seed, k), so any sample can be made on its own.

    Attributes:
        photographs: photographs to write on, nearly free of text; if empty, backgrounds are drawn.
        faces: font faces by the script that they support.
        vocabulary: source of the words.
        shares: relative frequency of each script; scripts without a face are left out.
        size: width and height in pixels.
        seed: random seed.
        typical_words: typical number of words in a picture of 640x640; scales with the area.
        scenes: photographs that already contain text. If given, half of the pictures other than
            pages use one; its words are kept and nothing is written over them.
        pages: fraction of pictures that are pages or screens, 0..1.
    """

    photographs: tuple[Path, ...] = ()
    faces: Mapping[str, tuple[FaceId, ...]] = field(default_factory=find_faces)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)
    size: tuple[int, int] = (640, 640)
    seed: int = 0
    typical_words: int = 12
    scenes: tuple[Sample, ...] = ()
    pages: float = 0.12

    @classmethod
    def from_folders(
        cls,
        backgrounds: Path | None = None,
        fonts: Path | None = None,
        words: Path | None = None,
        scripts: Sequence[str] = (),
        datasets: Sequence[str] = (),
        data: Sequence[Path] = (),
    ) -> "Generator":
        """Return a generator that uses photographs and fonts from folders and words from a list.

        Args:
            backgrounds: a folder of photographs; if None, backgrounds are drawn.
            fonts: a folder of font files; if None, the system's fonts are used.
            words: a UTF-8 text file with one word per line; if None, words are made up.
            scripts: scripts to write, all equally often; by default all, mostly Latin.
            datasets: names of datasets whose photographs are used as scenes.
            data: folders of the datasets, by default data/NAME.

        Raises:
            ConfigError: a script or a dataset is unknown.
            DatasetError: a folder, dataset or list cannot be used, or a script has no font face.
        """
        unknown = [script for script in scripts if script not in NEEDED]
        if unknown:
            raise ConfigError(f"script {unknown[0]!r} is unknown; known: {', '.join(NEEDED)}")
        faces = find_faces(fonts)
        shares = dict.fromkeys(scripts, 1.0) or SHARES
        missing = [script for script in scripts if script not in faces]
        if missing or not any(script in faces for script in shares):
            absent = ", ".join(missing) or "any script"
            raise DatasetError(f"{fonts or SYSTEM_FONTS}: no font there supports {absent}")
        vocabulary = Vocabulary() if words is None else read_vocabulary(words)
        scenes = find_scenes(datasets, data)
        return cls(find_photographs(backgrounds), faces, vocabulary, shares, scenes=scenes)

    def sample(self, index: int) -> Sample:
        """Return sample number `index` (>= 0); words that cannot be read are don't-care."""
        rng = np.random.default_rng((self.seed, index))
        own: list[Word] = []
        if rng.random() < self.pages:
            canvas = Canvas(page_background(rng, self.size))
            self._write_page(rng, canvas)
        else:
            if self.scenes and rng.random() < SCENES:
                picture, own = random_scene(rng, self.scenes, self.size)
            else:
                picture = random_background(rng, self.photographs, self.size)
                add_clutter(rng, picture)
            canvas = Canvas(picture)
            self._write_blocks(rng, canvas, own)
            add_cables(rng, canvas.picture)
        picture, softness = random_faults(rng, canvas.picture)
        written = mark_unreadable(canvas.words, picture, canvas.ink, softness)
        return Sample(f"synth_{index}", picture, written + mark_small(own, softness))

    def _write_page(self, rng: np.random.Generator, canvas: Canvas) -> None:
        """Fill the canvas with text in one face."""
        script = self._script(rng)
        setter = self._setter(rng, script, monospaced=rng.random() < MONOSPACED)
        for block, matrix, em, plate in random_page(setter, self.size):
            canvas.write(rng, block, matrix, em, pad=0.4 if plate else None, plain=True)

    def _write_blocks(self, rng: np.random.Generator, canvas: Canvas, own: Sequence[Word]) -> None:
        """Write blocks at random places, but not over words that the picture already contains."""
        room = Room(canvas.picture)
        for word in own:
            room.take(word.polygon)
        area = self.size[0] * self.size[1] / TYPICAL_PIXELS
        wanted = max(1, round(self.typical_words * area * np.exp(rng.normal(0, 0.5))))
        for _ in range(3 * wanted):
            if len(canvas.words) >= wanted:
                break
            self._write_block(rng, canvas, room)

    def _write_block(self, rng: np.random.Generator, canvas: Canvas, room: Room) -> None:
        """Write one block, if there is free space for it."""
        script = self._script(rng)
        kind = random_kind(rng, script)
        block = kind(self._setter(rng, script, kind is receipt and rng.random() < MONOSPACED))
        if block is None:
            return
        extent = block.box()
        plate = rng.random() < PLATES
        pad = rng.uniform(0.15, 0.6) if plate else 0.1
        largest = max(LARGE_EM, LARGEST * min(self.size))
        limits = (LARGE_EM, largest) if rng.random() < LARGER else (SMALLEST_EM, LARGE_EM)
        em = log_uniform(rng, *limits)
        pose = random_pose(rng, em, extent)
        spot = room.place(rng, block_corners(extent, pad, pose))
        if spot is not None:
            canvas.write(rng, block, spot @ pose, em, pad if plate else None, plain=plate)

    def _script(self, rng: np.random.Generator) -> str:
        known = {script: share for script, share in self.shares.items() if self.faces.get(script)}
        return pick_by_share(rng, known)

    def _setter(self, rng: np.random.Generator, script: str, monospaced: bool) -> Typesetter:
        """Return a typesetter with a random face, monospaced on request if one is found."""
        faces = self.faces[script]
        for _ in range(MONOSPACED_TRIES if monospaced else 0):
            face = open_face(faces[int(rng.integers(len(faces)))])
            if face.monospaced:
                break
        else:
            face = open_face(faces[int(rng.integers(len(faces)))])
        return Typesetter(rng, face, script, self.vocabulary)
