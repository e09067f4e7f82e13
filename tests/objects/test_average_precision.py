"""COCO's average precision: figures known by hand, pycocotools' own, and resampling."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.data.objects import ObjectPicture
from craftlite.objects import Objects

pytest.importorskip("pycocotools")
from craftlite.evaluate.average_precision import DRAWS, figures_of, precision_of

CLASSES = ("cat", "dog")
SIZE = (100, 100)


def truth(boxes: list[list[float]], labels: list[str], difficult: list[bool]) -> ObjectPicture:
    sides = np.array(boxes, np.float32).reshape(-1, 4)
    return ObjectPicture("a", Path("a.png"), sides, tuple(labels), np.array(difficult, bool))


def found(boxes: list[list[float]], labels: list[str], scores: list[float]) -> Objects:
    sides = np.array(boxes, np.float32).reshape(-1, 4)
    return Objects(sides, np.array(scores, np.float32), tuple(labels), SIZE)


A, B, C = [0.0, 0, 10, 10], [20.0, 20, 40, 40], [50.0, 50, 90, 60]


def test_what_is_all_found_is_one() -> None:
    result = precision_of(
        [truth([A, B], ["cat", "dog"], [False, False])],
        [found([B, A], ["dog", "cat"], [0.9, 0.2])],
        CLASSES,
    )
    assert (result.ap, result.ap50) == (pytest.approx(1), pytest.approx(1))
    assert result.of_class == pytest.approx({"cat": 1, "dog": 1})


def test_half_of_the_objects_is_half_and_a_false_find_before_halves_that() -> None:
    pictures = [truth([A, B], ["cat", "cat"], [False, False])]
    half = precision_of(pictures, [found([A], ["cat"], [0.9])], CLASSES)
    assert half.ap == pytest.approx(51 / 101)  # recalls 0, 0.01, ... 0.5
    late = precision_of(pictures, [found([C, A], ["cat", "cat"], [0.9, 0.8])], CLASSES)
    assert late.ap == pytest.approx(half.ap / 2)
    assert half.of_class.keys() == {"cat"}


def test_a_loose_box_counts_at_low_overlaps_alone() -> None:
    loose = [0.0, 0, 10, 16]  # IoU 0.625: three of the ten levels
    result = precision_of([truth([A], ["cat"], [False])], [found([loose], ["cat"], [0.9])], CLASSES)
    assert (result.ap, result.ap50) == (pytest.approx(0.3), pytest.approx(1))


def test_difficult_objects_count_neither_way() -> None:
    pictures = [truth([A, B], ["cat", "cat"], [False, True])]
    assert precision_of(pictures, [found([A], ["cat"], [0.9])], CLASSES).ap == pytest.approx(1)
    both = found([B, A], ["cat", "cat"], [0.95, 0.9])
    assert precision_of(pictures, [both], CLASSES).ap == pytest.approx(1)


def test_nothing_found_is_zero() -> None:
    result = precision_of([truth([A], ["cat"], [False])], [found([], [], [])], CLASSES)
    assert (result.ap, result.ap50, result.of_class) == (0, 0, {"cat": 0})
    assert (result.resampled() == 0).all()


@given(st.integers(0, 10_000))
def test_the_figures_from_matches_are_those_of_pycocotools(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pictures, detections = [], []
    for _ in range(rng.integers(1, 6)):
        count = int(rng.integers(1, 5))
        corners = rng.uniform(0, 60, (count, 2))
        boxes = np.hstack([corners, corners + rng.uniform(8, 40, (count, 2))])
        labels = rng.choice(CLASSES, count).tolist()
        pictures.append(truth(boxes.tolist(), labels, (rng.random(count) < 0.2).tolist()))
        moved = np.vstack([boxes + rng.normal(0, 3, boxes.shape), [A]])
        moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
        detections.append(found(moved.tolist(), [*labels, "dog"], rng.random(count + 1).tolist()))
    if all(one.difficult.all() for one in pictures):
        return
    result = precision_of(pictures, detections, CLASSES)
    plain = figures_of(result.matches, np.ones(len(pictures)))
    assert plain == pytest.approx((result.ap, result.ap50), abs=1e-9)


def test_drawing_pictures_anew_is_paired_and_spreads_around_the_figure() -> None:
    pictures = [truth([A, B], ["cat", "cat"], [False, False]) for _ in range(30)]
    detections = [
        found([A, B][: 1 + k % 2], ["cat"] * (1 + k % 2), [0.9] * (1 + k % 2)) for k in range(30)
    ]
    result = precision_of(pictures, detections, CLASSES)
    drawn = result.resampled()
    assert drawn.shape == (DRAWS, 2)
    assert drawn[:, 0].mean() == pytest.approx(result.ap, abs=0.02)
    assert 0.01 < drawn[:, 0].std() < 0.1
    assert np.array_equal(drawn, precision_of(pictures, detections, CLASSES).resampled())
