"""Outlines that would take minutes to repair are refused; those that annotators draw are not."""

import numpy as np
import pytest

from craftlite.data.annotations import MOST_POINTS, UnreadableError, check_outline
from craftlite.geometry import Points

ANGLES = np.linspace(0, 2 * np.pi, MOST_POINTS, endpoint=False)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32) * 900


def scribble(points: int) -> Points:
    return np.random.default_rng(0).uniform(0, 999, (points, 2)).astype(np.float32)


def test_an_outline_of_many_points_is_taken_with_a_crossing_or_without() -> None:
    crossed = CIRCLE.copy()
    crossed[[100, 101]] = crossed[[101, 100]]
    for outline in (CIRCLE, crossed, scribble(16)):
        assert check_outline(outline, "gt_1.txt:3") is outline


def test_more_points_are_refused_with_their_place() -> None:
    more = np.concatenate([CIRCLE, CIRCLE[-1:]])
    with pytest.raises(UnreadableError, match=r"^gt_1\.txt:3: found '501 points', expected an out"):
        check_outline(more, "gt_1.txt:3")


@pytest.mark.parametrize("points", [60, MOST_POINTS])
def test_what_crosses_itself_often_is_refused_with_its_place(points: int) -> None:
    with pytest.raises(UnreadableError, match=r"^gt_1\.txt:3: found 'an outline that crosses it"):
        check_outline(scribble(points), "gt_1.txt:3")


def test_crossings_are_counted_each_once() -> None:
    # A star of 17 points: each side crosses all others but its neighbours.
    angles = np.arange(17) * 8 * 2 * np.pi / 17
    star = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32) * 900
    with pytest.raises(UnreadableError, match=r"itself 119 times', expected at most 100; give"):
        check_outline(star, "here")
