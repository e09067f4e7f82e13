"""`craftlite eval` on datasets and result files that the tests write."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from craftlite.commands.eval import parser, run
from craftlite.errors import ConfigError, DatasetError

SQUARE = "10,10,30,10,30,30,10,30"
ELSEWHERE = "60,60,80,60,80,80,60,80"


@pytest.fixture
def icdar15(tmp_path: Path) -> Path:
    """The ground truth of three pictures, without the pictures: 3 words and 1 don't care."""
    truths = tmp_path / "data/icdar15/Challenge4_Test_Task1_GT"
    truths.mkdir(parents=True)
    (truths / "gt_img_1.txt").write_text(f"{SQUARE},one\r\n{ELSEWHERE},###\r\n")
    (truths / "gt_img_2.txt").write_text(f"{SQUARE},two\n{ELSEWHERE},three\n")
    (truths / "gt_img_3.txt").write_text("")
    return truths.parents[0]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two right detections, one in the don't-care region, and one bow tie where nothing is."""
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "res_img_1.txt").write_text(f"{SQUARE}\n{ELSEWHERE}\n")
    (folder / "res_img_2.txt").write_text(f"{SQUARE},0.9\n100,100,120,120,120,100,100,120\n")
    (folder / "res_img_9.txt").write_text(f"{SQUARE}\n")
    return folder


def evaluate(*options: str | Path) -> int:
    return run(parser().parse_args([str(option) for option in options]))


def test_json_of_result_files(
    icdar15: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = evaluate("--dataset", "icdar15", "--data", icdar15, "--results", results, "--json")
    assert code == 0
    printed = capsys.readouterr()
    facts: dict[str, Any] = json.loads(printed.out)
    assert facts == {
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 3),
        "hmean": pytest.approx(2 / 3),
        "pictures": 3,
        "truths": 3,
        "detections": 3,
        "matched": 2,
        "repaired": 1,
        "dataset": "icdar15",
        "split": "test",
        "protocol": "iou",
        "results": str(results),
    }
    assert "no result file, so no detections, for img_3" in printed.err
    assert "res_img_9.txt" in printed.err


def test_table_of_result_files_and_default_folder(
    icdar15: Path,
    results: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(icdar15.parents[1])
    assert evaluate("--dataset", "icdar15", "--results", "results") == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["dataset"] == "icdar15 test, 3 pictures"
    assert rows["precision"] == rows["recall"] == rows["H-mean"] == "66.67%"
    assert rows["protocol"] == "IoU above 0.5, ICDAR 2015"


def test_odd_ground_truth_is_said_in_a_line_for_each_kind(
    icdar15: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = icdar15 / "Challenge4_Test_Task1_GT/gt_img_3.txt"
    odd.write_text("5,5,5,5,5,5,5,5,dot\n" * 7 + f"{SQUARE},\n")
    evaluate("--dataset", "icdar15", "--data", icdar15, "--results", results)
    areas, text, *_ = capsys.readouterr().err.splitlines()
    assert areas == f"warning: the outline encloses no area: 7, the first at {odd}:1"
    assert "text is empty" in text
    assert text.endswith(f": 1, the first at {odd}:8")


def test_any_dataset_can_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="td500 is expected as"):
        evaluate("--dataset", "td500", "--data", tmp_path)


def test_model_options_contradict_result_files(icdar15: Path, results: Path) -> None:
    with pytest.raises(ConfigError, match=r"--long-side, --low-text: .*--results"):
        evaluate("--dataset", "icdar15", "--data", icdar15, "--results", results,
                 "--low-text", "0.3", "--long-side", "640")  # fmt: skip


def test_pictures_are_needed_to_run_a_model(icdar15: Path) -> None:
    with pytest.raises(DatasetError, match="ch4_test_images: there is no such folder"):
        evaluate("--dataset", "icdar15", "--data", icdar15)


@pytest.mark.parametrize(
    "options",
    [[], ["--dataset", "coco"], ["--dataset", "icdar15", "--split", "all"],
     ["--dataset", "icdar15", "--protocol", "deteval"],
     ["--dataset", "icdar15", "--low-text", "1.5"]],
)  # fmt: skip
def test_wrong_usage_exits_with_2(options: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        evaluate(*options)
    assert stop.value.code == 2


class Brightness:
    """A network of two lines: the brighter a pixel, the more it is text; nothing is linked."""

    def __call__(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        region = pictures[:, :1, ::2, ::2].clip(0, 2.2) / 2.2
        return np.concatenate([region, np.zeros_like(region)], axis=1)


@pytest.fixture
def bright_words(tmp_path: Path) -> Path:
    """One picture with a white and a grey word, its EXIF-free pixels in PNG."""
    picture = np.zeros((192, 256), np.uint8)
    picture[40:80, 20:120] = 255
    picture[120:160, 140:240] = 190
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    cv2.imwrite(str(tmp_path / "images/a.png"), picture)
    truth = "20,40,120,40,120,80,20,80,?\n140,120,240,120,240,160,140,160,?\n"
    (tmp_path / "gt/gt_a.txt").write_text(truth)
    return tmp_path


@pytest.mark.parametrize(("text_threshold", "recall"), [(0.9, 0.5), (0.5, 1.0)])
def test_model_is_run_with_the_thresholds_asked_for(
    bright_words: Path, capsys: pytest.CaptureFixture[str], text_threshold: float, recall: float
) -> None:
    options = ["--dataset", "quads", "--data", str(bright_words), "--json", "--long-side", "256"]
    args = parser().parse_args([*options, "--text-threshold", str(text_threshold)])
    args.weights = Brightness()
    assert run(args) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["precision"], facts["recall"], facts["pictures"]) == (1, recall, 1)
    assert (facts["text_threshold"], facts["link_threshold"]) == (text_threshold, 0.4)
    assert facts["long_side"] == 256
