"""What is written: one line, a paragraph, an arc, a wave or a stack, in one face."""

import numpy as np

from craftlite.synth.fonts import Face
from craftlite.synth.layout import Block, arc, paragraph, set_block, stack, straight, wave
from craftlite.synth.text import Vocabulary

_TALL_SCRIPTS = ("hangul", "japanese", "chinese")
_TRIES = 4
# Least radius in ems of a curve that letters stand on: on a tighter one they collide.
TIGHTEST = 2.0


def random_block(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary
) -> Block | None:
    """A block in ems, its first baseline at y = 0; None where the face lacks what was drawn."""
    tracking = float(rng.uniform(0.0, 0.35)) if rng.random() < 0.15 else float(rng.normal(0, 0.01))
    kind = rng.random()
    if kind < (0.25 if script in _TALL_SCRIPTS else 0.05):
        return _stacked(rng, face, script, vocabulary)
    if kind < 0.72:
        return _straight_line(rng, face, script, vocabulary, _words_in_a_line(rng), tracking)
    if kind < 0.87:
        return _paragraph(rng, face, script, vocabulary, tracking)
    text = _line(rng, face, script, vocabulary, int(rng.integers(1, 4)))
    shaped = face.shape(text)
    if shaped is None:
        return None
    length = float(shaped.pens[-1] + shaped.advances[-1]) + tracking * len(text)
    if kind < 0.95:
        # From slightly bent to half a circle.
        radius = max(TIGHTEST, length / rng.uniform(0.4, 3.0)) * (1 if rng.random() < 0.7 else -1)
        return set_block(text, shaped, arc(shaped, radius, tracking + 0.05))
    period = max(length, 2.0) / rng.uniform(0.5, 2.0)
    height = min(rng.uniform(0.08, 0.3), period**2 / (4 * np.pi**2 * TIGHTEST))
    return set_block(text, shaped, wave(shaped, height, period, tracking + 0.05))


def _words_in_a_line(rng: np.random.Generator) -> int:
    return int(np.searchsorted((0.5, 0.75, 0.9), rng.random())) + 1


def _line(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary, count: int
) -> str:
    """Words that the face can write, with spaces between; "0" where it lacks all that was drawn."""
    words = []
    for _ in range(count):
        drawn = (vocabulary.text(rng, script) for _ in range(_TRIES))
        words.append(next((word for word in drawn if face.covers(word)), "0"))
    return " ".join(words)


def _straight_line(
    rng: np.random.Generator,
    face: Face,
    script: str,
    vocabulary: Vocabulary,
    count: int,
    tracking: float,
) -> Block | None:
    text = _line(rng, face, script, vocabulary, count)
    shaped = face.shape(text)
    if shaped is None:
        return None
    return set_block(text, shaped, straight(shaped, tracking))


def _paragraph(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary, tracking: float
) -> Block | None:
    rows = int(rng.integers(2, 6))
    lines = [
        _straight_line(rng, face, script, vocabulary, _words_in_a_line(rng), tracking)
        for _ in range(rows)
    ]
    whole = [line for line in lines if line is not None]
    if not whole:
        return None
    align = (0.0, 0.0, 0.5, 1.0)[int(rng.integers(4))]
    return paragraph(whole, float(rng.uniform(1.1, 1.8)), align)


def _stacked(
    rng: np.random.Generator, face: Face, script: str, vocabulary: Vocabulary
) -> Block | None:
    text = _line(rng, face, script, vocabulary, 1)
    letters = "".join(character for character in text if character.isalnum()).upper()
    shaped = face.shape(letters) if letters and face.covers(letters) else None
    if shaped is None or len(shaped.glyphs) < 2:
        return None
    return set_block(letters, shaped, stack(shaped, float(rng.uniform(0.9, 1.3))))
