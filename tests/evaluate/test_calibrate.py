"""Scores that are fitted to the share of words that are right."""

from pathlib import Path

import numpy as np
import pytest

from craftlite import Detector
from craftlite.calibration import Calibration, columns, logistic
from craftlite.data.readers import read_dataset
from craftlite.evaluate.calibrate import (
    Outcomes,
    calibration_error,
    fit_calibration,
    logistic_regression,
    reliability,
)
from craftlite.evaluate.comparison import EvaluationSet
from craftlite.evaluate.runner import ModelRunner
from craftlite.postprocess import Thresholds
from craftlite.weights import catalogue

SAMPLES = Path(__file__).parents[2] / "data/samples"


def made_up(count: int, bias: float, weights: list[float], seed: int = 0) -> Outcomes:
    """Words that are right as often as the logistic function of their columns says."""
    random = np.random.default_rng(seed)
    values = np.column_stack(
        [
            random.uniform(0.5, 1, count),
            random.uniform(0.5, 0.8, count),
            random.uniform(2, 7, count),
        ]
    )
    right = random.random(count) < logistic(values @ weights + bias)
    return Outcomes(values, right, np.arange(count) % 50)


def test_the_fit_finds_the_weights_that_made_the_words() -> None:
    wanted = [12.0, 4.0, -0.5]
    bias, weights = logistic_regression([made_up(100_000, -9.0, wanted)])
    assert bias == pytest.approx(-9, rel=0.1)
    assert weights.tolist() == pytest.approx(wanted, rel=0.2)


def test_every_dataset_counts_the_same() -> None:
    many, few = made_up(20_000, -9, [12.0, 4, -0.5]), made_up(1000, -7, [12.0, 4, -0.5], seed=1)
    together = logistic_regression([many, few])
    twenty = Outcomes(*(np.concatenate([array] * 20) for array in few))  # type: ignore[arg-type]
    assert logistic_regression([many, twenty])[0] == pytest.approx(together[0])


def test_words_that_one_level_parts_get_finite_weights() -> None:
    random = np.random.default_rng(0)
    values = random.uniform(0.5, 1, (200, 3))
    one = Outcomes(values, values[:, 0] > 0.7, np.zeros(200, int))
    bias, weights = logistic_regression([one])
    scores = logistic(values @ weights + bias)
    assert np.isfinite(weights).all()
    assert scores[values[:, 0] > 0.75].min() > 0.5 > scores[values[:, 0] < 0.65].max()


def test_the_error_is_how_far_scores_and_shares_differ() -> None:
    scores = np.array([0.95] * 10 + [0.35] * 10, np.float32)
    correct = np.array([True] * 8 + [False] * 2 + [True] * 5 + [False] * 5)
    tenths = reliability(scores, correct)
    assert [part["size"] for part in tenths] == [10, 10]
    assert [part["precision"] for part in tenths] == [0.5, 0.8]
    assert calibration_error(tenths) == pytest.approx((0.15 + 0.15) / 2)
    assert calibration_error(reliability(np.ones(4), np.ones(4, bool))) == 0
    assert calibration_error([]) == 0


def test_scores_rise_with_the_evidence_and_stay_in_range() -> None:
    calibration = Calibration(-19, 18, 7, -0.25, "on nothing", 0)
    evidence = np.array([[0.6, 0.6, 8], [0.9, 0.6, 8], [0.9, 0.7, 8], [1, 0.8, 8]], np.float32)
    scores = calibration(evidence)
    assert scores.dtype == np.float32
    assert np.all(np.diff(scores) > 0)
    extreme = calibration(np.array([[1e4, 1, 1], [-1e4, 1, 1]], np.float32))
    assert extreme.tolist() == [1, 0]
    assert calibration(np.zeros((0, 3), np.float32)).shape == (0,)
    assert columns(evidence)[:, 2].tolist() == [3, 3, 3, 3]


@pytest.fixture(scope="module")
def samples() -> EvaluationSet:
    dataset = read_dataset("quads", SAMPLES, "test", pictures=True)
    return EvaluationSet("samples", "quads", "test", dataset.samples, ["iou"])


def test_too_few_words_are_refused_with_their_number(
    samples: EvaluationSet, tmp_path: Path
) -> None:
    few = EvaluationSet("few", "quads", "test", samples.samples[:2], ["iou"])
    model = ModelRunner("craftlite-small", "quads", cache=tmp_path, long_side=320)
    fit = fit_calibration([(few, model)], model.thresholds, "on few")
    assert fit.calibration is None
    assert "wrong words in 2 pictures, but a calibration needs 20 of each in 5" in fit.refusal


def test_a_fit_is_the_same_again_and_better_than_mean_region_scores(
    samples: EvaluationSet, tmp_path: Path
) -> None:
    model = ModelRunner("craftlite-small", "quads", cache=tmp_path, long_side=640)
    levels = Thresholds(text=0.5, link=0.4, low=0.4)
    fit = fit_calibration([(samples, model)], levels, "on samples")
    assert fit.calibration is not None
    assert fit == fit_calibration([(samples, model)], levels, "on samples")
    # Peak and mean say nearly the same; neither may count against a word.
    assert fit.calibration.peak >= 0 and fit.calibration.mean > 0
    assert fit.errors["samples"] == pytest.approx(fit.calibration.error, abs=1e-4)
    assert fit.errors["samples"] < 0.15


@pytest.mark.parametrize(("name", "wider"), [("craftlite-small", 2), ("craftlite-small-int8", 1.5)])
def test_shipped_scores_are_spread_and_change_no_word(name: str, wider: float) -> None:
    detector, plain = Detector(name, long_side=960), Detector(name, long_side=960)
    plain.calibration = None
    maps = detector.maps(SAMPLES / "images/street.jpg")
    found, before = detector.words(maps), plain.words(maps)
    assert np.array_equal(found.quads, before.quads)
    assert found.scores.max() > 0.9
    assert np.ptp(found.scores) > wider * np.ptp(before.scores)
    sure = detector.words(maps, min_score=0.9)
    assert 0 < len(sure) < len(found)
    assert sure.scores.tolist() == [score for score in found.scores.tolist() if score >= 0.9]


def test_weights_that_ship_are_calibrated() -> None:
    for name in ("craftlite-small", "craftlite-small-int8"):
        calibration = catalogue()[name].calibration
        assert calibration is not None and calibration.error <= 0.05
        assert calibration.peak > 0
