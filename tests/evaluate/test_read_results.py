"""Result files: text of the competitions, our JSON, a folder or a zip file; oddities in them."""

import json
import os
import zipfile
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pytest

from craftlite.data.annotations import ANTICLOCKWISE, CROSSING, MANY_NUMBERS, NO_AREA
from craftlite.errors import DatasetError
from craftlite.evaluate.results.formats import TEXT_IGNORED
from craftlite.evaluate.results.read import (
    MOST_WORDS,
    OUTSIDE,
    PART,
    WITHOUT_CONFIDENCE,
    Results,
    read_results,
)
from craftlite.formats import FilePerPicture, FilePerRun
from craftlite.words import Words

SQUARE = [[1, 2], [9, 2], [9, 8], [1, 8]]


def read(folder: Path, text: str, size: tuple[int, int] | None = None) -> Results:
    (folder / "res_img_1.txt").write_text(text, encoding="utf-8")
    return read_results(folder, {"img_1": size})


def kinds(results: Results) -> list[tuple[int, str]]:
    """Line and kind of each problem."""
    return [(int(p.where.rpartition(":")[2]), p.what) for p in results.problems]


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
    some = read(tmp_path, "1,2,9,8,0.5\n1,2,9,8\n")
    assert some.detections["img_1"].scores is None
    assert kinds(some) == [(2, WITHOUT_CONFIDENCE)]


@pytest.mark.parametrize(
    "line",
    ["1,2,9,2,9,8", "1,2,9,2,9,8,1,x", "1,2,9,2,9,8,1,inf", "1,2,9,2,9,8,1,-1e39",
     "1,2,9,2,9,8,1,8,nan"],
)  # fmt: skip
def test_unreadable_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DatasetError, match=r"res_img_1\.txt:2: found .* expected x1,y1"):
        one(tmp_path, f"1,2,9,2,9,8,1,8\n{line}")


def test_lines_are_scored_where_detect_wrote_lines(tmp_path: Path) -> None:
    quads = np.array([SQUARE, SQUARE], np.float32) + np.float32([[[0, 0]], [[10, 0]]])
    two = Words(quads, tuple(quads), np.array([0.5, 0.9], np.float32), (40, 20))
    for lines in (False, True):
        writer = FilePerPicture(tmp_path / str(lines), "json", polygons=False, lines=lines)
        writer.write("img_1.jpg", PurePath("img_1"), two)
    words, line = (
        read_results(tmp_path / name, {"img_1": None}).detections["img_1"]
        for name in ("False", "True")
    )
    assert [len(words), len(line)] == [2, 1]
    assert line.outlines[0].tolist() == [[1, 2], [19, 2], [19, 8], [1, 8]]
    assert line.scores is not None and line.scores.tolist() == pytest.approx([0.7])


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
    assert kinds(results) == [
        (2, ANTICLOCKWISE),
        (3, CROSSING),
        (3, OUTSIDE),
        (4, NO_AREA),
        (5, OUTSIDE),
    ]


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


@pytest.mark.parametrize("form", ["json", "jsonl", "icdar", "coco", "csv"])
@pytest.mark.parametrize("packed", [False, True])
def test_what_detect_writes_can_be_read(
    tmp_path: Path, words: Words, form: Any, packed: bool
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    if form in ("json", "icdar"):
        writer: Any = FilePerPicture(out, form, polygons=False)
    else:
        writer = FilePerRun(out, form, resume=False)
    writer.write("pictures/img_1.jpg", Path("img_1"), words)
    writer.close()
    if packed:
        with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
            for file in out.iterdir():
                archive.write(file, f"out/{file.name}")
    results = read_results(tmp_path / "out.zip" if packed else out, {"img_1": (20, 10)})
    assert (results.missing, results.unknown, results.problems) == ([], [], [])
    found = results.detections["img_1"]
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
    with pytest.raises(DatasetError, match="img_1 occurs twice"):
        read_results(tmp_path, {"img_1": None})


def test_no_file_at_all_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"expected files like res_img_1\.txt"):
        read_results(tmp_path, {"img_1": None})
    with pytest.raises(DatasetError, match="expected a folder or a zip file"):
        read_results(tmp_path / "nowhere", {"img_1": None})


@pytest.mark.parametrize("form", ["coco", "csv"])
def test_coco_and_csv_alone_and_beside_other_results(
    tmp_path: Path, words: Words, form: Any
) -> None:
    writer = FilePerRun(tmp_path, form, resume=False)
    writer.write("pictures/img_1.jpg", Path("img_1"), words)
    writer.close()
    [file] = [path for path in tmp_path.iterdir() if path.name != "results.jsonl"]
    journal = (tmp_path / "results.jsonl").read_text()
    (tmp_path / "results.jsonl").write_text(journal.replace("0.75", "0.5"))
    with pytest.raises(DatasetError, match=rf"{file.name}: img_1 occurs twice"):
        read_results(tmp_path, {"img_1": None})
    (tmp_path / "results.jsonl").unlink()
    other = file.rename(tmp_path / f"mine{file.suffix}")
    found = read_results(other, {"img_1": None}).detections["img_1"]
    assert found.outlines[0].tolist() == words.polygons[0].tolist()
    assert found.scores is not None
    assert found.scores.tolist() == [0.75]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("image;score\na;1", r":1: .*columns as .*image, score, x1"),
        ("image,score,x1,y1,x2,y2,x3,y3,x4,y4,polygon\na,1,1\n", ":2: .*expected 11 fields"),
        ("image,score,x1,y1,x2,y2,x3,y3,x4,y4,polygon\na" + ",x" * 10, ":2: .*numbers for score"),
        ('image,score,x1,y1,x2,y2,x3,y3,x4,y4,polygon\n"a', ":2: .*a row of a CSV"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path: Path, content: str, place: str) -> None:
    (tmp_path / "results.csv").write_text(content)
    with pytest.raises(DatasetError, match=r"results\.csv" + place):
        read_results(tmp_path, {"a": None})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"image_id": 7}, r"annotations\[0\]: .*the id of an image"),
        ({"image_id": [1]}, "a whole number for image_id"),
        ({"segmentation": {"counts": "x"}}, "a list for segmentation"),
        ({"segmentation": [[1, 2, 9, 2, 9, 8]] * 2}, "one polygon"),
        ({"score": 98}, "a number from 0 to 1"),
        ({"score": None}, "a number from 0 to 1"),
    ],
)
def test_coco_that_cannot_be_read(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    annotation = {"id": 1, "image_id": 1, "segmentation": [[1, 2, 9, 2, 9, 8, 1, 8]], "score": 1}
    images = [{"id": 1, "file_name": "a.jpg"}]
    for altered in (annotation, annotation | change):
        text = json.dumps({"images": images, "annotations": [altered], "categories": []})
        (tmp_path / "coco.json").write_text(text)
        if altered is annotation:
            assert len(read_results(tmp_path, {"a": None}).detections["a"]) == 1
    with pytest.raises(DatasetError, match=rf"coco\.json: .*{expected}"):
        read_results(tmp_path, {"a": None})


@pytest.mark.parametrize("number", ["1.5", "98", "-0.1", "12"])
def test_a_last_number_that_is_no_confidence_is_refused(tmp_path: Path, number: str) -> None:
    for line in (f"1,2,9,2,9,8,1,8,{number}", f"1,2,9,8,{number}"):
        with pytest.raises(
            DatasetError, match=r"res_img_1\.txt:2: .*a confidence from 0 to 1; rem"
        ):
            one(tmp_path, f"1,2,9,8\n{line}")


def test_texts_after_the_numbers_are_ignored_and_reported_once(tmp_path: Path) -> None:
    lines = ["1,2,9,2,9,8,1,8", "1,2,9,2,9,8,1,8,a, b", '1,2,9,2,9,8,1,8,0.5,"5,99"']
    results = read(tmp_path, "\n".join(lines))
    assert [o.tolist() for o in results.detections["img_1"].outlines] == [SQUARE] * 3
    assert kinds(results) == [(2, TEXT_IGNORED), (1, WITHOUT_CONFIDENCE)]
    number = read(tmp_path, "\n".join([*lines[:2], "1,2,9,2,9,8,1,8,0,5"]))
    assert kinds(number) == [(2, TEXT_IGNORED), (3, MANY_NUMBERS)]
    confidences = read(tmp_path, "1,2,9,2,9,8,1,8,0.5,0.9")
    assert kinds(confidences) == [(1, MANY_NUMBERS)]
    with pytest.raises(DatasetError, match=r"txt:1: found '1,2,9,8,a'"):
        read(tmp_path, "1,2,9,8,a")


def test_header_and_list_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"res_img_1\.txt:1: .*looks like a header"):
        read(tmp_path, "left,top,right,bottom\n1,2,9,8")
    (tmp_path / "res_img_1.txt").unlink()
    for name in ("results.json", "results.jsonl"):
        (tmp_path / name).write_text(json.dumps([{"image": "img_1.jpg", "words": []}], indent=1))
        with pytest.raises(DatasetError, match=rf"{name}.*: .*not a list; convert with jq -c"):
            read_results(tmp_path / name, {"img_1": None})


@pytest.mark.parametrize("part", [{"page": 2}, {"time": 1.5}])
@pytest.mark.parametrize("form", ["jsonl", "coco", "csv"])
def test_pages_and_frames_are_no_pictures(
    tmp_path: Path, words: Words, part: Any, form: Any
) -> None:
    writer = FilePerRun(tmp_path, form, resume=False)
    writer.write("img_1.tif", Path("img_1.tif"), words, part)
    writer.write("img_2.jpg", Path("img_2.jpg"), words)
    writer.close()
    results = read_results(tmp_path, {"img_1": None, "img_2": None})
    assert {problem.what for problem in results.problems} == {PART}
    assert (results.missing, len(results.detections["img_2"])) == (["img_1"], 1)
    with pytest.raises(DatasetError, match=r"no results for any picture .*; results of a page"):
        read_results(tmp_path, {"img_1": None})


def test_files_of_text_with_other_names_are_named(tmp_path: Path) -> None:
    for name in ("gt_img_1.txt", "img_2.txt", "notes.md", "z.txt"):
        (tmp_path / name).write_text("1,2,9,8")
    expected = r"in gt_img_1\.txt, img_2\.txt, notes\.md and 1 more; expected files like res_img_1"
    with pytest.raises(DatasetError, match=expected):
        read_results(tmp_path, {"img_1": None})
    assert read(tmp_path, "1,2,9,8").unknown == ["gt_img_1.txt", "img_2.txt", "z.txt"]


def test_names_in_composed_and_decomposed_letters_are_the_same(tmp_path: Path) -> None:
    one, other = "caf\u00e9", "cafe\u0301"
    with zipfile.ZipFile(tmp_path / "found.zip", "w") as archive:
        archive.writestr(f"res_{other}.txt", "1,2,9,8")
    assert len(read_results(tmp_path / "found.zip", {one: None}).detections[one]) == 1
    (tmp_path / f"res_{one}.txt").write_text("1,2,9,8")
    assert len(read_results(tmp_path, {other: None}).detections[other]) == 1
