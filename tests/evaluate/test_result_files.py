"""Result files: text of the competitions, our JSON, a folder or a zip file; oddities in them."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from craftlite.data.annotations import ANTICLOCKWISE, CROSSING, NO_AREA
from craftlite.errors import DatasetError
from craftlite.evaluate.result_files import MOST_WORDS, OUTSIDE, Results, read_results
from craftlite.formats import FilePerPicture, FilePerRun
from craftlite.words import Words

SQUARE = [[1, 2], [9, 2], [9, 8], [1, 8]]


def read(folder: Path, text: str, size: tuple[int, int] | None = None) -> Results:
    (folder / "res_img_1.txt").write_text(text, encoding="utf-8")
    return read_results(folder, {"img_1": size})


def one(folder: Path, text: str) -> list[list[list[float]]]:
    return [p.tolist() for p in read(folder, text).detections["img_1"].outlines]


@pytest.mark.parametrize(
    "line", ["1,2,9,2,9,8,1,8", "1, 2, 9, 2, 9, 8, 1, 8\r", "1,2,9,2,9,8,1,8,0.93", "1,2,9,8"]
)
def test_quad_confidence_and_box(tmp_path: Path, line: str) -> None:
    assert one(tmp_path, f"\ufeff{line}\n\n{line}\n") == [SQUARE, SQUARE]


def test_polygon_of_more_points_and_fractions(tmp_path: Path) -> None:
    five = [[1, 2], [5, 1.5], [9, 2], [9, 8], [1, 8]]
    flat = ",".join(str(v) for point in five for v in point)
    assert one(tmp_path, f"{flat}\n{flat},0.5") == [five, five]


def test_confidences_where_every_line_has_one(tmp_path: Path) -> None:
    sure = read(tmp_path, "1,2,9,8,0.5\n1,2,9,2,9,8,1,8,0.25\n").detections["img_1"]
    assert sure.scores is not None
    assert sure.scores.tolist() == [0.5, 0.25]
    assert read(tmp_path, "1,2,9,8,0.5\n1,2,9,8\n").detections["img_1"].scores is None


@pytest.mark.parametrize(
    "line",
    ["1,2,9,2,9,8", "1,2,9,2,9,8,1,x", "1,2,9,2,9,8,1,inf", "1,2,9,2,9,8,1,-1e39",
     "1,2,9,2,9,8,1,8,nan"],
)  # fmt: skip
def test_unreadable_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DatasetError, match=r"res_img_1\.txt:2: found .* expected x1,y1"):
        one(tmp_path, f"1,2,9,2,9,8,1,8\n{line}")


def test_missing_and_unknown_files(tmp_path: Path) -> None:
    for stem in ("img_2", "img_77"):
        (tmp_path / f"res_{stem}.txt").write_text("1,2,9,2,9,8,1,8")
    results = read_results(tmp_path, {"img_1": None, "img_2": None})
    assert [len(results.detections[name]) for name in ("img_1", "img_2")] == [0, 1]
    assert (results.missing, results.unknown) == (["img_1"], ["res_img_77.txt"])


def test_odd_outlines_are_counted_and_told_with_their_lines(tmp_path: Path) -> None:
    lines = [
        "1,2,9,2,9,8,1,8",
        "1,8,9,8,9,2,1,2",  # anticlockwise
        "0,0,10,0,10,10,0,10,0,1,1,-1",  # crosses itself, and is above the picture
        "5,5,5,5,5,5,5,5",
        "1,2,30,2,30,8,1,8",  # wider than the picture
    ]
    results = read(tmp_path, "\n".join(lines), size=(20, 10))
    assert len(results.detections["img_1"]) == 5
    assert results.detections["img_1"].outlines[1].tolist() == [[1, 8], [1, 2], [9, 2], [9, 8]]
    told = [(int(p.where.rpartition(":")[2]), p.what) for p in results.problems]
    assert told == [(2, ANTICLOCKWISE), (3, CROSSING), (3, OUTSIDE), (4, NO_AREA), (5, OUTSIDE)]


def test_zip_file_with_a_folder_inside(tmp_path: Path) -> None:
    archive = tmp_path / "submission.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("results/res_img_1.txt", "1,2,9,2,9,8,1,8")
        file.writestr("__MACOSX/results/._res_img_1.txt", b"\x00\x05\x16")
    results = read_results(archive, {"img_1": None})
    assert [p.tolist() for p in results.detections["img_1"].outlines] == [SQUARE]
    assert results.unknown == []


@pytest.fixture
def words() -> Words:
    """A word with a curved outline of five points."""
    outline = np.array([[1, 2], [5, 1.5], [9, 2], [9, 8], [1, 8]], np.float32)
    quads = np.array([SQUARE], np.float32)
    return Words(quads, (outline,), np.array([0.75], np.float32), (20, 10))


@pytest.mark.parametrize("form", ["json", "jsonl", "icdar"])
def test_what_detect_writes_can_be_read(tmp_path: Path, words: Words, form: Any) -> None:
    if form == "jsonl":
        writer: Any = FilePerRun(tmp_path, form, resume=False)
    else:
        writer = FilePerPicture(tmp_path, form, polygons=False)
    writer.write("pictures/img_1.jpg", Path("img_1"), words)
    found = read_results(tmp_path, {"img_1": (20, 10)}).detections["img_1"]
    assert found.quads[0].tolist() == SQUARE
    if form != "icdar":
        assert found.outlines[0].tolist() == words.polygons[0].tolist()
        assert found.scores is not None
        assert found.scores.tolist() == [0.75]


@pytest.mark.parametrize(
    "word",
    [
        {"quad": SQUARE, "polygon": SQUARE},
        {"quad": SQUARE[:3], "polygon": SQUARE, "score": 1},
        {"quad": SQUARE, "polygon": [[1, 2, 3]] * 4, "score": 1},
        {"quad": SQUARE, "polygon": SQUARE, "score": float("nan")},
        {"quad": SQUARE, "polygon": SQUARE, "score": "high"},
    ],
)
def test_json_that_is_not_ours_is_refused_with_its_line(
    tmp_path: Path, word: dict[str, Any]
) -> None:
    good = {"image": "img_1.jpg", "width": 20, "height": 10, "words": []}
    bad = good | {"image": "img_2.jpg", "words": [word]}
    file = tmp_path / "results.jsonl"
    file.write_text(f"{json.dumps(good)}\n{json.dumps(bad)}\n")
    with pytest.raises(DatasetError, match=r"results\.jsonl:2: found"):
        read_results(file, {"img_1": None, "img_2": None})


def test_what_would_take_too_long_to_score_is_refused_with_its_line(tmp_path: Path) -> None:
    scribble = np.random.default_rng(0).integers(0, 99, 120)
    with pytest.raises(DatasetError, match=r"res_img_1\.txt:2: found 'an outline that crosses"):
        read(tmp_path, "1,2,9,8\n" + ",".join(map(str, scribble)))
    word = {"quad": SQUARE, "polygon": scribble.reshape(-1, 2).tolist(), "score": 1}
    record = {"image": "img_1.jpg", "width": 20, "height": 10, "words": [word]}
    (tmp_path / "results.jsonl").write_text(f"\n{json.dumps(record)}")
    with pytest.raises(DatasetError, match=r"results\.jsonl:2: found 'an outline that crosses"):
        read_results(tmp_path / "results.jsonl", {"img_1": None})
    with pytest.raises(DatasetError, match=rf"txt:{MOST_WORDS + 1}: more than 10,000 words"):
        read(tmp_path, "1,2,9,8\n" * (MOST_WORDS + 1))


@pytest.mark.parametrize("text", ["9" * 5000, "[" * 10**5, '{"words": [{"quad": 1e999}]}'])
def test_json_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(DatasetError, match=r"results\.json.*: found .*, expected"):
        read_results(tmp_path / "results.json", {"img_1": None})


def test_results_that_are_no_regular_file_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "res_img_1.txt")  # nobody writes to it: reading would not end
    with pytest.raises(DatasetError, match=r"res_img_1\.txt: found 'p.*', expected a regular"):
        read_results(tmp_path, {"img_1": None})
    with pytest.raises(DatasetError, match="expected a folder or a zip file"):
        read_results(tmp_path / "res_img_1.txt", {"img_1": None})


def test_a_picture_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    line = json.dumps({"image": "img_1.jpg", "width": 20, "height": 10, "words": []})
    (tmp_path / "results.jsonl").write_text(f"{line}\n{line}\n")
    with pytest.raises(DatasetError, match="img_1 is there twice"):
        read_results(tmp_path, {"img_1": None})


def test_no_file_at_all_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"expected files like res_img_1\.txt"):
        read_results(tmp_path, {"img_1": None})
    with pytest.raises(DatasetError, match="expected a folder or a zip file"):
        read_results(tmp_path / "nowhere", {"img_1": None})
