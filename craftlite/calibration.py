"""Scores that are probabilities: of the words with a score s, about a share s are right."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# (N, 3) float32 of N words: the highest and the mean region score of the word's text pixels, and
# the height of its box in pixels of the maps, at least 1.
Evidence = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Calibration:
    """A word's score from its evidence: the logistic function of a weighted sum.

    `craftlite.evaluate.calibrate` fits the weights.

    Attributes:
        bias: of the sum.
        peak: the weight of the highest region score.
        mean: the weight of the mean region score.
        height: the weight of the logarithm of the height to the base 2.
        fitted: on which pictures, in words.
        error: the expected calibration error on pictures that were held out, 0..1.

    Raises:
        ValueError: a number is not finite, or error is not in 0..1.
        TypeError: fitted is no text, or something else no number.
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
                    raise TypeError(f"calibration: fitted {value!r:.40} is no text")
            elif type(value) not in (int, float):
                raise TypeError(f"calibration: {name} {value!r:.40} is no number")
            elif not math.isfinite(value):
                raise ValueError(f"calibration: {name} {value} is not finite")
        if not 0 <= self.error <= 1:
            raise ValueError(f"calibration: error {self.error} is not between 0 and 1")

    def __call__(self, evidence: Evidence) -> npt.NDArray[np.float32]:
        """The scores (N,) of words, in 0..1."""
        weights = np.array([self.peak, self.mean, self.height])
        return logistic(columns(evidence) @ weights + self.bias).astype(np.float32)


def columns(evidence: Evidence) -> npt.NDArray[np.float64]:
    """What the weights are for, (N, 3): the evidence with the logarithm of the height."""
    result = evidence.astype(np.float64)
    result[:, 2] = np.log2(result[:, 2])
    return result


def logistic(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """1 / (1 + exp(-sum)) for sums of any size."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * sums)))
