"""Pages and screens: much text in one face on an even background, laid out from top to bottom."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from craftlite.data.augment import log_uniform
from craftlite.geometry import Matrix
from craftlite.synth.typesetting.block import (
    Typesetter,
    lines,
    on_display,
    receipt,
    ruled_table,
    straight_line,
)
from craftlite.synth.typesetting.layout import Block, joined, paragraph

SMALLEST_EM, LARGEST_EM = 11.0, 30.0  # em of the running text in pixels
FEWEST_LINES = 16  # minimum number of lines of running text that fit on a page
TRIES = 40  # blocks made for a page; some do not fit
HEADING = 0.2  # fraction of the blocks that are headings
BUBBLES = 0.3  # fraction of the pages with plates behind blocks, like chat bubbles


class Placed(NamedTuple):
    """A block on a page: its transformation, pixels per em there, and whether it has a plate."""

    block: Block
    matrix: Matrix
    em: float
    plate: bool


def random_page(setter: Typesetter, size: tuple[int, int]) -> Iterator[Placed]:
    """Yield blocks that fill a page of `size` from top to bottom, all of it slightly rotated."""
    rng = setter.rng
    largest = max(SMALLEST_EM, min(LARGEST_EM, min(size) / FEWEST_LINES))
    em = log_uniform(rng, SMALLEST_EM, largest)
    turn = _turn(float(np.deg2rad(rng.normal(0, 1.5))), size)
    bubbles = rng.random() < BUBBLES
    margin = 1.5 * em
    y = margin
    for _ in range(TRIES):
        large = em * (rng.uniform(1.3, 2.5) if rng.random() < HEADING else 1.0)
        width, height = (size[0] - 2 * margin) / large, (size[1] - margin - y) / large
        block = straight_line(setter) if large > em else _block(setter, width)
        if block is None:
            continue
        left, top, right, bottom = block.box()
        if right - left > width or bottom - top > height:
            continue
        indent = (width - (right - left)) * rng.choice([0.0, 0.0, 0.5, 1.0])
        scale = np.diag([large, large, 1.0])
        scale[:2, 2] = margin + large * (indent - left), y - top * large
        yield Placed(block, turn @ scale, large, bubbles)
        y += float((bottom - top) * large + rng.uniform(0.6, 2.0) * em)


def _block(setter: Typesetter, width: float) -> Block | None:
    """Make a block other than a heading, often at most `width` ems wide; None if it is not set."""
    if setter.rng.random() < 0.5:
        return running_text(setter, width * setter.rng.uniform(0.5, 1.0))
    kinds = (receipt, receipt, ruled_table, lines, straight_line, on_display)
    return kinds[int(setter.rng.integers(len(kinds)))](setter)


def running_text(setter: Typesetter, width: float) -> Block | None:
    """Set one to eight full lines of words, `width` ems wide; None if every word is wider."""
    rows, row, x = list[Block](), list[Block](), 0.0
    wanted = int(setter.rng.integers(1, 9))
    space = setter.rng.uniform(0.22, 0.4)
    for _ in range(40 * wanted):
        if len(rows) == wanted:
            break
        word = setter.set(setter.words(1))
        if word is None or word.box()[2] > width:
            continue
        if x + word.box()[2] > width:
            rows.append(joined(row))
            row, x = [], 0.0
        row.append(word.shifted(x, 0))
        x += float(word.box()[2]) + space
    return paragraph(rows, setter.rng.uniform(1.1, 1.7), 0.0) if rows else None


def _turn(angle: float, size: tuple[int, int]) -> Matrix:
    """Return a rotation about the middle of a page."""
    cos, sin = np.cos(angle), np.sin(angle)
    middle = np.array(size) / 2
    matrix = np.eye(3)
    matrix[:2, :2] = [[cos, -sin], [sin, cos]]
    matrix[:2, 2] = middle - matrix[:2, :2] @ middle
    return matrix
