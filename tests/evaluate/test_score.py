"""Sums, average precision, and protocols by name."""

from collections.abc import Callable

import numpy as np
import pytest

from craftlite.data import DATASETS
from craftlite.data.sample import Word
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import PROTOCOLS, Metric
from craftlite.evaluate.score import Score, Tally, average_precision, summed
from craftlite.geometry import box
from craftlite.words import Words

Make = Callable[..., Word]


def test_ratios_of_sums() -> None:
    score = summed([Tally(4, 2, 1.8, 1.6), Tally(1, 0, 0, 0), Tally(0, 2, 0, 0, repaired=1)])
    assert (score.pictures, score.truths, score.detections, score.repaired) == (3, 5, 4, 1)
    assert (score.recall, score.precision) == (pytest.approx(0.36), pytest.approx(0.4))
    assert score.facts()["truths"] == 5
    assert isinstance(score.facts()["truths"], int)
    assert summed([]) == Score()


def test_average_precision_by_hand() -> None:
    # By score: right, wrong, right; the third of three words is not found.
    scores = np.array([0.5, 0.9, 0.7])
    found = average_precision(scores, np.array([True, True, False]), truths=3)
    assert found == pytest.approx((1 / 1 + 2 / 3) / 3)


def test_equal_scores_stay_in_file_order() -> None:
    scores = np.full(2, 0.5)
    assert average_precision(scores, np.array([True, False]), 1) == 1
    assert average_precision(scores, np.array([False, True]), 1) == 0.5


def test_no_average_precision_where_a_picture_has_no_scores(word: Make) -> None:
    quad = box(0, 0, 10, 10)
    metric = Metric()
    metric.update([word(0, 0, 10, 10)], Detections([quad], [quad], np.array([0.9], np.float32)))
    assert metric.summary().average_precision == 1
    metric.update([], Detections())
    assert metric.summary().average_precision == 1
    metric.update([word(0, 0, 10, 10)], Detections([quad], [quad]))
    assert metric.summary().average_precision is None


def test_curved_protocols_take_outlines_and_others_quads(word: Make) -> None:
    found = Detections([box(0, 0, 10, 10)], [box(50, 50, 60, 60)])
    for name, recall in (("iou", 1), ("deteval", 1), ("iou-polygon", 0), ("deteval-polygon", 0)):
        metric = Metric(name)
        metric.update([word(0, 0, 10, 10)], found)
        assert metric.summary().recall == recall, name


def test_a_models_words_are_rounded_to_whole_pixels() -> None:
    quads = np.array([[[0.4, 0.6], [9.5, 0], [9, 9], [0, 9]]], np.float32)
    words = Words(quads, (quads[0],), np.array([0.9], np.float32), (20, 20))
    assert Detections.of(words).quads[0].tolist() == [[0, 1], [10, 0], [9, 9], [0, 9]]


def test_every_dataset_has_a_protocol() -> None:
    assert {DATASETS[name].protocol for name in DATASETS} <= set(PROTOCOLS)
    assert (DATASETS["icdar15"].protocol, DATASETS["icdar13"].protocol) == ("iou", "deteval")
