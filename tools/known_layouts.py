"""Generated pictures of text whose lines and reading order are known."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from craftlite.data.sample import Word
from craftlite.geometry import Matrix, Picture, Size
from craftlite.synth.backgrounds.patterns import page_background
from craftlite.synth.camera import random_faults
from craftlite.synth.generator import Canvas, Generator
from craftlite.synth.placement import Room, block_corners, random_pose
from craftlite.synth.typesetting.block import (
    Kind,
    Typesetter,
    arched,
    random_kind,
    receipt,
    stacked,
    straight_line,
    waved,
)
from craftlite.synth.typesetting.fonts import open_face
from craftlite.synth.typesetting.layout import Block
from craftlite.synth.typesetting.pages import random_page, running_text
from craftlite.synth.typesetting.vocabulary import pick_by_share

SIZE: Size = (960, 960)
ONE_LINE = (straight_line, arched, waved, stacked)
SIGNS = 16  # blocks that are tried for a picture of signs or of turned lines


class Truth(NamedTuple):
    """A picture and its words in reading order, with the number of each one's line and unit.

    Order is defined within a unit: the whole picture, or one of several signs.
    """

    picture: Picture
    words: list[Word]
    lines: list[int]
    units: list[int]


class Scene:
    """A picture that blocks are written on, and their lines."""

    def __init__(self, rng: np.random.Generator, generator: Generator) -> None:
        self.rng, self.generator = rng, generator
        self.canvas = Canvas(page_background(rng, SIZE))
        self.room = Room(self.canvas.picture)
        self.lines: list[int] = []
        self.units: list[int] = []

    def setter(self) -> Typesetter:
        """With a random face of a random script."""
        generator = self.generator
        known = {name: share for name, share in generator.shares.items() if generator.faces[name]}
        script = pick_by_share(self.rng, known)
        faces = generator.faces[script]
        face = open_face(faces[int(self.rng.integers(len(faces)))])
        return Typesetter(self.rng, face, script, generator.vocabulary)

    def write(
        self, block: Block, matrix: Matrix, em: float, one_line: bool = False, unit: int = 0
    ) -> None:
        """Paint a block whose words lie row by row; nothing is noted of one outside the picture."""
        written = len(self.canvas.words)
        self.canvas.write(self.rng, block, matrix, em, None, plain=True)
        if len(self.canvas.words) > written:
            first = self.lines[-1] + 1 if self.lines else 0
            rows = [0] * len(block.words) if one_line else rows_of(block)
            self.lines += [first + row for row in rows]
            self.units += [unit] * len(rows)

    def write_somewhere(
        self, block: Block, em: float, degrees: float, one_line: bool = False, unit: int = 0
    ) -> None:
        """Paint a block at an angle, in perspective and sheared, where there is room for it."""
        extent = block.box()
        em = min(em, 0.75 * min(SIZE) / float((extent[2:] - extent[:2]).max()))
        pose = random_pose(self.rng, em, extent)
        while pose[0, 0] < 2 * abs(pose[1, 0]):  # on its side or on its head
            pose = random_pose(self.rng, em, extent)
        pose = turn(degrees) @ pose
        spot = self.room.place(self.rng, block_corners(extent, 1.0, pose))
        if spot is not None:
            self.write(block, spot @ pose, em, one_line, unit)

    def truth(self) -> Truth:
        """What was written, as a camera saw it."""
        picture = random_faults(self.rng, self.canvas.picture)[0]
        return Truth(picture, self.canvas.words, self.lines, self.units)


def rows_of(block: Block) -> list[int]:
    """The row of each word of a level block.

    A word that begins before the last one's end is in another row, and so is one whose middle lies
    0.6 ems higher or lower.
    """
    boxes = [(word.polygon.min(axis=0), word.polygon.max(axis=0)) for word in block.words]
    rows = [0]
    for (last_low, last_high), (low, high) in pairwise(boxes):
        back = low[0] < last_high[0] - 0.05
        away = abs(low[1] + high[1] - last_low[1] - last_high[1]) > 1.2
        rows.append(rows[-1] + int(back or away))
    return rows


def turn(degrees: float) -> Matrix:
    """A rotation about the origin."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def at(x: float, y: float, em: float) -> Matrix:
    """From ems to pixels, with the origin at (x, y)."""
    return np.array([[em, 0, x], [0, em, y], [0, 0, 1]])


def page(scene: Scene) -> None:
    """Blocks from top to bottom, as on the generator's pages and screens."""
    for block, matrix, em, _ in random_page(scene.setter(), SIZE):
        scene.write(block, matrix, em)


def article(scene: Scene) -> None:
    """Two or three columns of paragraphs under a title, all of it slightly turned."""
    rng, setter = scene.rng, scene.setter()
    columns, em = int(rng.integers(2, 4)), rng.uniform(12, 18)
    gutter, margin = rng.uniform(1.8, 3.5) * em, 2.5 * em
    tilt, top, title = turn(rng.normal(0, 1.5)), margin, setter.set(setter.words(3))
    if title is not None and title.box()[2] * 2 * em < SIZE[0] - 2 * margin:
        scene.write(title, tilt @ at(margin, margin + 2 * em, 2 * em), 2 * em)
        top += 4 * em
    width = (SIZE[0] - 2 * margin - (columns - 1) * gutter) / columns
    bottom = SIZE[1] * rng.uniform(0.5, 0.95)
    for column in range(columns):
        y = top
        for _ in range(30):
            block = running_text(setter, width / em)
            if block is None or len(set(rows_of(block))) < 2:
                continue
            _, high, _, low = (float(side) for side in block.box())
            if y + (low - high) * em > bottom:
                break
            place = at(margin + column * (width + gutter), y - high * em, em)
            scene.write(block, tilt @ place, em)
            y += (low - high) * em + rng.uniform(0.3, 1.2) * em


def bill(scene: Scene) -> None:
    """A receipt alone in the picture."""
    while not scene.lines:
        block = receipt(scene.setter())
        if block is not None:
            scene.write_somewhere(block, scene.rng.uniform(14, 40), 0)


def signs(scene: Scene) -> None:
    """Blocks of every kind here and there, half of them turned by up to 60 degrees."""
    for number in range(SIGNS):
        setter = scene.setter()
        kind = random_kind(scene.rng, setter.script)
        degrees = scene.rng.uniform(-60, 60) if scene.rng.random() < 0.5 else 0
        _write_kind(scene, setter, kind, degrees, number)


def turned_lines(scene: Scene) -> None:
    """Single lines of two to four words, turned by up to 75 degrees."""
    for number in range(SIGNS):
        _write_kind(scene, scene.setter(), straight_line, scene.rng.uniform(-75, 75), number)


def _write_kind(scene: Scene, setter: Typesetter, kind: Kind, degrees: float, unit: int) -> None:
    block, em = kind(setter), float(np.exp(scene.rng.uniform(np.log(14), np.log(60))))
    if block is not None and (kind is not straight_line or len(block.words) > 1):
        scene.write_somewhere(block, em, degrees, kind in ONE_LINE, unit)


LAYOUTS: dict[str, Callable[[Scene], None]] = {
    "pages": page,
    "articles": article,
    "receipts": bill,
    "signs": signs,
    "lines": turned_lines,
}


def truths(layout: str, count: int, seed: int) -> Iterator[Truth]:
    """So many pictures of a layout of LAYOUTS; each depends on the seed and its number alone."""
    generator = replace(Generator.from_folders(), size=SIZE)
    for number in range(count):
        scene = Scene(np.random.default_rng((seed, number)), generator)
        LAYOUTS[layout](scene)
        yield scene.truth()
