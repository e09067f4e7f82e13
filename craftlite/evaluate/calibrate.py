"""Fitting scores to how often words are correct, and measuring the calibration error."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from craftlite.calibration import Calibration, columns, logistic
from craftlite.evaluate.comparison import EvaluationSet
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.runner import ModelRunner
from craftlite.evaluate.score import Bools, Floats
from craftlite.postprocess import Thresholds

FOLDS = 5  # folds of the pictures, for the error on held-out pictures
FEWEST = 20  # minimum number of correct and of wrong words for a fit
RIDGE = 1e-3  # penalty on weights, relative to a word's loss; keeps them finite if separable
STEPS = 50
DIGITS = 5  # decimals of a weight

Pair = tuple[EvaluationSet, ModelRunner]


class Outcomes(NamedTuple):
    """The scored words found in the pictures of one dataset.

    Attributes:
        columns: (N, 3), the inputs that a calibration has weights for.
        right: (N,), whether each word is correct by the dataset's protocol.
        picture: (N,), the number of each word's picture.
    """

    columns: Floats
    right: Bools
    picture: npt.NDArray[np.intp]

    def some(self, chosen: Bools) -> "Outcomes":
        """Return the words selected by a mask (N,)."""
        return Outcomes(self.columns[chosen], self.right[chosen], self.picture[chosen])


class Fit(NamedTuple):
    """A calibration or the reason why there is none, and its held-out error by dataset."""

    calibration: Calibration | None
    refusal: str
    errors: dict[str, float]


def fit_calibration(pairs: Sequence[Pair], thresholds: Thresholds, where: str) -> Fit:
    """Fit a calibration to the words found with the thresholds; datasets have equal weight.

    The fit uses the words found with the text threshold lowered to low text, so that it also holds
    at lower thresholds. The error is measured on the words above the text threshold and averaged
    over the datasets, by cross-validation: the words of each picture are scored by a calibration
    fitted on the other folds of pictures (FOLDS).

    Args:
        pairs: datasets, each with the model that runs on it.
        thresholds: the thresholds that the model will be used with.
        where: the pictures it is fitted on, in words.

    Raises:
        DatasetError: a picture cannot be read.
    """
    found = [outcomes(*pair, replace(thresholds, text=thresholds.low)) for pair in pairs]
    if refusal := _too_few(found):
        return Fit(None, refusal, {})
    errors = {}
    parts = [one.picture % FOLDS for one in found]
    scores = [np.zeros(len(one.right)) for one in found]
    for fold in range(FOLDS):
        rest = [one.some(part != fold) for one, part in zip(found, parts, strict=True)]
        bias, weights = logistic_regression(rest)
        for one, part, own in zip(found, parts, scores, strict=True):
            own[part == fold] = logistic(one.columns[part == fold] @ weights + bias)
    for (data, _), one, own in zip(pairs, found, scores, strict=True):
        used = one.columns[:, 0] >= np.float32(thresholds.text)
        errors[data.name] = calibration_error(reliability(own[used], one.right[used]))
    bias, weights = logistic_regression(found)
    peak, mean, height = (round(weight, DIGITS) for weight in weights.tolist())
    error = round(sum(errors.values()) / len(errors), 4)
    return Fit(Calibration(round(bias, DIGITS), peak, mean, height, where, error), "", errors)


def _too_few(found: Sequence[Outcomes]) -> str:
    """Return why no calibration can be fitted to these words, or an empty text."""
    right = sum(int(one.right.sum()) for one in found)
    wrong = sum(len(one.right) for one in found) - right
    pictures = sum(len(set(one.picture.tolist())) for one in found)
    if min(right, wrong) >= FEWEST and pictures >= FOLDS:
        return ""
    counts = f"{right} right and {wrong} wrong words in {pictures} pictures"
    return f"found {counts}, but a calibration needs {FEWEST} of each in {FOLDS} pictures"


def outcomes(data: EvaluationSet, model: ModelRunner, thresholds: Thresholds) -> Outcomes:
    """Return the words that a model finds, judged by the dataset's first protocol for words."""
    protocol = next((name for name in data.protocols if name != "cleval"), "iou")
    metric, evidence = Metric(protocol), []
    for sample in data.samples:
        words, seen = model.found(sample, thresholds)
        metric.update(sample.words, Detections.of(words))
        evidence.append(columns(seen)[metric.matchings[-1].detection_scored])
    counts = [len(one) for one in evidence]
    picture = np.repeat(np.arange(len(counts)), counts)
    return Outcomes(np.concatenate(evidence), np.concatenate(metric.correct), picture)


def logistic_regression(found: Iterable[Outcomes]) -> tuple[float, Floats]:
    """Return bias and weights (3,) of the most likely logistic function, by Newton's method.

    Every dataset has equal weight, whatever its number of words. For the fit, columns are
    standardised, and weights have a small penalty. A high peak or mean must not count against a
    word: a column whose weight would be negative is left out.
    """
    parts = [one for one in found if len(one.right)]
    share = np.concatenate([np.full(len(one.right), 1 / len(one.right)) for one in parts])
    share /= len(parts)
    values = np.concatenate([one.columns for one in parts])
    right = np.concatenate([one.right for one in parts])
    mean = share @ values
    spread = np.sqrt(share @ (values - mean) ** 2) + 1e-9
    inputs = np.column_stack([np.ones(len(values)), (values - mean) / spread])
    weights = _newton(inputs, right, share)
    while (weights[1:3] < 0).any():
        inputs[:, 1:3] *= weights[1:3] > 0
        weights = _newton(inputs, right, share)
    own = weights[1:] / spread
    return float(weights[0] - mean @ own), own


def _newton(inputs: Floats, right: Bools, share: Floats) -> Floats:
    """Return the most likely weights (4,) for inputs (N, 4); 0 for a column of zeros."""
    penalty = RIDGE * np.diag([0.01, 1, 1, 1])
    weights = np.zeros(4)
    for _ in range(STEPS):
        scores = logistic(inputs @ weights)
        gradient = inputs.T @ (share * (right - scores)) - penalty @ weights
        curvature = (inputs * (share * scores * (1 - scores))[:, None]).T @ inputs + penalty
        weights += np.linalg.solve(curvature, gradient)
    return weights


def reliability(scores: npt.NDArray[Any], correct: Bools) -> list[dict[str, Any]]:
    """Return how often detections are correct, by tenths of the score; empty tenths are left out.

    "size": number of detections; "confidence": their mean score; "precision": the share correct.
    """
    tenths = np.minimum((scores * 10).astype(int), 9)
    return [
        {
            "size": int(part.sum()),
            "confidence": float(scores[part].mean()),
            "precision": float(correct[part].mean()),
        }
        for part in (tenths == tenth for tenth in range(10))
        if part.any()
    ]


def calibration_error(tenths: Sequence[dict[str, Any]]) -> float:
    """Return the expected calibration error: the mean difference of score and precision.

    Guo et al., ICML 2017, with ten bins.
    """
    total = sum(part["size"] for part in tenths)
    apart = (part["size"] * abs(part["confidence"] - part["precision"]) for part in tenths)
    return float(sum(apart) / total) if total else 0.0
