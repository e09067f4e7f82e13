"""How sure a figure or a difference is: bootstrap over pictures.

Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13: the percentile interval.
Pictures are drawn anew with replacement; two detectors are compared on the same draws (paired), so
that pictures which are hard for both do not blur the difference.
"""

from collections.abc import Sequence

import numpy as np

from craftlite.evaluate.score import Floats, Tally, ratio

DRAWS = 10_000
LEVEL = 0.95


def hmeans(tallies: Sequence[Tally], draws: int = DRAWS, seed: int = 0) -> Floats:
    """H-means (draws,) of as many drawn sets of pictures; the same sets for the same seed."""
    if not tallies:
        return np.zeros(draws)
    rng = np.random.default_rng(seed)
    pictures = len(tallies)
    counts = rng.multinomial(pictures, np.full(pictures, 1 / pictures), size=draws)
    sums = counts @ np.array([tally[:4] for tally in tallies], np.float64)
    truths, detections, found, correct = sums.clip(min=0).T
    recall, precision = ratio(found, truths), ratio(correct, detections)
    return ratio(2 * recall * precision, recall + precision)


def interval(values: Floats) -> tuple[float, float]:
    """The lower and the upper end of the middle LEVEL of drawn values."""
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(values, [tail, 100 - tail]).tolist()
    return low, high
