"""Text in rows and columns: tables, ruled or not, and the lines of receipts."""

import numpy as np

from craftlite.geometry import Points
from craftlite.synth.typesetting.fonts import Face
from craftlite.synth.typesetting.layout import (
    Block,
    bars,
    joined,
    paragraph,
    set_block,
    shifted,
    straight,
)
from craftlite.synth.typesetting.vocabulary import Vocabulary, price, single, words_of

BLANK = 0.1  # share of a table's cells
RULED = 0.6  # share of the tables, in half of which the columns are ruled too


def ruled_table(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary
) -> Block | None:
    """Two to six rows and columns of lone characters, figures or words; None where none is set."""
    rows, columns = (int(count) for count in rng.integers(2, 7, 2))
    lone = float(rng.choice([0.9, 0.5, 0.1]))
    cells = {
        (row, column): block
        for row in range(rows)
        for column in range(columns)
        if rng.random() >= BLANK and (block := _cell(rng, face, script, vocabulary, lone))
    }
    if not cells:
        return None
    air, height = rng.uniform(0.4, 2.0), float(rng.uniform(1.3, 2.5))
    widths = [
        max((b.box()[2] for (_, at), b in cells.items() if at == column), default=1.0) + air
        for column in range(columns)
    ]
    lefts = np.concatenate([[0], np.cumsum(widths)])
    align = float(rng.choice([0.0, 0.5, 1.0]))
    placed = [
        shifted(block, _start(block, lefts, column, air, align), (row + 0.5) * height + 0.35)
        for (row, column), block in cells.items()
    ]
    if rng.random() < RULED:
        placed.append(_rules(rng, lefts, height * np.arange(rows + 1)))
    return joined(placed)


def receipt(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary
) -> Block | None:
    """Three to nine lines with words on the left and a price at the right edge."""
    rows = int(rng.integers(3, 10))
    names = [
        _set(face, words_of(rng, face, script, vocabulary, int(rng.integers(1, 4))))
        for _ in range(rows)
    ]
    prices = [_set(face, price(rng)) for _ in range(rows)]
    lines = [
        (name, cost) for name, cost in zip(names, prices, strict=True) if name and cost is not None
    ]
    if not lines:
        return None
    gap = float(rng.uniform(0.8, 6))
    widest = max(float(name.box()[2] + cost.box()[2]) for name, cost in lines) + gap
    return paragraph(
        [joined([name, shifted(cost, widest - cost.box()[2], 0)]) for name, cost in lines],
        leading=float(rng.uniform(1.1, 1.6)),
        align=0.0,
    )


def _cell(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary, lone: float
) -> Block | None:
    text = single(rng, script)
    if rng.random() >= lone or not face.covers(text):
        text = words_of(rng, face, script, vocabulary, 1)
    return _set(face, text)


def _set(face: Face, text: str) -> Block | None:
    shaped = face.shape(text) if face.covers(text) else None
    return None if shaped is None else set_block(text, shaped, straight(shaped))


def _start(block: Block, lefts: Points, column: int, air: float, align: float) -> float:
    """Where a cell's text begins."""
    left, right = lefts[column] + air / 2, lefts[column + 1] - air / 2
    return float(left + align * (right - left - block.box()[2]))


def _rules(rng: np.random.Generator, xs: Points, ys: Points) -> Block:
    """Lines below each row, or around every cell."""
    half = float(rng.uniform(0.015, 0.05))
    across = [(xs[0] - half, y - half, xs[-1] + half, y + half) for y in ys]
    if rng.random() < 0.5:
        return bars(across[1:-1] or across)
    return bars([*across, *((x - half, ys[0], x + half, ys[-1]) for x in xs)])
