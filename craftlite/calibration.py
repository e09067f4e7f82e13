"""Calibrated scores: a word's score is the probability that the word is right."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# (N, 3) float32 for N words: the highest and the mean region score of the word's text pixels, and
# the height of its box in map pixels, at least 1.
Evidence = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Calibration:
    """Logistic regression from a word's evidence to its score.

    `craftlite.evaluate.calibrate` fits the weights.

    Attributes:
        bias: bias of the weighted sum.
        peak: weight of the highest region score.
        mean: weight of the mean region score.
        height: weight of the base-2 logarithm of the height.
        fitted: description of the pictures that the weights were fitted to.
        error: expected calibration error on held-out pictures, 0..1.

    Raises:
        ValueError: a number is not finite, or error is not in 0..1.
        TypeError: fitted is not a string, or another attribute is not a number.
    """

    bias: float
    peak: float
    mean: float
    height: float
    fitted: str
    error: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name == "fitted":
                if not isinstance(value, str):
                    raise TypeError(f"calibration: fitted {value!r:.40} is not a string")
            elif type(value) not in (int, float):
                raise TypeError(f"calibration: {name} {value!r:.40} is not a number")
            elif not math.isfinite(value):
                raise ValueError(f"calibration: {name} {value} is not finite")
        if not 0 <= self.error <= 1:
            raise ValueError(f"calibration: error {self.error} is not between 0 and 1")

    def __call__(self, evidence: Evidence) -> npt.NDArray[np.float32]:
        """Return the scores (N,) of words, in 0..1."""
        weights = np.array([self.peak, self.mean, self.height])
        return logistic(columns(evidence) @ weights + self.bias).astype(np.float32)


def columns(evidence: Evidence) -> npt.NDArray[np.float64]:
    """Return the features (N, 3) that are weighted: the evidence with the height's logarithm."""
    result = evidence.astype(np.float64)
    result[:, 2] = np.log2(result[:, 2])
    return result


def logistic(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return 1 / (1 + exp(-sum)), without overflow for any sum."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * sums)))
