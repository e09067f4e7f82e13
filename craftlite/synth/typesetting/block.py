"""The kinds of text blocks: line, paragraph, curve, stack, display, table and receipt."""

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

# Words to draw until the face covers one.
TRIES = 4
# Fraction of blocks with letter-spacing, and the widest spacing in ems.
TRACKED, WIDEST_TRACKING = 0.2, 1.0
# Fractions of lines with stencilled and with dotted letters.
STENCILLED, DOTTED = 0.03, 0.04
# Smallest radius in ems of a curve with letters on it; on a tighter one they collide.
TIGHTEST = 2.0
BLANK = 0.1  # fraction of a table's cells that are empty
RULED = 0.6  # fraction of tables with lines; half of these have lines between columns too


class Typesetter(NamedTuple):
    """Sets random words of one script in one face."""

    rng: np.random.Generator
    face: Face
    script: str
    vocabulary: Vocabulary

    def words(self, count: int) -> str:
        """Return words with spaces between; "0" replaces a word if the face covers no candidate."""
        words = []
        for _ in range(count):
            drawn = (self.vocabulary.text(self.rng, self.script) for _ in range(TRIES))
            words.append(next((word for word in drawn if self.face.covers(word)), "0"))
        return " ".join(words)

    def set(self, text: str) -> Block | None:
        """Set a text as a level line; None if the face cannot write it."""
        shaped = self.face.shape(text)
        return None if shaped is None else set_block(text, shaped, straight(shaped))


# Makes a block in ems with its first baseline at y = 0; None if the face lacks characters.
Kind: TypeAlias = Callable[[Typesetter], Block | None]


def random_kind(rng: np.random.Generator, script: str) -> Kind:
    """Choose the kind of the next block in a script."""
    tall = script in ("hangul", "japanese", "chinese")
    return pick_by_share(rng, _TALL_SHARES if tall else _SHARES)


def straight_line(setter: Typesetter) -> Block | None:
    """Set one to four words side by side."""
    return _line(setter, random_tracking(setter.rng))


def random_tracking(rng: np.random.Generator) -> float:
    """Draw extra space between letters in ems: mostly none, sometimes as wide as a letter."""
    if rng.random() < TRACKED:
        return log_uniform(rng, 0.05, WIDEST_TRACKING)
    return rng.normal(0, 0.01)


def lines(setter: Typesetter) -> Block | None:
    """Set a paragraph of two to five lines."""
    rng = setter.rng
    tracking = random_tracking(rng)
    drawn = [_line(setter, tracking) for _ in range(int(rng.integers(2, 6)))]
    whole = [line for line in drawn if line is not None]
    if not whole:
        return None
    align = (0.0, 0.0, 0.5, 1.0)[int(rng.integers(4))]
    return paragraph(whole, rng.uniform(1.1, 1.8), align)


def arched(setter: Typesetter) -> Block | None:
    """Set up to three words on an arc, from slightly bent to half a circle."""
    rng = setter.rng

    def track(shaped: Shaped, length: float, tracking: float) -> Track:
        radius = max(TIGHTEST, length / rng.uniform(0.4, 3.0))
        return arc(shaped, radius * (1 if rng.random() < 0.7 else -1), tracking)

    return _bent_line(setter, track)


def waved(setter: Typesetter) -> Block | None:
    """Set up to three words on a wave."""
    rng = setter.rng

    def track(shaped: Shaped, length: float, tracking: float) -> Track:
        period = max(length, 2.0) / rng.uniform(0.5, 2.0)
        height = min(rng.uniform(0.08, 0.3), period**2 / (4 * np.pi**2 * TIGHTEST))
        return wave(shaped, height, period, tracking)

    return _bent_line(setter, track)


def stacked(setter: Typesetter) -> Block | None:
    """Set the letters of a word below each other."""
    letters = "".join(filter(str.isalnum, setter.words(1))).upper()
    shaped = setter.face.shape(letters) if len(letters) > 1 else None
    if shaped is None:
        return None
    return set_block(letters, shaped, stack(shaped, setter.rng.uniform(0.9, 1.3)))


def on_display(setter: Typesetter) -> Block | None:
    """Set a figure in seven segments, regardless of face and script."""
    rng = setter.rng
    text = display(rng)
    shaped = seven_segments(text, rng.uniform(0.07, 0.16), rng.uniform(0, 0.15))
    return set_block(text, shaped, straight(shaped, rng.uniform(0, 0.15)))


def ruled_table(setter: Typesetter) -> Block | None:
    """Set a table of 2 to 6 rows and columns of characters, figures or words; None if empty."""
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
    """Set three to nine lines with words on the left and a price at the right edge."""
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
    """Set up to three words on the track that `track` makes from their length and tracking."""
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
    """Draw lines below each row, or around every cell."""
    half = rng.uniform(0.015, 0.05)
    rules = [box(xs[0] - half, y - half, xs[-1] + half, y + half) for y in ys]
    if rng.random() < 0.5:
        rules = rules[1:-1] or rules
    else:
        rules += [box(x - half, ys[0], x + half, ys[-1]) for x in xs]
    return Block(contours_of(rules), ())
