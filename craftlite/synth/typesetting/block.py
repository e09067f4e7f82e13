"""What is written: a line, a paragraph, a curve, a stack, a display, a table or a receipt."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from craftlite.data.augment import log_uniform
from craftlite.geometry import Points, box
from craftlite.synth.raster import contours_of
from craftlite.synth.typesetting.fonts import Face, Shaped
from craftlite.synth.typesetting.layout import (
    Block,
    Track,
    arc,
    joined,
    paragraph,
    set_block,
    stack,
    straight,
    wave,
)
from craftlite.synth.typesetting.lettering import dotted, seven_segments, stencilled
from craftlite.synth.typesetting.vocabulary import Vocabulary, display, pick_by_share, price, single

# Words that are drawn until the face can write one.
TRIES = 4
# Share of blocks with letters set apart, and how far at most, in ems.
TRACKED, WIDEST_TRACKING = 0.2, 1.0
# Shares of lines in stencilled and in dotted letters.
STENCILLED, DOTTED = 0.03, 0.04
# Least radius in ems of a curve that letters stand on: on a tighter one they collide.
TIGHTEST = 2.0
BLANK = 0.1  # share of a table's cells
RULED = 0.6  # share of the tables, in half of which the columns are ruled too


class Typesetter(NamedTuple):
    """Sets random words of one script in one face."""

    rng: np.random.Generator
    face: Face
    script: str
    vocabulary: Vocabulary

    def words(self, count: int) -> str:
        """Words that the face can write, spaces between; "0" where it lacks all that was drawn."""
        words = []
        for _ in range(count):
            drawn = (self.vocabulary.text(self.rng, self.script) for _ in range(TRIES))
            words.append(next((word for word in drawn if self.face.covers(word)), "0"))
        return " ".join(words)

    def set(self, text: str) -> Block | None:
        """A text as a level line; None where the face cannot write it."""
        shaped = self.face.shape(text)
        return None if shaped is None else set_block(text, shaped, straight(shaped))


# Makes a block in ems, its first baseline at y = 0; None where the face lacks what was drawn.
Kind: TypeAlias = Callable[[Typesetter], Block | None]


def random_kind(rng: np.random.Generator, script: str) -> Kind:
    """What kind of block is written next in a script."""
    tall = script in ("hangul", "japanese", "chinese")
    return pick_by_share(rng, _TALL_SHARES if tall else _SHARES)


def straight_line(setter: Typesetter) -> Block | None:
    """One to four words side by side."""
    return _line(setter, random_tracking(setter.rng))


def random_tracking(rng: np.random.Generator) -> float:
    """Ems between letters beside what the face has: mostly none, sometimes as much as a letter."""
    if rng.random() < TRACKED:
        return log_uniform(rng, 0.05, WIDEST_TRACKING)
    return rng.normal(0, 0.01)


def lines(setter: Typesetter) -> Block | None:
    """A paragraph of two to five lines."""
    rng = setter.rng
    tracking = random_tracking(rng)
    drawn = [_line(setter, tracking) for _ in range(int(rng.integers(2, 6)))]
    whole = [line for line in drawn if line is not None]
    if not whole:
        return None
    align = (0.0, 0.0, 0.5, 1.0)[int(rng.integers(4))]
    return paragraph(whole, rng.uniform(1.1, 1.8), align)


def arched(setter: Typesetter) -> Block | None:
    """Up to three words on an arc, from slightly bent to half a circle."""
    rng = setter.rng

    def track(shaped: Shaped, length: float, tracking: float) -> Track:
        radius = max(TIGHTEST, length / rng.uniform(0.4, 3.0))
        return arc(shaped, radius * (1 if rng.random() < 0.7 else -1), tracking)

    return _bent_line(setter, track)


def waved(setter: Typesetter) -> Block | None:
    """Up to three words on a wave."""
    rng = setter.rng

    def track(shaped: Shaped, length: float, tracking: float) -> Track:
        period = max(length, 2.0) / rng.uniform(0.5, 2.0)
        height = min(rng.uniform(0.08, 0.3), period**2 / (4 * np.pi**2 * TIGHTEST))
        return wave(shaped, height, period, tracking)

    return _bent_line(setter, track)


def stacked(setter: Typesetter) -> Block | None:
    """The letters of a word below each other."""
    letters = "".join(filter(str.isalnum, setter.words(1))).upper()
    shaped = setter.face.shape(letters) if len(letters) > 1 else None
    if shaped is None:
        return None
    return set_block(letters, shaped, stack(shaped, setter.rng.uniform(0.9, 1.3)))


def on_display(setter: Typesetter) -> Block | None:
    """Figures in seven segments; neither the face nor the script has a part in it."""
    rng = setter.rng
    text = display(rng)
    shaped = seven_segments(text, rng.uniform(0.07, 0.16), rng.uniform(0, 0.15))
    return set_block(text, shaped, straight(shaped, rng.uniform(0, 0.15)))


def ruled_table(setter: Typesetter) -> Block | None:
    """Two to six rows and columns of lone characters, figures or words; None where none is set."""
    rng = setter.rng
    rows, columns = (int(count) for count in rng.integers(2, 7, 2))
    lone = float(rng.choice([0.9, 0.5, 0.1]))
    cells = {
        (row, column): block
        for row in range(rows)
        for column in range(columns)
        if rng.random() >= BLANK and (block := _cell(setter, lone))
    }
    if not cells:
        return None
    air, height = rng.uniform(0.4, 2.0), rng.uniform(1.3, 2.5)
    widths = [
        max((b.box()[2] for (_, at), b in cells.items() if at == column), default=1.0) + air
        for column in range(columns)
    ]
    lefts = np.concatenate([[0], np.cumsum(widths)])
    align = float(rng.choice([0.0, 0.5, 1.0]))
    placed = []
    for (row, column), block in cells.items():
        left, right = lefts[column] + air / 2, lefts[column + 1] - air / 2
        start = left + align * (right - left - block.box()[2])
        placed.append(block.shifted(start, (row + 0.5) * height + 0.35))
    if rng.random() < RULED:
        placed.append(_rules(rng, lefts, height * np.arange(rows + 1)))
    return joined(placed)


def receipt(setter: Typesetter) -> Block | None:
    """Three to nine lines with words on the left and a price at the right edge."""
    rng = setter.rng
    rows = int(rng.integers(3, 10))
    names = [setter.set(setter.words(int(rng.integers(1, 4)))) for _ in range(rows)]
    prices = [setter.set(price(rng)) for _ in range(rows)]
    whole = [(name, cost) for name, cost in zip(names, prices, strict=True) if name and cost]
    if not whole:
        return None
    gap = rng.uniform(0.8, 6)
    widest = max(float(name.box()[2] + cost.box()[2]) for name, cost in whole) + gap
    rows_set = [joined([name, cost.shifted(widest - cost.box()[2], 0)]) for name, cost in whole]
    return paragraph(rows_set, leading=rng.uniform(1.1, 1.6), align=0.0)


_SHARES: dict[Kind, float] = {
    **{straight_line: 0.57, lines: 0.13, arched: 0.07, waved: 0.04, stacked: 0.05},
    **{on_display: 0.03, ruled_table: 0.06, receipt: 0.05},
}
_TALL_SHARES: dict[Kind, float] = {
    **{straight_line: 0.45, lines: 0.13, arched: 0.05, waved: 0.02, stacked: 0.30},
    ruled_table: 0.05,
}


def _line(setter: Typesetter, tracking: float) -> Block | None:
    rng = setter.rng
    text = setter.words(int(np.searchsorted((0.5, 0.75, 0.9), rng.random())) + 1)
    shaped = setter.face.shape(text)
    if shaped is None:
        return None
    chance = rng.random()
    if chance < STENCILLED:
        shaped = stencilled(shaped, rng.uniform(0.04, 0.1))
    elif chance < STENCILLED + DOTTED:
        shaped = dotted(shaped, int(rng.integers(9, 15)))
    return set_block(text, shaped, straight(shaped, tracking))


def _bent_line(setter: Typesetter, track: Callable[[Shaped, float, float], Track]) -> Block | None:
    """Up to three words on what `track` makes of them, of their length and of their tracking."""
    text = setter.words(int(setter.rng.integers(1, 4)))
    shaped = setter.face.shape(text)
    if shaped is None:
        return None
    tracking = min(random_tracking(setter.rng), 0.35) + 0.05
    length = float(shaped.pens[-1] + shaped.advances[-1]) + tracking * len(shaped.glyphs)
    return set_block(text, shaped, track(shaped, length, tracking))


def _cell(setter: Typesetter, lone: float) -> Block | None:
    text = single(setter.rng, setter.script)
    if setter.rng.random() >= lone or not setter.face.covers(text):
        text = setter.words(1)
    return setter.set(text)


def _rules(rng: np.random.Generator, xs: Points, ys: Points) -> Block:
    """Lines below each row, or around every cell."""
    half = rng.uniform(0.015, 0.05)
    rules = [box(xs[0] - half, y - half, xs[-1] + half, y + half) for y in ys]
    if rng.random() < 0.5:
        rules = rules[1:-1] or rules
    else:
        rules += [box(x - half, ys[0], x + half, ys[-1]) for x in xs]
    return Block(contours_of(rules), ())
