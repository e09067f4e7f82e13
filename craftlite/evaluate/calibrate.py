"""Scores fitted to which words are right, and how far scores are from the share that is right."""

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

FOLDS = 5  # of the pictures, for the error on pictures that were held out
FEWEST = 20  # words of either kind, right and wrong, that a fit needs
RIDGE = 1e-3  # a weight's penalty, as a share of a word's loss, keeps it finite on separable words
STEPS = 50
DIGITS = 5  # of a weight that are kept

Pair = tuple[EvaluationSet, ModelRunner]


class Outcomes(NamedTuple):
    """The words found in the pictures of one dataset that count.

    Attributes:
        columns: (N, 3), what the weights of a calibration are for.
        right: (N,), which of them the dataset's protocol takes for right.
        picture: (N,), the number of the picture that each is in.
    """

    columns: Floats
    right: Bools
    picture: npt.NDArray[np.intp]

    def some(self, chosen: Bools) -> "Outcomes":
        """Those words of a mask (N,)."""
        return Outcomes(self.columns[chosen], self.right[chosen], self.picture[chosen])


class Fit(NamedTuple):
    """A calibration, or else in words why there is none; and its held-out error by dataset."""

    calibration: Calibration | None
    refusal: str
    errors: dict[str, float]


def fit_calibration(pairs: Sequence[Pair], thresholds: Thresholds, where: str) -> Fit:
    """A calibration of the words that the thresholds find; each dataset counts the same.

    It is fitted on the words that are found with the text threshold as low as low text, so that it
    holds where that threshold is lowered. Its error is that of the words above the text threshold,
    the mean over the datasets: every picture's words get the scores of a calibration fitted on the
    other pictures (FOLDS parts).

    Args:
        pairs: datasets, each with the model that runs on it.
        thresholds: that the model will be used with.
        where: on which pictures, in words.

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
    """Why no calibration can be fitted to these words, or nothing."""
    right = sum(int(one.right.sum()) for one in found)
    wrong = sum(len(one.right) for one in found) - right
    pictures = sum(len(set(one.picture.tolist())) for one in found)
    if min(right, wrong) >= FEWEST and pictures >= FOLDS:
        return ""
    counts = f"{right} right and {wrong} wrong words in {pictures} pictures"
    return f"found {counts}, and a calibration needs {FEWEST} of each in {FOLDS} pictures"


def outcomes(data: EvaluationSet, model: ModelRunner, thresholds: Thresholds) -> Outcomes:
    """The words that a model finds in a dataset's pictures, by the first protocol for words."""
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
    """Bias and weights (3,) of the likeliest logistic function, by Newton's method.

    Every dataset counts the same, whatever its number of words. Columns are standardised for the
    fit, where the weights have a small penalty. A high peak or mean never counts against a word:
    the column whose weight would be negative is left out.
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
    """The likeliest weights (4,) of inputs (N, 4); 0 for a column of zeros."""
    penalty = RIDGE * np.diag([0.01, 1, 1, 1])
    weights = np.zeros(4)
    for _ in range(STEPS):
        scores = logistic(inputs @ weights)
        gradient = inputs.T @ (share * (right - scores)) - penalty @ weights
        curvature = (inputs * (share * scores * (1 - scores))[:, None]).T @ inputs + penalty
        weights += np.linalg.solve(curvature, gradient)
    return weights


def reliability(scores: npt.NDArray[Any], correct: Bools) -> list[dict[str, Any]]:
    """How often detections of a score are correct, by tenths of the score; empty ones left out.

    "size": how many; "confidence": their mean score; "precision": the share that is correct.
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
    """The expected calibration error: how far score and precision differ, the mean over words.

    Guo et al., ICML 2017, with ten bins.
    """
    total = sum(part["size"] for part in tenths)
    apart = (part["size"] * abs(part["confidence"] - part["precision"]) for part in tenths)
    return float(sum(apart) / total) if total else 0.0
