"""Which group a word is in, and what is counted there."""

from collections.abc import Callable

from craftlite.data.sample import Word
from craftlite.evaluate.protocols.iou import match
from craftlite.evaluate.report.breakdown import by_groups, measures
from craftlite.geometry import Points, box

Make = Callable[..., Word]


def test_measures_are_those_of_the_least_rectangle(turned: Callable[..., Points]) -> None:
    for degrees, slope in ((0, 0), (20, 20), (-20, 20), (90, 90), (135, 45)):
        [one] = measures([turned(50, 50, 60, 20, degrees)])
        assert abs(one.height - 20) < 0.01
        assert abs(one.aspect - 3) < 0.01
        assert abs(one.slope - slope) < 0.01


def test_words_and_detections_are_counted_where_they_belong(word: Make) -> None:
    truths = [
        word(0, 0, 60, 10, text="small"),
        word(0, 100, 200, 150, text="a large one"),
        word(300, 0, 320, 100, text="up"),
        word(300, 300, 360, 310, ignore=True),
    ]
    # The first is found by a box that is higher than it; one box more is 30 pixels high.
    outlines = [box(0, 0, 60, 13), box(0, 100, 200, 150), box(500, 0, 600, 30)]
    groups = by_groups([(truths, outlines, match(truths, outlines))])
    small = groups["height"]["8 to 12"]
    assert (small.truths, small.detections, small.recall, small.precision) == (1, 1, 1, 1)
    other = groups["height"]["24 to 32"]
    assert (other.truths, other.detections, other.precision) == (0, 1, 0)
    assert groups["orientation"]["upright"].recall == 0
    assert groups["orientation"]["level"].truths == 2
    assert {name: score.recall for name, score in groups["length"].items()} == {
        "2 to 3": 0, "4 to 6": 1, "9 to 13": 1,
    }  # fmt: skip
    assert "under 8" not in groups["height"]


def test_nearly_square_words_have_no_direction(word: Make) -> None:
    truths = [word(0, 0, 20, 22, text="A")]
    groups = by_groups([(truths, [], match(truths, []))])
    assert list(groups["orientation"]) == ["level"]
    assert list(groups["length"]) == ["under 2"]
