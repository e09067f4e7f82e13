"""MSRA-TD500's rules: turned boxes, a limit of angles, and lines that may be missed."""

from collections.abc import Callable

import pytest

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.td500 import match
from craftlite.geometry import Points, box

Turned = Callable[..., Points]


@pytest.mark.parametrize(("degrees", "found"), [(0, 1), (22, 1), (23, 0), (-22, 1), (158, 1)])
def test_angles_may_differ_by_less_than_22_and_a_half_degrees(
    turned: Turned, degrees: float, found: int
) -> None:
    line = Word(turned(100, 100, 120, 20, 0))
    assert match([line], [turned(100, 100, 120, 20, degrees)]).found.tolist() == [found]


def test_directions_wrap_around(turned: Turned) -> None:
    assert match([Word(turned(90, 90, 120, 20, 85))], [turned(90, 90, 120, 20, -85)]).found[0] == 1


def test_overlap_does_not_depend_on_the_angle(turned: Turned) -> None:
    # Upright about their centres, the two are the same but for 40 of 120 pixels: IoU 0.5 exactly.
    line = Word(turned(100, 100, 120, 20, 0))
    assert match([line], [turned(140, 100, 120, 20, 20)]).found.tolist() == [0]
    assert match([line], [turned(139, 100, 120, 20, 20)]).found.tolist() == [1]


def test_second_detection_of_a_line_is_wrong(turned: Turned) -> None:
    line = turned(100, 100, 120, 20, 30)
    matching = match([Word(line)], [line, line])
    assert matching.correct.tolist() == [1, 0]
    assert matching.detection_scored.tolist() == [True, True]


def test_a_difficult_line_may_be_missed_or_found(turned: Turned) -> None:
    easy, difficult = turned(100, 100, 120, 20, 0), turned(100, 200, 120, 20, 0)
    truths = [Word(easy), Word(difficult, ignore=True)]
    assert match(truths, [easy]).truth_scored.tolist() == [True, False]
    matching = match(truths, [easy, difficult, box(300, 300, 420, 320)])
    assert matching.detection_scored.tolist() == [True, False, True]
    assert (matching.found.tolist(), matching.correct.tolist()) == ([1, 0], [1, 0, 0])
