"""Each kind of mistake, in a picture made for it."""

from collections.abc import Callable

import pytest

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.iou import match
from craftlite.evaluate.report.mistakes import mistakes
from craftlite.geometry import box

Make = Callable[..., Word]
WORD, NEXT = (0, 0, 100, 20), (110, 0, 210, 20)


@pytest.mark.parametrize(
    ("truths", "boxes", "of_truths", "of_boxes"),
    [
        ([WORD], [WORD], [None], [None]),
        ([WORD], [], ["missed"], []),
        ([], [WORD], [], ["false"]),
        ([WORD], [(0, 100, 100, 120)], ["missed"], ["false"]),
        ([WORD, NEXT], [(0, 0, 210, 20)], ["merged"] * 2, ["merged"]),
        ([WORD], [(0, 0, 48, 20), (52, 0, 100, 20)], ["split"], ["split"] * 2),
        ([WORD], [(0, 0, 100, 50)], ["loose"], ["loose"]),
        ([WORD], [(0, 0, 45, 20)], ["loose"], ["loose"]),
        ([WORD], [(0, 0, 9, 20)], ["missed"], ["false"]),
        ([WORD], [WORD, WORD], [None], [None, "twice"]),
        ([WORD], [WORD, (10, 2, 30, 18)], [None], [None, "twice"]),
    ],
)
def test_kinds(truths: list, boxes: list, of_truths: list, of_boxes: list) -> None:
    words, outlines = [Word(box(*sides)) for sides in truths], [box(*sides) for sides in boxes]
    found = mistakes(words, outlines, match(words, outlines))
    assert found.truths == of_truths
    assert found.detections == of_boxes


def test_dont_care_words_and_what_lies_in_them_are_no_mistakes(word: Make) -> None:
    words = [word(*WORD, ignore=True), word(*NEXT)]
    outlines = [box(0, 0, 90, 20), box(*NEXT)]
    assert mistakes(words, outlines, match(words, outlines)) == ([None, None], [None, None])
