"""CLEval through its package: characters of words, merged and split, and sums over pictures."""

from collections.abc import Callable

import numpy as np
import pytest

from craftlite.data.sample import Word
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.cleval import measure
from craftlite.evaluate.protocols.metric import Metric
from craftlite.geometry import Points, box

cleval = pytest.importorskip("cleval", reason="needs craftlite[cleval]")
Make = Callable[..., Word]
HELLO, YOU, BOTH = box(0, 0, 100, 20), box(110, 0, 200, 20), box(0, 0, 200, 20)


@pytest.fixture
def truths(word: Make) -> list[Word]:
    """Eight characters in two words, and a don't-care word."""
    return [
        word(0, 0, 100, 20, text="hello"),
        word(110, 0, 200, 20, text="you"),
        word(0, 100, 100, 120, ignore=True),
    ]


@pytest.mark.parametrize(
    ("outlines", "expected"),
    [
        ([HELLO, YOU], (8, 8, 8, 8)),
        ([BOTH], (8, 8, 8, 7)),  # a penalty of 1 for two words in one box
        ([HELLO], (8, 5, 5, 5)),
        ([HELLO, YOU, box(0, 100, 90, 120)], (8, 8, 8, 8)),
        ([], (8, 0, 0, 0)),
    ],
)
def test_characters_are_counted(
    truths: list[Word], outlines: list[Points], expected: tuple[int, ...]
) -> None:
    assert measure(truths, outlines)[:4] == expected


def test_a_word_without_text_counts_by_its_width(word: Make) -> None:
    few, many = (measure([word(0, 0, width, 20)], []).truths for width in (30, 200))
    assert 0 < few < many


def test_sums_are_those_of_the_package(truths: list[Word]) -> None:
    rng = np.random.default_rng(0)
    metric, package = Metric("cleval"), cleval.CLEvalMetric()
    texts, ignored = [w.text or "o" * 5 for w in truths], [w.ignore for w in truths]
    quads = np.array([w.polygon.ravel() for w in truths])
    for _ in range(5):
        found = [o + rng.normal(0, 8, (4, 2)).astype(np.float32) for o in (HELLO, YOU, BOTH)]
        metric.update(truths, Detections(found, found))
        package.update(np.array([o.ravel() for o in found]), quads, ["", "", ""], texts, ignored)
    score, theirs = metric.summary(), package.compute()
    assert score.precision == pytest.approx(float(theirs["det_p"]), abs=1e-6)
    assert score.recall == pytest.approx(float(theirs["det_r"]), abs=1e-6)
    assert score.hmean == pytest.approx(float(theirs["det_h"]), abs=1e-6)
