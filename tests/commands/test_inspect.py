"""`craftlite inspect` on datasets that the tests write."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from craftlite.cli import main
from craftlite.commands.inspect import parser, run
from craftlite.errors import ConfigError, DatasetError, WeightsError

WORD = "10,10,50,10,50,30,10,30"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three pictures: two words and a don't-care region, four odd words, and nothing."""
    root = tmp_path / "data"
    add(root, "img_1", (100, 60), f"{WORD},word\n10,40,90,40,90,50,10,50,###\n")
    odd = [
        f"{WORD},a comma, here",
        f"{WORD},again",
        "190,20,240,20,240,30,190,30,?",
        "10,130,40,130,40,150,10,150,ÄÖ",
        "60,10,80,10,80,100,60,100,down",
        "100,50,120,50,120,54,100,54,tiny",
    ]
    add(root, "img_2", (200, 120), "\n".join(odd))
    add(root, "img_10", (50, 40), "")
    return root


def add(root: Path, name: str, size: tuple[int, int], truth: str) -> None:
    (root / "images").mkdir(parents=True, exist_ok=True)
    (root / "gt").mkdir(exist_ok=True)
    picture = np.full((size[1], size[0], 3), 90, np.uint8)
    cv2.imwrite(str(root / f"images/{name}.jpg"), picture)
    (root / f"gt/gt_{name}.txt").write_text(truth, encoding="utf-8")


def inspect(data: Path, *options: str | Path) -> int:
    arguments = ["--dataset", "quads", "--data", data, *options]
    return run(parser().parse_args([str(argument) for argument in arguments]))


def report_of(data: Path, capsys: pytest.CaptureFixture[str], *options: str | Path) -> Any:
    inspect(data, *options, "--json")
    return json.loads(capsys.readouterr().out)


def test_everything_is_counted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect(data, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["counts"] == {
        "pictures": 3,
        "pictures without words": 1,
        "words": 8,
        "legible": 7,
        "don't care": 1,
        "without text": 1,
        "with known characters": 0,
        "characters": 0,
        "vertical": 1,
        "curved": 0,
        "too small to learn": 1,
        "partly outside": 1,
        "wholly outside": 1,
        "drawn twice": 1,
        "with a comma": 1,
        "beyond ASCII": 1,
    }
    assert report["sizes"] == {"smallest": [50, 40], "median": [100, 60], "largest": [200, 120]}
    # Of the word that runs down, it is the characters that are measured.
    assert report["histogram"] == {
        **{"<8": 1, "8-16": 1, "16-32": 5},
        **{"32-64": 0, "64-128": 0, ">=128": 0},
    }
    assert report["heights"]["50"] == 20
    assert report["problems"] == []


def test_the_table_has_the_same_counts(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect(data) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "quads train"
    assert "legible                         7   87.5%" in lines
    assert "picture sizes: smallest 50 x 40, median 100 x 60, largest 200 x 120" in lines
    assert f"     16-32        5  {'#' * 40}" in lines
    assert "problems: 0" in lines


def test_pictures_and_lines_that_cannot_be_read_are_named_and_the_rest_is_counted(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "images/img_1.jpg").write_bytes(b"no picture")
    with (data / "gt/gt_img_2.txt").open("a") as truth:
        truth.write("\n1,2,3\n")
    assert inspect(data) == 1
    said = capsys.readouterr()
    assert said.err.startswith("3 pictures, 1 failed, ")
    assert str(data / "images/img_1.jpg") in said.err
    assert f"{data / 'gt/gt_img_2.txt'}:7" in said.err
    assert "        2  cannot be read" in said.out
    assert f"  {data / 'gt/gt_img_2.txt'}:7: cannot be read" in said.out
    report = report_of(data, capsys)
    assert report["problem_counts"] == {"cannot be read": 2}
    assert (report["counts"]["pictures"], report["counts"]["words"]) == (3, 8)
    assert report["sizes"]["smallest"] == [50, 40]


def test_of_many_problems_the_first_are_shown_and_json_has_all(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crossing = "10,10,50,30,50,10,10,30,cross\n"
    add(data, "img_3", (100, 60), crossing * 12)
    assert inspect(data) == 0
    said = capsys.readouterr().out
    assert said.count("gt_img_3.txt:") == 10
    assert "and 2 more" in said
    problems = report_of(data, capsys)["problems"]
    assert [problem["where"] for problem in problems] == [
        f"{data / 'gt/gt_img_3.txt'}:{line}" for line in range(1, 13)
    ]


def test_panels_a_sheet_and_the_report_are_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    report = report_of(data, capsys, "--out", out)
    names = {"img_1.jpg", "img_2.jpg", "img_10.jpg"}
    assert set(report["panels"]) == names
    assert {path.name for path in out.iterdir()} == {*names, "sheet.jpg", "inspect.json"}
    assert json.loads((out / "inspect.json").read_text()) == report
    sheet = cv2.imread(str(out / "sheet.jpg"))
    assert sheet is not None and sheet.std() > 20


def test_pictures_with_legible_words_are_drawn_first_and_the_seed_chooses(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20, 26):
        add(data, f"img_{number}", (60, 40), f"{WORD},###\n")
    chosen = [
        report_of(data, capsys, "--out", tmp_path / f"{k}", "--count", "3", "--seed", seed)
        for k, seed in enumerate("001")
    ]
    first, again, other = (report["panels"] for report in chosen)
    assert {"img_1.jpg", "img_2.jpg"} < set(first)
    assert first == again
    assert first != other
    one, two = (tmp_path / f"{k}" / first[0] for k in (0, 1))
    assert one.read_bytes() == two.read_bytes()


def test_a_picture_that_ends_early_is_named_and_another_drawn_in_its_place(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (60, 100, 3)).astype(np.uint8)
    whole = cv2.imencode(".png", picture)[1].tobytes()
    (data / "images/img_1.jpg").write_bytes(whole[:200])
    assert inspect(data, "--out", tmp_path / "out", "--count", "2") == 1
    assert str(data / "images/img_1.jpg") in capsys.readouterr().err
    report = json.loads((tmp_path / "out/inspect.json").read_text())
    assert sorted(report["panels"]) == ["img_10.jpg", "img_2.jpg"]
    assert report["problem_counts"] == {"cannot be read": 1}


def test_an_earlier_inspection_is_replaced(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert inspect(data, "--out", out) == 0
    (data / "images/img_2.jpg").unlink()
    (data / "gt/gt_img_2.txt").unlink()
    assert inspect(data, "--out", out) == 0
    assert not (out / "img_2.jpg").exists()
    assert (out / "img_1.jpg").exists()


@pytest.mark.parametrize("earlier", [True, False])
def test_files_of_another_origin_are_left_alone(data: Path, tmp_path: Path, earlier: bool) -> None:
    out = tmp_path / "out"
    if earlier:
        inspect(data, "--out", out)
    out.mkdir(exist_ok=True)
    (out / "img_9.jpg").write_text("mine")
    before = sorted(out.iterdir())
    with pytest.raises(ConfigError, match=r"img_9\.jpg"):
        inspect(data, "--out", out)
    assert sorted(out.iterdir()) == before
    assert (out / "img_9.jpg").read_text() == "mine"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"panels": 3}'])
def test_a_report_that_is_not_ours_is_left_alone(data: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "inspect.json").write_text(content)
    with pytest.raises(ConfigError, match=r"inspect\.json"):
        inspect(data, "--out", tmp_path)
    assert (tmp_path / "inspect.json").read_text() == content


def test_an_out_that_is_a_file_is_wrong_usage(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file"):
        inspect(data, "--out", tmp_path / "file")


def test_a_missing_dataset_is_an_error_and_costs_no_earlier_panels(
    data: Path, tmp_path: Path
) -> None:
    inspect(data, "--out", tmp_path / "out")
    with pytest.raises(DatasetError, match="nowhere"):
        inspect(tmp_path / "nowhere", "--out", tmp_path / "out")
    assert (tmp_path / "out/img_1.jpg").exists()


def test_rendered_samples_know_their_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--dataset", "synth", "--count", "2", "--out", str(tmp_path / "out"), "--json"]
    assert run(parser().parse_args(options)) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["counts"]["pictures"] == len(report["panels"]) == 2
    assert report["counts"]["with known characters"] == report["counts"]["legible"] > 0
    assert report["counts"]["characters"] > report["counts"]["legible"]


def test_panels_show_the_characters_that_a_network_finds(data: Path, tmp_path: Path) -> None:
    picture = np.full((120, 320, 3), 230, np.uint8)
    cv2.putText(picture, "STATION", (20, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.9, (20, 20, 60), 5)
    cv2.imwrite(str(data / "images/img_1.jpg"), picture)
    (data / "gt/gt_img_1.txt").write_text("16,34,290,34,290,84,16,84,?\n")
    plain, found = tmp_path / "plain", tmp_path / "found"
    assert inspect(data, "--out", plain) == 0
    assert inspect(data, "--out", found, "--weights", "craftlite-small") == 0

    def blue(folder: Path, name: str) -> bool:
        b, g, r = np.moveaxis(cv2.imread(str(folder / name)).astype(int), 2, 0)
        return bool(((b - r > 120) & (g - r > 60) & (b - g > 20)).sum() > 200)

    assert blue(found, "img_1.jpg") and not blue(plain, "img_1.jpg")
    # Nothing can be found where there is nothing to see.
    assert (found / "img_2.jpg").read_bytes() == (plain / "img_2.jpg").read_bytes()


def test_weights_need_a_place_for_panels_and_must_exist(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--weights needs --out"):
        inspect(data, "--weights", "craftlite-small")
    with pytest.raises(WeightsError, match="nothing"):
        inspect(data, "--out", tmp_path / "out", "--weights", "nothing")


def test_exit_codes_from_outside(data: Path, tmp_path: Path) -> None:
    arguments = ["inspect", "--dataset", "quads", "--data"]
    assert main([*arguments, str(data)]) == 0
    assert main([*arguments, str(tmp_path / "nowhere")]) == 1
    assert main([*arguments, str(data), "--out", str(data)]) == 2
    for wrong in (["--dataset", "nowhere"], ["--dataset", "quads", "--count", "0"], []):
        with pytest.raises(SystemExit) as stop:
            main(["inspect", *wrong])
        assert stop.value.code == 2
