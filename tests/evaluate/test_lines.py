"""When a detector is taken for one of lines, on result files made of the ground truth itself."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from craftlite.commands.eval import parser, run
from craftlite.evaluate.protocols import cleval

WORDS, LINES, PICTURES = 4, 5, 3  # words in a line, lines in a picture
Box = tuple[int, int, int, int]
Evaluate = Callable[..., str]


def line_of(place: int) -> list[Box]:
    """The boxes of a line's words, left, top, right, bottom."""
    return [(70 * n, 50 * place, 70 * n + 60, 50 * place + 20) for n in range(WORDS)]


def joined(words: list[Box]) -> list[Box]:
    """One box around a line's words."""
    return [(words[0][0], words[0][1], words[-1][2], words[0][3])]


def corners(box: Box) -> str:
    left, top, right, bottom = box
    return f"{left},{top},{right},{top},{right},{bottom},{left},{bottom}"


@pytest.fixture
def evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """Scores a function of each line's words as detections of pages of text; gives stderr."""
    truths = tmp_path / "data/gt"
    truths.mkdir(parents=True)
    text = "".join(f"{corners(box)},word\n" for n in range(LINES) for box in line_of(n))
    for number in range(PICTURES):
        (truths / f"gt_{number}.txt").write_text(text)

    def command(find: Callable[[int, list[Box]], list[Box]], *options: str) -> str:
        found = tmp_path / "found"
        found.mkdir()
        for number in range(PICTURES):
            boxes = [box for n in range(LINES) for box in find(n, line_of(n))]
            (found / f"res_{number}.txt").write_text("\n".join(map(corners, boxes)))
        common = ["--dataset", "quads", "--data", str(tmp_path / "data"), "--results", str(found)]
        assert run(parser().parse_args([*common, *options])) == 0
        return capsys.readouterr().err

    return command


def test_lines_are_recognised_and_shown_by_a_protocol_that_tolerates_them(
    evaluate: Evaluate, tmp_path: Path
) -> None:
    pytest.importorskip("jinja2")
    said = evaluate(lambda _, words: joined(words), "--report", str(tmp_path / "report"))
    assert "of the 60 words missed by iou, 60 are merged with others" in said
    assert "it seems to find lines rather than words" in said
    beside = "by cleval" if cleval.is_installed() else "by deteval, which accepts merged words, its"
    assert beside in said
    if not cleval.is_installed():
        assert "H-mean is 100.00%" in said
    facts = json.loads((tmp_path / "report/report.json").read_text())
    assert facts["notes"] == [said.partition("warning: ")[2].partition("\n")[0]]
    for file in ("report.html", "report.md"):
        assert "lines rather than words" in (tmp_path / "report" / file).read_text()


def test_curved_outlines_have_the_protocol_of_curved_outlines(evaluate: Evaluate) -> None:
    said = evaluate(lambda _, words: joined(words), "--protocol", "iou-polygon")
    assert "by iou-polygon" in said
    assert ("by cleval" if cleval.is_installed() else "by deteval-polygon") in said


@pytest.mark.parametrize(
    "find",
    [
        lambda _, words: words,
        lambda _, words: [],
        lambda _, words: [(*box[:3], box[1] + 9) for box in words],  # too low: loose
        lambda n, words: joined(words) if n == 0 else words,  # 12 words of 60
        lambda n, words: joined(words[:2]) if n < 4 else [],  # 24 merged, 36 missed
    ],
    ids=["words", "nothing", "loose", "few", "more are missed"],
)
def test_other_detectors_have_no_such_line(
    evaluate: Evaluate, find: Callable[[int, list[Box]], list[Box]]
) -> None:
    assert "lines rather than words" not in evaluate(find)


def test_where_merged_words_count_as_found_there_is_nothing_to_explain(evaluate: Evaluate) -> None:
    said = evaluate(lambda _, words: joined(words), "--protocol", "deteval")
    assert "lines rather than words" not in said


def test_few_words_are_too_few(evaluate: Evaluate, tmp_path: Path) -> None:
    for number in range(PICTURES):
        text = "".join(f"{corners(box)},word\n" for box in line_of(0)[:3])
        (tmp_path / f"data/gt/gt_{number}.txt").write_text(text)
    said = evaluate(lambda n, words: joined(words) if n == 0 else [])
    assert "lines rather than words" not in said
