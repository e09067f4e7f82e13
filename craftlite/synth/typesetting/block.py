"""What is written: a line, a paragraph, a curve, a stack, a display, a table or a receipt."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from craftlite.synth.typesetting.fonts import Face, Shaped
from craftlite.synth.typesetting.forms import receipt, ruled_table
from craftlite.synth.typesetting.layout import (
    Block,
    Track,
    arc,
    paragraph,
    set_block,
    stack,
    straight,
    wave,
)
from craftlite.synth.typesetting.lettering import dotted, seven_segments, stencilled
from craftlite.synth.typesetting.vocabulary import Vocabulary, display, words_of

Kind: TypeAlias = Callable[[np.random.Generator, Face, str, Vocabulary], Block | None]

_TALL_SCRIPTS = ("hangul", "japanese", "chinese")
# Share of blocks with letters set apart, and how far at most, in ems.
TRACKED, WIDEST_TRACKING = 0.2, 1.0
# Shares of lines in stencilled and in dotted letters.
STENCILLED, DOTTED = 0.03, 0.04
# Least radius in ems of a curve that letters stand on: on a tighter one they collide.
TIGHTEST = 2.0


def random_kind(rng: np.random.Generator, script: str) -> Kind:
    """What kind of block is written next: it makes one in ems, its first baseline at y = 0.

    A kind gives None where the face lacks what was drawn.
    """
    shares = _TALL_SHARES if script in _TALL_SCRIPTS else _SHARES
    kinds = list(shares)
    places = np.cumsum(list(shares.values()))
    return kinds[int(np.searchsorted(places, rng.random() * places[-1], side="right"))]


def straight_line(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary
) -> Block | None:
    """One to four words side by side."""
    return _line(rng, face, script, vocabulary, random_tracking(rng))


def random_tracking(rng: np.random.Generator) -> float:
    """Ems between letters beside what the face has: mostly none, sometimes as much as a letter."""
    if rng.random() < TRACKED:
        return float(np.exp(rng.uniform(np.log(0.05), np.log(WIDEST_TRACKING))))
    return float(rng.normal(0, 0.01))


def lines(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary
) -> Block | None:
    """A paragraph of two to five lines."""
    tracking = random_tracking(rng)
    rows = int(rng.integers(2, 6))
    drawn = [_line(rng, face, script, vocabulary, tracking) for _ in range(rows)]
    whole = [line for line in drawn if line is not None]
    if not whole:
        return None
    align = (0.0, 0.0, 0.5, 1.0)[int(rng.integers(4))]
    return paragraph(whole, float(rng.uniform(1.1, 1.8)), align)


def arched(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary
) -> Block | None:
    """Up to three words on an arc, from slightly bent to half a circle."""

    def track(shaped: Shaped, length: float, tracking: float) -> Track:
        radius = max(TIGHTEST, length / rng.uniform(0.4, 3.0))
        return arc(shaped, radius * (1 if rng.random() < 0.7 else -1), tracking)

    return _bent_line(rng, face, script, vocabulary, track)


def waved(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary
) -> Block | None:
    """Up to three words on a wave."""

    def track(shaped: Shaped, length: float, tracking: float) -> Track:
        period = max(length, 2.0) / rng.uniform(0.5, 2.0)
        height = min(rng.uniform(0.08, 0.3), period**2 / (4 * np.pi**2 * TIGHTEST))
        return wave(shaped, height, period, tracking)

    return _bent_line(rng, face, script, vocabulary, track)


def stacked(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary
) -> Block | None:
    """The letters of a word below each other."""
    text = words_of(rng, face, script, vocabulary, 1)
    letters = "".join(character for character in text if character.isalnum()).upper()
    shaped = face.shape(letters) if letters and face.covers(letters) else None
    if shaped is None or len(shaped.glyphs) < 2:
        return None
    return set_block(letters, shaped, stack(shaped, float(rng.uniform(0.9, 1.3))))


def on_display(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary
) -> Block | None:
    """Figures in seven segments; neither the face nor the script has a part in it."""
    text = display(rng)
    shaped = seven_segments(text, float(rng.uniform(0.07, 0.16)), float(rng.uniform(0, 0.15)))
    tracking = float(rng.uniform(0, 0.15))
    return set_block(text, shaped, straight(shaped, tracking))


_SHARES: dict[Kind, float] = {
    **{straight_line: 0.57, lines: 0.13, arched: 0.07, waved: 0.04, stacked: 0.05},
    **{on_display: 0.03, ruled_table: 0.06, receipt: 0.05},
}
_TALL_SHARES: dict[Kind, float] = {
    **{
        straight_line: 0.45,
        lines: 0.13,
        arched: 0.05,
        waved: 0.02,
        stacked: 0.30,
        ruled_table: 0.05,
    }
}


def _line(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary, tracking: float
) -> Block | None:
    count = int(np.searchsorted((0.5, 0.75, 0.9), rng.random())) + 1
    text = words_of(rng, face, script, vocabulary, count)
    shaped = face.shape(text)
    if shaped is None:
        return None
    chance = rng.random()
    if chance < STENCILLED:
        shaped = stencilled(shaped, float(rng.uniform(0.04, 0.1)))
    elif chance < STENCILLED + DOTTED:
        shaped = dotted(shaped, int(rng.integers(9, 15)))
    return set_block(text, shaped, straight(shaped, tracking))


def _bent_line(
    rng: np.random.Generator,
    face: Face,
    script: str,
    vocabulary: Vocabulary,
    track: Callable[[Shaped, float, float], Track],
) -> Block | None:
    """Up to three words on what `track` makes of them, of their length and of their tracking."""
    text = words_of(rng, face, script, vocabulary, int(rng.integers(1, 4)))
    shaped = face.shape(text)
    if shaped is None:
        return None
    tracking = min(random_tracking(rng), 0.35) + 0.05
    length = float(shaped.pens[-1] + shaped.advances[-1]) + tracking * len(shaped.glyphs)
    return set_block(text, shaped, track(shaped, length, tracking))
