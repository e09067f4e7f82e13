"""Worked examples of each rule of the ICDAR 2015 protocol, and what must hold for all pictures."""

from random import Random

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.data.sample import Sample, Word
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.iou import match
from craftlite.evaluate.protocols.metric import Metric, score
from craftlite.evaluate.score import Score
from craftlite.geometry import Points
from craftlite.words import Words

Picture = tuple[list[Word], list[Points]]


def box(x: float, y: float, width: float = 10, height: float = 10) -> Points:
    corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return np.array(corners, np.float32)


def words(*boxes: Points) -> list[Word]:
    return [Word(polygon) for polygon in boxes]


def hidden(*boxes: Points) -> list[Word]:
    return [Word(polygon, ignore=True) for polygon in boxes]


def total(*pictures: Picture) -> Score:
    metric = Metric("iou")
    for truths, outlines in pictures:
        metric.update(truths, Detections(outlines, outlines))
    return metric.summary()


def test_iou_of_exactly_one_half_is_no_match() -> None:
    assert total((words(box(0, 0)), [box(0, 0, 10, 5)])).found == 0
    assert total((words(box(0, 0)), [box(0, 0, 10, 5.1)])).found == 1


def test_first_truth_takes_the_first_detection_above_one_half_not_the_best() -> None:
    truths = words(box(0, 0), box(1, 0))
    # The first detection fits the second truth exactly, yet the first truth (IoU 9/11) comes first.
    assert match(truths, [box(1, 0), box(0, 0)]).groups == (((0,), (0,)), ((1,), (1,)))
    # With only that detection, the second truth stays without one.
    assert match(truths, [box(1, 0)]).groups == (((0,), (0,)),)


def test_second_detection_of_the_same_word_is_a_false_positive() -> None:
    result = total((words(box(0, 0)), [box(0, 0), box(0, 0)]))
    assert (result.precision, result.recall) == (0.5, 1)


def test_dont_care_is_decided_before_matching() -> None:
    # The detection fits a word exactly, but most of it lies in a don't-care region.
    truths = words(box(0, 0)) + hidden(box(0, 0, 10, 6))
    assert total((truths, [box(0, 0)])) == Score(pictures=1, truths=1, detections=0)


def test_exactly_half_inside_dont_care_counts() -> None:
    truths = hidden(box(0, 0, 10, 5))
    assert total((truths, [box(0, 0)])).detections == 1
    assert total((truths, [box(0, 0, 10, 9.9)])).detections == 0


def test_two_dont_care_regions_do_not_add_up() -> None:
    truths = hidden(box(0, 0, 4, 10), box(6, 0, 4, 10))
    assert total((truths, [box(0, 0)])).detections == 1


def test_dont_care_truth_is_neither_found_nor_missed() -> None:
    result = total((words(box(50, 0)) + hidden(box(0, 0)), [box(50, 0)]))
    assert (result.truths, result.precision, result.recall) == (1, 1, 1)


def test_empty_pictures() -> None:
    assert total(([], [])) == Score(pictures=1)
    assert total(([], [box(0, 0)])) == Score(pictures=1, detections=1)
    assert total((words(box(0, 0)), [])) == Score(pictures=1, truths=1)
    nothing = total()
    assert (nothing.precision, nothing.recall, nothing.hmean) == (0, 0, 0)


def test_sums_over_pictures_not_means_of_pictures() -> None:
    good = ([*words(box(0, 0), box(20, 0), box(40, 0))], [box(0, 0), box(20, 0), box(40, 0)])
    bad = (words(box(0, 0)), [box(50, 50)])
    result = total(good, bad)
    assert (result.precision, result.recall, result.hmean) == (0.75, 0.75, 0.75)


def test_hmean_of_unequal_ratios() -> None:
    result = total((words(box(0, 0), box(20, 0)), [box(0, 0)]))
    assert (result.precision, result.recall) == (1, 0.5)
    assert result.hmean == pytest.approx(2 / 3)
    assert result.facts() == {
        "precision": 1,
        "recall": 0.5,
        "hmean": result.hmean,
        "pictures": 1,
        "truths": 2,
        "detections": 1,
        "found": 1,
        "correct": 1,
        "repaired": 0,
    }


def test_self_crossing_detection_is_repaired_and_counted() -> None:
    # The last corner lies beyond the first edge; what remains is nearly the whole word.
    crossing = np.array([[0, 0], [10, 0], [10, 10], [0, 10], [0, 1], [1, -1]], np.float32)
    result = total((words(box(0, 0)), [crossing]))
    assert (result.found, result.detections, result.repaired) == (1, 1, 1)


def test_bow_tie_counts_as_a_prediction() -> None:
    bow_tie = box(0, 0)[[0, 2, 1, 3]]
    result = total((words(box(0, 0)), [bow_tie]))
    assert (result.found, result.detections, result.repaired) == (0, 1, 1)


@pytest.mark.parametrize(
    "points", [[[5, 5]] * 4, [[0, 0], [9, 9], [5, 5], [2, 2]], [[1, 1], [2, 2]]]
)
def test_zero_area_is_a_prediction_even_inside_dont_care(points: list[list[float]]) -> None:
    result = total((hidden(box(0, 0)), [np.array(points, np.float32)]))
    assert (result.found, result.detections, result.repaired) == (0, 1, 1)


def test_zero_area_truth_is_a_miss() -> None:
    assert total((words(box(0, 0, 0, 0)), [box(0, 0)])) == Score(1, truths=1, detections=1)


def test_corner_order_and_direction_do_not_matter() -> None:
    assert total((words(box(0, 0)), [box(0, 0)[::-1]])).hmean == 1


def find_white(pixels: npt.NDArray[np.uint8]) -> Words:
    """A detector of white rectangles on black, 0.4 pixels off."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(pixels[..., 0]))
    quads = np.array([box(*stats[i, :4]) for i in range(1, count)], np.float32).reshape(-1, 4, 2)
    height, width = pixels.shape[:2]
    return Words(quads + 0.4, tuple(quads), np.ones(len(quads), np.float32), (width, height))


def test_score_runs_a_detector_over_samples_and_rounds_its_quads() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[10:11, 5:25] = 255
    found = Sample("a", picture, tuple(words(box(5, 10, 20, 1))))
    missed = Sample("b", np.zeros_like(picture), tuple(words(box(5, 10))))
    # Unrounded, 0.4 pixels off, the line of one pixel would have an IoU of 0.42.
    assert score([found, missed], find_white) == Score(
        2, truths=2, detections=1, found=1, correct=1, average_precision=0.5
    )


boxes = st.builds(
    box,
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(1, 30),
    st.integers(1, 30),
)
truth_lists = st.lists(st.builds(Word, boxes, ignore=st.booleans()), max_size=6)
pictures = st.tuples(truth_lists, st.lists(boxes, max_size=6))


@given(st.lists(pictures, max_size=4), st.randoms())
def test_order_of_pictures_changes_nothing(several: list[Picture], random: Random) -> None:
    shuffled = list(several)
    random.shuffle(shuffled)
    assert total(*several) == total(*shuffled)


@given(st.integers(1, 6), st.integers(1, 6))
def test_perfect_detections_score_one(rows: int, columns: int) -> None:
    grid = [box(20 * c, 20 * r) for r in range(rows) for c in range(columns)]
    result = total((words(*grid), grid[::-1]))
    assert (result.precision, result.recall, result.hmean) == (1, 1, 1)


@given(pictures)
def test_a_false_positive_never_raises_precision(picture: Picture) -> None:
    truths, detections = picture
    before = total(picture)
    after = total((truths, [*detections, box(500, 500)]))
    assert after.precision <= before.precision
    assert (after.recall, after.found) == (before.recall, before.found)


@given(pictures, st.integers(1, 3))
def test_detections_inside_dont_care_change_nothing(picture: Picture, count: int) -> None:
    truths, detections = picture
    region = hidden(box(500, 500, 50, 50))
    inside = [box(505 + i, 505) for i in range(count)]
    assert total((truths + region, inside + detections)) == total((truths + region, detections))


@given(pictures)
def test_ratios_are_ratios_and_pairs_are_one_to_one(picture: Picture) -> None:
    result = total(picture)
    assert 0 <= min(result.precision, result.recall) <= result.hmean <= 1
    matching = match(*picture)
    assert len({group.truths for group in matching.groups}) == len(matching.groups)
    assert len({group.detections for group in matching.groups}) == len(matching.groups)
    assert result.found == result.correct == len(matching.groups)
