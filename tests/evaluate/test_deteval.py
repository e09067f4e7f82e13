"""DetEval of ICDAR 2013, rule by rule on boxes whose last row and column count."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.deteval import match
from craftlite.geometry import box


class Case(NamedTuple):
    """Boxes as left, top, right, bottom; those of `ignored` are don't care."""

    why: str
    truths: list[tuple[int, int, int, int]]
    boxes: list[tuple[int, int, int, int]]
    found: list[float]
    correct: list[float]
    ignored: tuple[int, ...] = ()
    counts: list[bool] | None = None  # of the boxes, all where None


# A word of 100 x 20 pixels, its right half, and a second word 10 pixels beside it.
WORD, LEFT, RIGHT = (0, 0, 99, 19), (0, 0, 49, 19), (50, 0, 99, 19)
NEXT, BOTH = (110, 0, 209, 19), (0, 0, 209, 19)
AWAY = (500, 500, 599, 519)

CASES = [
    Case("the same box", [WORD], [WORD], [1], [1]),
    Case("recall of exactly 0.8 is enough", [WORD], [(0, 0, 79, 19)], [1], [1]),
    Case("recall of 0.79 is not", [WORD], [(0, 0, 78, 19)], [0], [0]),
    Case("precision of exactly 0.4 is enough", [WORD], [(0, 0, 99, 49)], [1], [1]),
    Case("precision of 20 rows of 51 is not", [WORD], [(0, 0, 99, 50)], [0], [0]),
    Case("boxes that touch by their last column share it", [WORD], [(99, 0, 99, 19)], [0], [0]),
    Case("nothing found", [WORD], [], [0], []),
    Case("nothing to find", [], [WORD], [], [0]),
    Case("split in two halves: 0.8 for the word and 0.8 for each half",
         [WORD], [LEFT, RIGHT], [0.8], [0.8, 0.8]),
    Case("split where the second part lies mostly outside: it is no part, and the first too short",
         [WORD], [LEFT, (50, 0, 249, 19)], [0], [0, 0]),
    Case("split in three", [WORD], [(0, 0, 29, 19), (30, 0, 59, 19), (60, 0, 99, 19)],
         [0.8], [0.8, 0.8, 0.8]),
    Case("parts that cover 0.8 together", [WORD], [(0, 0, 39, 19), (40, 0, 79, 19)],
         [0.8], [0.8, 0.8]),
    Case("parts that cover 0.79 together", [WORD], [(0, 0, 39, 19), (40, 0, 78, 19)],
         [0], [0, 0]),
    Case("the same word twice counts as split", [WORD], [WORD, WORD], [0.8], [0.8, 0.8]),
    Case("a word and a sliver that touches it but is no part: one to one in the second pass",
         [WORD], [WORD, (95, 0, 195, 19)], [1], [1, 0]),
    Case("two words in one box: 1 each and 1 for the box", [WORD, NEXT], [BOTH], [1, 1], [1]),
    Case("two words in a box too large for them", [WORD, NEXT], [(0, 0, 209, 59)], [0, 0], [0]),
    Case("a box over one word that touches the next: one to one in the third pass",
         [WORD, NEXT], [(0, 0, 115, 19)], [1, 0], [1]),
    Case("one of the merged words has a box of its own, and takes the large one for a part too",
         [WORD, NEXT], [BOTH, WORD], [0.8, 0], [0.8, 0.8]),
    Case("two words, each with its own box", [WORD, NEXT], [NEXT, WORD], [1, 1], [1, 1]),
    Case("a wrong box beside a right one", [WORD], [WORD, AWAY], [1], [1, 0]),
    Case("a don't-care word is neither found nor missed", [WORD, NEXT], [WORD], [1, 0], [1],
         ignored=(1,)),
    Case("a box on a don't-care word does not count", [WORD, NEXT], [WORD, NEXT], [1, 0], [1, 0],
         ignored=(1,), counts=[True, False]),
    Case("exactly 0.4 in a don't-care word still counts", [WORD], [(60, 0, 159, 19)], [0], [0],
         ignored=(0,), counts=[True]),
    Case("0.41 does not", [WORD], [(59, 0, 158, 19)], [0], [0], ignored=(0,), counts=[False]),
    Case("two don't-care words do not add up", [(0, 0, 29, 19), (70, 0, 99, 19)], [WORD], [0, 0],
         [0], ignored=(0, 1), counts=[True]),
    Case("a box that does not count is no part of a word", [WORD, (50, 0, 149, 19)],
         [LEFT, (52, 0, 149, 19)], [0, 0], [0, 0], ignored=(1,), counts=[True, False]),
    Case("a don't-care word that fills exactly 0.4 of the box is in the way of one to one",
         [WORD, (0, 0, 39, 19)], [WORD], [0, 0], [0], ignored=(1,), counts=[True]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_worked_examples(case: Case) -> None:
    truths = [
        Word(box(*sides), None, number in case.ignored) for number, sides in enumerate(case.truths)
    ]
    matching = match(truths, [box(*sides) for sides in case.boxes])
    assert matching.found.tolist() == pytest.approx(case.found)
    assert matching.correct.tolist() == pytest.approx(case.correct)
    assert matching.detection_scored.tolist() == (case.counts or [True] * len(case.boxes))
    assert matching.truth_scored.tolist() == [not word.ignore for word in truths]


def test_outlines_are_taken_as_their_upright_boxes() -> None:
    diamond = box(0, 0, 20, 20)[[0, 1, 2, 3]] + [[10, 0], [0, 10], [-10, 0], [0, -10]]
    assert match([Word(box(0, 0, 20, 20))], [diamond]).found.tolist() == [1]


sides = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 40), st.integers(1, 40))
boxes = st.builds(lambda s: box(s[0], s[1], s[0] + s[2], s[1] + s[3]), sides)
truths = st.lists(st.builds(Word, boxes, ignore=st.booleans()), max_size=6)


@given(truths, st.lists(boxes, max_size=6))
def test_credits_are_those_of_the_groups(truths: list[Word], boxes: list[Any]) -> None:
    matching = match(truths, boxes)
    assert set(matching.found) | set(matching.correct) <= {0.0, 0.8, 1.0}
    assert not matching.found[~matching.truth_scored].any()
    assert not matching.correct[~matching.detection_scored].any()
    members = [number for group in matching.groups for number in group.detections]
    assert sorted(members) == (matching.correct > 0).nonzero()[0].tolist()


@given(truths, st.lists(boxes, max_size=6))
def test_a_box_far_away_changes_precision_alone(truths: list[Word], boxes: list[Any]) -> None:
    before, after = match(truths, boxes), match(truths, [*boxes, box(500, 500, 520, 520)])
    assert after.found.tolist() == before.found.tolist()
    assert after.correct.tolist() == [*before.correct.tolist(), 0]
