"""`craftlite eval` on datasets and result files that the tests write."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from craftlite.cli import main
from craftlite.commands import eval as eval_command
from craftlite.commands.eval import parser, run
from craftlite.errors import ConfigError, DatasetError
from craftlite.install import install_hint
from craftlite.postprocess import Thresholds
from craftlite.runtime import METADATA
from craftlite.weights import find_weights, settings_text, tuned_settings

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
        "found": 2,
        "correct": 2,
        "repaired": 1,
        "hmean_interval": [0, pytest.approx(1)],
        "pictures_with_false_finds": 1,
        "dataset": "icdar15",
        "split": "test",
        "protocol": "iou",
        "name": "results",
        "results": str(results),
        "odd": [
            f"{results}/res_img_2.txt:2: the outline crosses itself: "
            "(100, 100) (120, 120) (120, 100) (100, 120)",
            f"{results}/res_img_2.txt:2: words without a confidence, so none of their picture is "
            "used: 1 of 2",
        ],
    }
    assert "no result file, so no detections, for img_3" in printed.err
    assert "res_img_9.txt" in printed.err
    assert f"crosses itself: 1, the first at {results}/res_img_2.txt:2" in printed.err


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
    assert rows["precision"] == rows["recall"] == "66.67%"
    assert rows["H-mean"].startswith("66.67%, 95 % interval over pictures 0.0% to ")
    assert rows["protocol"] == "iou: IoU above 0.5, one to one, as ICDAR 2015 and MLT count"


def test_ground_truth_with_problems_gives_a_warning_for_each_kind(
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
                 "--low-text", "0", "--long-side", "640")  # fmt: skip


def test_pictures_are_needed_to_run_a_model(icdar15: Path) -> None:
    with pytest.raises(DatasetError, match="ch4_test_images: there is no such folder"):
        evaluate("--dataset", "icdar15", "--data", icdar15)


@pytest.mark.parametrize(
    "options",
    [["--dataset", "icdar15", "--split", "all"],
     ["--dataset", "icdar15", "--low-text", "1.5"]],
)  # fmt: skip
def test_wrong_usage_exits_with_2(options: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        evaluate(*options)
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ["--protocol", "deteval", "--protocol", "best"],
            "--protocol best: unknown; use one of iou, ",
        ),
        (["--dataset", "cocoa"], "--dataset cocoa: unknown; use one of icdar13, "),
        (["--dataset", "words", "--results", "r"], "belong to one dataset"),
        (["--data", "a", "--data", "b"], "2 --data for 1 --dataset"),
        (["--tune"], "not be chosen on the test split"),
        (["--tune", "--split", "val", "--weights", "a", "--weights", "b"], "one set of weights"),
        (["--calibrate-scores"], "not be fitted to the test split"),
        (["--calibrate-scores", "--tune", "--split", "val"], "-scores alone"),
        (["--calibrate-scores", "--long-side", "640", "--split", "val"], "-scores alone"),
        (["--report", "out", "--protocol", "cleval"], "needs a word-level protocol"),
        (["--results", "a/r", "--results", "b/r"], "duplicate name"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        evaluate("--dataset", "icdar15", *options)


def test_a_dataset_is_needed() -> None:
    with pytest.raises(ConfigError, match="give at least one --dataset"):
        evaluate("--weights", "craftlite-small")


def test_without_its_package_cleval_is_left_out_before_the_work(
    icdar15: Path,
    results: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cleval", None)
    options = ["--dataset", "icdar15", "--data", icdar15, "--results", results]
    assert evaluate(*options, "--protocol", "cleval", "--protocol", "iou", "--json") == 0
    out, err = capsys.readouterr()
    facts = json.loads(out)
    assert facts["protocol"] == "iou" and "rows" not in facts
    assert err.startswith("cleval is left out: pip install cleval\n")
    # Before the data is read: there is none.
    with pytest.raises(ConfigError, match="not installed: pip install cleval"):
        evaluate("--dataset", "icdar15", "--data", "none", "--protocol", "cleval")


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_without_its_packages_a_report_is_refused_before_the_work(
    package: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    for name in ("write", "charts"):
        monkeypatch.delitem(sys.modules, f"craftlite.evaluate.report.{name}", raising=False)
    command = ["eval", "--dataset", "icdar15", "--data", "none", "--report", "report"]
    assert main(command) == 2
    hint = f"craftlite eval: needs {package}, which comes with: {install_hint('report')}\n"
    assert capsys.readouterr().err == hint


@pytest.fixture
def brightness(tmp_path: Path) -> Path:
    """A network of a few lines: the brighter a pixel, the more it is text; nothing is linked."""

    def node(kind: str, inputs: str, out: str, **settings: Any) -> onnx.NodeProto:
        return helper.make_node(kind, inputs.split(), [out], **settings)

    constants = {"start": [0, 0, 0], "end": [1, 9999, 9999], "axes": [1, 2, 3], "step": [1, 2, 2]}
    numbers = [numpy_helper.from_array(np.array(v, np.int64), k) for k, v in constants.items()]
    for name, value in {"low": 0, "high": 2.2, "scale": 1 / 2.2}.items():
        numbers.append(numpy_helper.from_array(np.array(value, np.float32), name))
    nodes = [
        node("Slice", "pictures start end axes step", "red"),
        node("Clip", "red low high", "clipped"),
        node("Mul", "clipped scale", "region"),
        node("Mul", "region low", "affinity"),
        node("Concat", "region affinity", "maps", axis=1),
    ]
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", channels, "h", "w"])
        for name, channels in (("pictures", 3), ("maps", 2))
    ]
    graph = helper.make_graph(nodes, "brightness", ends[:1], ends[1:], numbers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    model.metadata_props.add(key=METADATA, value=json.dumps({"network": "craftlite-small"}))
    onnx.save(model, tmp_path / "brightness.onnx")
    return tmp_path / "brightness.onnx"


@pytest.fixture
def bright_words(tmp_path: Path) -> Path:
    """One picture with a white and a grey word."""
    folder = tmp_path / "bright"
    picture = np.zeros((192, 256), np.uint8)
    picture[40:80, 20:120] = 255
    picture[120:160, 140:240] = 190
    (folder / "images").mkdir(parents=True)
    (folder / "gt").mkdir()
    cv2.imwrite(str(folder / "images/a.png"), picture)
    truth = "20,40,120,40,120,80,20,80,?\n140,120,240,120,240,160,140,160,?\n"
    (folder / "gt/gt_a.txt").write_text(truth)
    return folder


@pytest.fixture
def bright(bright_words: Path, brightness: Path, tmp_path: Path) -> list[str | Path]:
    """The options that run the one on the other."""
    return ["--dataset", "quads", "--data", bright_words, "--weights", brightness,
            "--long-side", "256", "--cache", tmp_path / "cache"]  # fmt: skip


@pytest.mark.parametrize(("text_threshold", "recall"), [(0.9, 0.5), (0.5, 1.0)])
def test_model_is_run_with_the_thresholds_asked_for(
    bright: list[str | Path],
    capsys: pytest.CaptureFixture[str],
    text_threshold: float,
    recall: float,
) -> None:
    assert evaluate(*bright, "--json", "--text-threshold", str(text_threshold)) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["precision"], facts["recall"], facts["pictures"]) == (1, recall, 1)
    assert (facts["text_threshold"], facts["link_threshold"]) == (text_threshold, 0.4)
    assert (facts["long_side"], facts["network"]) == (256, "craftlite-small")
    assert (facts["origin"], facts["average_precision"]) == ("given by hand", recall)


def test_several_are_compared_with_the_first(
    bright: list[str | Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "res_a.txt").write_text("20,40,120,80\n")
    options = [*bright, "--results", f"other={folder}", "--protocol", "iou", "--protocol", "td500"]
    assert evaluate(*options, "--json", "--text-threshold", "0.5") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["hmean"] == 1
    names = [(row["name"], row["protocol"]) for row in facts["rows"]]
    assert names == [("brightness", "iou"), ("other", "iou"),
                     ("brightness", "td500"), ("other", "td500")]  # fmt: skip
    first = facts["differences"][0]
    assert (first["name"], first["protocol"]) == ("other", "iou")
    assert first["hmean"] == pytest.approx(2 / 3 - 1)
    assert evaluate(*options, "--text-threshold", "0.5") == 0
    text = capsys.readouterr().out
    assert "other minus" in text
    assert "-33.33 points of H-mean" in text


def test_milliseconds_are_of_one_run_or_left_out(
    bright: list[str | Path],
    brightness: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    twin = brightness.with_name("twin.onnx")
    model = onnx.load(brightness)
    model.producer_name = "twin"  # other bytes, so that its maps are its own
    onnx.save(model, twin)
    both, report = [*bright, "--weights", twin], tmp_path / "report"

    def shown() -> tuple[str, str, str]:
        assert evaluate(*both, "--report", report) == 0
        table = capsys.readouterr().out
        return table, (report / "report.html").read_text(), (report / "report.md").read_text()

    assert evaluate(*bright, "--json") == 0
    assert json.loads(capsys.readouterr().out)["milliseconds"] is not None
    for text in shown():  # the first one's maps are there already
        assert "not timed: brightness, because maps were cached" in text
    assert evaluate(*bright, "--json") == 0
    assert json.loads(capsys.readouterr().out)["milliseconds"] is None
    table, page, summary = shown()
    assert "not timed: brightness, twin, because" in table and " ms\n" not in table
    assert "<th>ms</th>" not in page and "time per picture" not in page
    assert " ms |" not in summary
    both.append("--clear-cache")
    table, page, summary = shown()
    assert " ms\n" in table and "<th>ms</th>" in page and " ms |" in summary
    for text in (table, page, summary):
        assert "timed one after the other in this run" in text and "not timed" not in text


def test_the_cache_is_cleared_by_itself_or_first(
    bright: list[str | Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache"
    evaluate(*bright)
    [kept] = cache.rglob("*.npz")
    other = kept.parent / "mine.txt"
    other.touch()
    size = f"{kept.stat().st_size / 1e6:.1f} MB"
    capsys.readouterr()
    assert evaluate("--clear-cache", "--cache", cache) == 0
    assert capsys.readouterr() == ("", f"removed {size} of score maps from {cache}\n")
    assert list(kept.parent.iterdir()) == [other]
    evaluate(*bright)
    os.utime(kept, (1000, 1000))
    assert evaluate(*bright, "--clear-cache") == 0
    assert capsys.readouterr().err.count(f"removed {size}") == 1
    assert kept.stat().st_mtime > 1000


def test_a_large_cache_is_mentioned_once(
    bright: list[str | Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluate(*bright, "--weights", "craftlite-small")
    assert "--clear-cache" not in capsys.readouterr().err
    monkeypatch.setattr(eval_command, "NOTABLE", 1000)
    evaluate(*bright, "--weights", "craftlite-small")
    line = f"score maps are cached in {tmp_path / 'cache'} (0.0 GB); --cache DIR stores them"
    assert capsys.readouterr().err.count(line) == 1


def test_report_of_a_model(bright: list[str | Path], tmp_path: Path) -> None:
    out = tmp_path / "report"
    assert evaluate(*bright, "--report", out) == 0
    facts = json.loads((out / "report.json").read_text())
    assert facts["details"][0]["mistakes"]["missed"]["words"] == 1
    assert facts["details"][0]["swept"] == "text threshold"
    assert {point["recall"] for point in facts["details"][0]["sweep"]} == {0.5, 1}
    page = (out / "report.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 3
    assert "http" not in page.replace("http://www.w3.org", "")  # the names that SVG goes by
    assert "1 of 2 words found" in page
    assert "| missed | 1 | 0 |" in (out / "report.md").read_text()


def test_report_of_result_files_without_pictures(
    icdar15: Path, results: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report"
    odd = icdar15 / "Challenge4_Test_Task1_GT/gt_img_1.txt"
    odd.rename(odd.with_name("gt_<b>1.txt"))
    assert evaluate("--dataset", "icdar15", "--data", icdar15, "--results", results,
                    "--report", out) == 0  # fmt: skip
    page = (out / "report.html").read_text()
    assert "data:image" not in page
    assert "&lt;b&gt;1" in page
    assert "<b>1" not in page
    assert "2 problems in the files of results" in page
    assert "res_img_2.txt:2: the outline crosses itself" in page


def test_report_of_confidences_where_a_picture_has_no_results(
    icdar15: Path, tmp_path: Path
) -> None:
    found = tmp_path / "found"
    found.mkdir()
    (found / "res_img_2.txt").write_text(f"{SQUARE},0.75\n100,100,120,120,0.35\n")
    options = ["--dataset", "icdar15", "--data", icdar15, "--results", found]
    assert evaluate(*options, "--report", tmp_path / "report") == 0
    [details] = json.loads((tmp_path / "report/report.json").read_text())["details"]
    assert details["swept"] == "confidence"
    precisions = {point["level"]: point["precision"] for point in details["sweep"]}
    assert (precisions[0.35], precisions[0.4], precisions[0.8]) == (0.5, 1, 0)
    assert [bin["precision"] for bin in details["calibration"]] == [0, 1]
    assert details["calibration_error"] == pytest.approx((0.25 + 0.35) / 2)
    page, text = ((tmp_path / f"report/report.{kind}").read_text() for kind in ("html", "md"))
    assert "Expected calibration error: 0.300." in page
    assert "<td>75.0 %</td><td>100.0 %</td><td>1</td>" in page
    assert "| 75.0 % | 100.0 % | 1 |" in text and "Expected calibration error: 0.300" in text


def test_tuned_thresholds_are_used_from_then_on(
    bright: list[str | Path], brightness: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(*bright, "--tune", "--split", "train", "--json") == 0
    out, err = capsys.readouterr()
    tuned = json.loads(out)
    assert "scores are not calibrated: found 2 right and 0 wrong words in 1 pictures, but" in err
    assert tuned["hmean"] == 1
    assert json.loads(brightness.with_suffix(".json").read_text())["long_side"] == 256
    assert evaluate(*bright, "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["hmean"], again["text_threshold"]) == (1, tuned["text_threshold"])
    assert again["origin"] == "on quads train, 1 pictures, by iou"


def test_scores_are_calibrated_for_the_thresholds_that_weights_have(
    brightness: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Bright boxes are words and dim ones are not, but for a few.
    random = np.random.default_rng(0)
    for number in range(80):
        bright = number % 2 == 0
        word = bright != (random.random() < 0.2)
        truth = "20,40,120,40,120,80,20,80,?\n" if word else ""
        level = int(random.integers(220, 250) if bright else random.integers(180, 210))
        write_box(tmp_path / "boxes", f"{number:02}", level, truth)
    options = ["--dataset", "quads", "--data", tmp_path / "boxes", "--split", "train", "--json",
               "--cache", tmp_path / "maps", "--weights", brightness]  # fmt: skip
    with pytest.raises(ConfigError, match="has no thresholds yet; use --tune"):
        evaluate(*options, "--calibrate-scores")
    levels = Thresholds(text=0.4)
    settings = tuned_settings(levels, 256, "for these tests", None, {})
    brightness.with_suffix(".json").write_text(settings_text(settings))
    report = tmp_path / "report"
    assert evaluate(*options, "--calibrate-scores", "--report", report) == 0
    err = capsys.readouterr().err
    assert "quads: expected calibration error on held-out pictures 0." in err
    entry = find_weights(brightness)
    assert entry.calibration is not None and entry.calibration.error < 0.2
    assert (entry.thresholds, entry.long_side) == (levels, 256)
    [details] = json.loads((report / "report.json").read_text())["details"]
    unsure = [part for part in details["calibration"] if part["confidence"] < 0.5]
    right = sum(part["size"] * part["precision"] for part in unsure)
    assert right < 0.35 * sum(part["size"] for part in unsure)
    assert 30 < sum(part["size"] for part in unsure) < 50
    assert details["calibration_error"] < 0.15


def write_box(folder: Path, name: str, brightness: int, truth: str) -> None:
    """A dark picture with one box in it, and its ground truth."""
    for part in ("images", "gt"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    picture = np.zeros((192, 256), np.uint8)
    picture[40:80, 20:120] = brightness
    cv2.imwrite(str(folder / f"images/{name}.png"), picture)
    (folder / f"gt/gt_{name}.txt").write_text(truth)


def test_several_datasets_are_tuned_for_together(
    bright: list[str | Path],
    bright_words: Path,
    brightness: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # A word as bright as what is no word in the other picture: no thresholds suit both.
    dim = tmp_path / "dim"
    write_box(dim, "b", 190, "20,40,120,40,120,80,20,80,?\n")
    (bright_words / "gt/gt_a.txt").write_text("20,40,120,40,120,80,20,80,?\n")
    both = [*bright, "--dataset", "quads", "--data", dim, "--split", "train", "--json"]
    assert evaluate(*both, "--tune") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["dataset"] for line in lines] == ["quads-bright", "quads-dim"]
    assert lines[0]["hmean"] < 1 == lines[1]["hmean"]
    assert "| quads-bright | 66.67% | 100.00% |" in brightness.with_suffix(".md").read_text()
    assert evaluate(*bright, "--json", "--thresholds", "quads-bright") == 0
    assert json.loads(capsys.readouterr().out)["hmean"] == 1
    with pytest.raises(ConfigError, match="they have quads-bright, quads-dim"):
        evaluate(*bright, "--thresholds", "streets")


def test_pictures_without_text_count_false_finds_alone(
    bright: list[str | Path],
    bright_words: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    textless = tmp_path / "textless"
    write_box(textless, "lamp", 255, "")
    write_box(textless, "night", 0, "")
    both = [*bright, "--dataset", "quads", "--data", textless, "--split", "train"]
    assert evaluate(*both, "--tune") == 0
    said = capsys.readouterr()
    assert "quads-textless: no words, so it does not affect the thresholds" in said.err
    assert "1, in 1 of 2 pictures" in said.out
    with pytest.raises(ConfigError, match="no dataset has a word"):
        evaluate("--dataset", "quads", "--data", textless, *bright[4:], "--split", "val", "--tune")


def test_a_ground_truth_without_words_gives_a_warning(
    icdar15: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in (icdar15 / "Challenge4_Test_Task1_GT").iterdir():
        file.write_text("")
    (tmp_path / "res_img_1.txt").write_text("1,2,9,8\n")
    assert evaluate("--dataset", "icdar15", "--data", icdar15, "--results", tmp_path) == 0
    assert "the ground truth has no words" in capsys.readouterr().err
