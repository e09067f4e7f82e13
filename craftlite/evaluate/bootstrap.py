"""Confidence intervals of figures and differences: bootstrap over pictures.

Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13: the percentile interval.
Pictures are resampled with replacement. Two detectors are compared on the same samples (paired), so
that pictures which are hard for both do not blur the difference.
"""

from collections.abc import Sequence

import numpy as np

from craftlite.evaluate.score import Floats, Tally, ratio

DRAWS = 10_000
LEVEL = 0.95


def hmeans(tallies: Sequence[Tally]) -> Floats:
    """Return the H-means (DRAWS,) of bootstrap samples of the pictures, always the same samples."""
    if not tallies:
        return np.zeros(DRAWS)
    pictures = len(tallies)
    shares = np.full(pictures, 1 / pictures)
    counts = np.random.default_rng(0).multinomial(pictures, shares, size=DRAWS)
    sums = counts @ np.array([tally[:4] for tally in tallies], np.float64)
    truths, detections, found, correct = sums.clip(min=0).T
    recall, precision = ratio(found, truths), ratio(correct, detections)
    return ratio(2 * recall * precision, recall + precision)


def interval(values: Floats) -> tuple[float, float]:
    """Return the lower and upper end of the central interval that holds LEVEL of the values."""
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(values, [tail, 100 - tail]).tolist()
    return low, high
