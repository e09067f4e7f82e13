"""Total-Text's DetEval on outlines: the rules that differ from ICDAR 2013's, and their oddities."""

from collections.abc import Callable

import pytest

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.deteval_polygon import match
from craftlite.geometry import box

Make = Callable[..., Word]
CASES = [
    ("recall above 0.7 and precision above 0.6", [(0, 0, 100, 20)], [(0, 0, 71, 20)], [1], [1]),
    ("recall of 0.704 rounds to 0.7, which is not above it", [(0, 0, 125, 20)], [(0, 0, 88, 20)],
     [0], [0]),
    ("precision of 0.6 is not above 0.6", [(0, 0, 60, 20)], [(0, 0, 100, 20)], [0], [0]),
    ("parts score 0.8 each, and so does the word", [(0, 0, 100, 20)],
     [(0, 0, 50, 20), (50, 0, 100, 20)], [0.8], [0.8, 0.8]),
    ("merged words score 0.8 each, and so does the box", [(0, 0, 100, 20), (110, 0, 210, 20)],
     [(0, 0, 210, 20)], [0.8, 0.8], [0.8]),
    ("two merged words need a recall of 0.6 only", [(0, 0, 100, 20), (105, 0, 205, 20)],
     [(0, 0, 170, 20)], [0.8, 0.8], [0.8]),
    ("one left in a box that touches two needs 0.7", [(0, 0, 100, 20), (100, 0, 200, 20)],
     [(30, 0, 102, 20), (102, 0, 200, 20)], [1, 1], [1, 1]),
    ("the same word twice is split", [(0, 0, 100, 20)], [(0, 0, 100, 20), (0, 0, 100, 20)],
     [0.8], [0.8, 0.8]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("truths", "boxes", "found", "correct"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_worked_examples(
    truths: list[tuple[int, ...]],
    boxes: list[tuple[int, ...]],
    found: list[float],
    correct: list[float],
) -> None:
    matching = match([Word(box(*t)) for t in truths], [box(*b) for b in boxes])
    assert matching.found.tolist() == pytest.approx(found)
    assert matching.correct.tolist() == pytest.approx(correct)


def test_dont_care_ratio_counts_a_pixel_more(word: Make) -> None:
    region = word(0, 0, 100, 20, ignore=True)
    # Of 40 x 20 pixels, 401 lie in the region: 401 / 801 is just above a half, 400 / 801 below.
    assert match([region], [box(79.95, 0, 119.95, 20)]).detection_scored.tolist() == [False]
    assert match([region], [box(80, 0, 120, 20)]).detection_scored.tolist() == [True]


def test_what_does_not_count_is_in_nobodys_way(word: Make) -> None:
    truths = [word(0, 0, 100, 20, ignore=True), word(0, 30, 100, 50)]
    matching = match(truths, [box(0, 0, 100, 20), box(0, 30, 100, 50)])
    assert matching.found.tolist() == [0, 1]
    assert matching.correct.tolist() == [0, 1]
    assert matching.groups == (((1,), (1,)),)
