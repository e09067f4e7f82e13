"""Detection of words that cannot be read after the camera faults."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from craftlite.data.sample import Word
from craftlite.geometry import Picture

# A word cannot be read if it is smaller, more blurred or lower in contrast than these limits.
LEAST_HEIGHT = 7.0  # pixels
MOST_BLUR = 0.2  # standard deviation, as a fraction of the word height
LEAST_CONTRAST = 10.0  # of 255
LEAST_CONTRAST_TO_CLUTTER = 0.5  # times the standard deviation around the letters


def mark_unreadable(
    words: Sequence[Word], picture: Picture, ink: Picture, softness: float
) -> tuple[Word, ...]:
    """Return the words, with those that are too small or too faint to read set to don't-care.

    Args:
        words: words with known characters.
        picture: (H, W, 3) uint8, after the camera faults.
        ink: (H, W) uint8, 255 where there are letters.
        softness: standard deviation of the blur in pixels.
    """
    least = _least_height(softness)
    marked = []
    for word in words:
        assert word.characters is not None
        sides = word.characters[:, [3, 2]] - word.characters[:, [0, 1]]
        height = float(np.linalg.norm(sides, axis=2).mean())
        readable = height >= least and _stands_out(word, height, picture, ink)
        marked.append(word if readable else replace(word, ignore=True))
    return tuple(marked)


def mark_small(words: Sequence[Word], softness: float) -> tuple[Word, ...]:
    """Return the words, with those that are too small to read at this blur set to don't-care."""
    least = _least_height(softness)
    return tuple(
        replace(word, ignore=True) if min(cv2.minAreaRect(word.polygon)[1]) < least else word
        for word in words
    )


def _least_height(softness: float) -> float:
    """Return the least height in pixels of a readable word, given the blur's standard deviation."""
    return max(LEAST_HEIGHT, softness / MOST_BLUR)


def _stands_out(word: Word, height: float, picture: Picture, ink: Picture) -> bool:
    """Return whether the ink of a word contrasts with its surroundings in at least one channel."""
    low = np.maximum(np.floor(word.polygon.min(axis=0)).astype(int), 0)
    high = np.ceil(word.polygon.max(axis=0)).astype(int)
    place = np.s_[low[1] : high[1], low[0] : high[0]]
    mask, part = ink[place], picture[place]
    letters = cv2.inRange(mask, 128, 255)
    beside = cv2.dilate(letters, np.ones((2 * int(height / 6) + 3,) * 2, np.uint8))
    around = cv2.bitwise_and(beside, cv2.inRange(mask, 0, 16))
    if not letters.any() or not around.any():
        return False
    inside, (outside, clutter) = cv2.mean(part, letters)[:3], cv2.meanStdDev(part, mask=around)
    contrast = abs(np.array(inside) - outside.ravel())
    least = np.maximum(LEAST_CONTRAST, LEAST_CONTRAST_TO_CLUTTER * clutter.ravel())
    return bool((contrast >= least).any())
