"""Result files in the competitions' format, from a folder or a zip file."""

import zipfile
from pathlib import Path

import pytest

from craftlite.errors import DatasetError
from craftlite.evaluate.results import read_results


def one(folder: Path, text: str) -> list[list[list[float]]]:
    (folder / "res_img_1.txt").write_text(text, encoding="utf-8")
    return [p.tolist() for p in read_results(folder, ["img_1"]).polygons["img_1"]]


SQUARE = [[1, 2], [9, 2], [9, 8], [1, 8]]


@pytest.mark.parametrize(
    "line", ["1,2,9,2,9,8,1,8", "1, 2, 9, 2, 9, 8, 1, 8\r", "1,2,9,2,9,8,1,8,0.93", "1,2,9,8"]
)
def test_quad_confidence_and_box(tmp_path: Path, line: str) -> None:
    assert one(tmp_path, f"\ufeff{line}\n\n{line}\n") == [SQUARE, SQUARE]


def test_polygon_of_more_points_and_fractions(tmp_path: Path) -> None:
    five = [[1, 2], [5, 1.5], [9, 2], [9, 8], [1, 8]]
    flat = ",".join(str(v) for point in five for v in point)
    assert one(tmp_path, f"{flat}\n{flat},0.5") == [five, five]


@pytest.mark.parametrize(
    "line", ["1,2,9,2,9,8", "1,2,9,2,9,8,1,x", "", "1,2,9,2,9,8,1,inf", "1,2,9,2,9,8,1,-1e39"]
)
def test_unreadable_line_is_named(tmp_path: Path, line: str) -> None:
    if not line:
        assert one(tmp_path, line) == []
        return
    with pytest.raises(DatasetError, match=r"res_img_1\.txt:2: found .* expected x1,y1"):
        one(tmp_path, f"1,2,9,2,9,8,1,8\n{line}")


def test_missing_and_unknown_files(tmp_path: Path) -> None:
    for stem in ("img_2", "img_77"):
        (tmp_path / f"res_{stem}.txt").write_text("1,2,9,2,9,8,1,8")
    results = read_results(tmp_path, ["img_1", "img_2"])
    assert results.polygons["img_1"] == []
    assert len(results.polygons["img_2"]) == 1
    assert (results.missing, results.unknown) == (["img_1"], ["res_img_77.txt"])


def test_zip_file_with_a_folder_inside(tmp_path: Path) -> None:
    archive = tmp_path / "submission.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("results/res_img_1.txt", "1,2,9,2,9,8,1,8")
        file.writestr("__MACOSX/results/._res_img_1.txt", b"\x00\x05\x16")
    results = read_results(archive, ["img_1"])
    assert [p.tolist() for p in results.polygons["img_1"]] == [SQUARE]
    assert results.unknown == []


def test_no_file_at_all_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"expected files like res_img_1\.txt"):
        read_results(tmp_path, ["img_1"])
    with pytest.raises(DatasetError, match="expected a folder or a zip file"):
        read_results(tmp_path / "nowhere", ["img_1"])
