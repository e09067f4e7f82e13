"""Datasets written to a folder come back as samples, or as an error that says what is wrong."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.data.readers import Dataset, read_dataset
from craftlite.data.readers.folder import natural_order
from craftlite.data.readers.lines import quad_word
from craftlite.errors import DatasetError

LINE = b"10,20,50,20,50,40,10,40,word\n"
TRAINING = ("ch4_training_images", "ch4_training_localization_transcription_gt")
TEST = ("ch4_test_images", "Challenge4_Test_Task1_GT")


def write(root: Path, folders: tuple[str, str], truths: dict[str, bytes]) -> Path:
    pictures, texts = (root / folder for folder in folders)
    for folder in (pictures, texts):
        folder.mkdir(parents=True, exist_ok=True)
    for stem, raw in truths.items():
        cv2.imwrite(str(pictures / f"{stem}.jpg"), np.zeros((4, 6, 3), np.uint8))
        (texts / f"gt_{stem}.txt").write_bytes(raw)
    return root


def quads(root: Path, raw: bytes) -> Dataset:
    return read_dataset("quads", write(root, ("images", "gt"), {"a": raw}), "train")


def test_icdar15_lines_with_mark_crlf_commas_and_dont_care(tmp_path: Path) -> None:
    raw = "\ufeff1,2,11,2,11,8,1,8,£5,99\r\n\r\n3,3,9,3,9,6,3,6,###\r\n".encode()
    dataset = read_dataset("icdar15", write(tmp_path, TEST, {"img_1": raw}), "test")
    [sample] = dataset.samples
    assert sample.name == "img_1"
    assert sample.pixels().shape == (4, 6, 3)
    price, hidden = sample.words
    assert price.polygon.dtype == np.float32
    assert price.polygon.tolist() == [[1, 2], [11, 2], [11, 8], [1, 8]]
    assert (price.text, price.ignore) == ("£5,99", False)
    assert (hidden.text, hidden.ignore) == (None, True)


def test_icdar15_splits_the_training_pictures_at_900_in_order_of_number(tmp_path: Path) -> None:
    stems = [f"img_{n}" for n in (1000, 901, 10, 900, 2)]
    write(tmp_path, TRAINING, dict.fromkeys(stems, LINE))
    write(tmp_path, TEST, {"img_950": LINE})

    def names(split: str) -> list[str]:
        return [sample.name for sample in read_dataset("icdar15", tmp_path, split).samples]

    assert names("train") == ["img_2", "img_10", "img_900"]
    assert names("val") == ["img_901", "img_1000"]
    assert names("test") == ["img_950"]


@pytest.mark.parametrize("line", ['1 2 11 8 "a, b"', '1, 2, 11, 8, "a, b"', "1,2,11,8,a, b"])
def test_icdar13_boxes_with_spaces_or_commas(tmp_path: Path, line: str) -> None:
    folders = ("Challenge2_Training_Task12_Images", "Challenge2_Training_Task1_GT")
    write(tmp_path, folders, {"img_7": line.encode()})
    [word] = read_dataset("icdar13", tmp_path, "train").samples[0].words
    assert word.polygon.tolist() == [[1, 2], [11, 2], [11, 8], [1, 8]]
    assert word.text == "a, b"


def test_icdar13_test_folders_and_escaped_quotes(tmp_path: Path) -> None:
    folders = ("Challenge2_Test_Task12_Images", "Challenge2_Test_Task1_GT")
    write(tmp_path, folders, {"img_1": b'1, 2, 11, 8, "a \\"b\\""'})
    [word] = read_dataset("icdar13", tmp_path, "test").samples[0].words
    assert word.text == 'a "b"'


def test_quads_question_mark_is_readable_without_text_only_there(tmp_path: Path) -> None:
    raw = b"0,0,9.5,0,9.5,4.25,0,4.25,?\n0,0,9,0,9,4,0,4,###"
    unknown, hidden = quads(tmp_path / "q", raw).samples[0].words
    assert (unknown.text, unknown.ignore) == (None, False)
    assert unknown.polygon[2].tolist() == [9.5, 4.25]
    assert hidden.ignore
    icdar15 = write(tmp_path / "i", TEST, {"img_1": raw})
    assert read_dataset("icdar15", icdar15, "test").samples[0].words[0].text == "?"


def test_anticlockwise_quad_is_turned_and_keeps_its_first_corner(tmp_path: Path) -> None:
    [word] = quads(tmp_path, b"50,40,50,20,10,20,10,40,up").samples[0].words
    assert word.polygon.tolist() == [[50, 40], [10, 40], [10, 20], [50, 20]]


def test_rotated_reading_start_is_kept(tmp_path: Path) -> None:
    [word] = quads(tmp_path, b"10,40,10,20,50,20,50,40,up").samples[0].words
    assert word.polygon[0].tolist() == [10, 40]


@pytest.mark.parametrize("corners", [b"0,0,9,9,9,0,0,9", b"5,5,5,5,5,5,5,5"])
def test_odd_quads_are_kept_and_named(tmp_path: Path, corners: bytes) -> None:
    dataset = quads(tmp_path, LINE + corners + b",x")
    assert len(dataset.samples[0].words) == 2
    [problem] = dataset.problems
    assert "gt_a.txt:2" in problem


def test_picture_without_words(tmp_path: Path) -> None:
    assert quads(tmp_path, b"\xef\xbb\xbf\r\n").samples[0].words == ()


@pytest.mark.parametrize(
    "line",
    [
        b"10,20,50,20,50,40,10,word",
        b"10,20,50,20,50,40,10,40",
        b"10,20,x,20,50,40,10,40,word",
        b"10,20,nan,20,50,40,10,40,word",
        b"10,20,1e300,20,50,40,10,40,word",
        b"10 20 50 20 50 40 10 40 word",
    ],
)
def test_unreadable_line_is_named_with_what_was_found_and_expected(
    tmp_path: Path, line: bytes
) -> None:
    with pytest.raises(DatasetError) as error:
        quads(tmp_path, LINE + line)
    message = str(error.value)
    assert "gt_a.txt:2: " in message
    assert repr(line.decode()) in message
    assert "x1,y1,x2,y2,x3,y3,x4,y4,text" in message


def test_bytes_that_are_not_utf8_are_named_by_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gt_a\.txt:2: .*UTF-8"):
        quads(tmp_path, LINE + b"0,0,9,0,9,4,0,4,caf\xe9")


def test_missing_picture_and_missing_truth(tmp_path: Path) -> None:
    write(tmp_path, ("images", "gt"), {"a": LINE, "b": LINE, "c": LINE})
    (tmp_path / "images/b.jpg").unlink()
    with pytest.raises(DatasetError, match=r"images.*b\.jpg.*missing; .*images/<stem>\.jpg"):
        read_dataset("quads", tmp_path, "train")
    (tmp_path / "gt/gt_b.txt").unlink()
    (tmp_path / "gt/gt_a.txt").unlink()
    (tmp_path / "gt/gt_c.txt").unlink()
    with pytest.raises(DatasetError, match=r"gt_a\.txt and 1 more missing"):
        read_dataset("quads", tmp_path, "train")


def test_missing_folder_is_named_with_the_layout(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"Challenge4_Test_Task1_GT: .*ch4_test_images/img_N"):
        read_dataset("icdar15", tmp_path, "test")


def test_empty_split_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, TRAINING, {"img_1": LINE})
    with pytest.raises(DatasetError, match="no ground truth"):
        read_dataset("icdar15", tmp_path, "val")


def test_ground_truth_alone_when_pictures_are_not_needed(tmp_path: Path) -> None:
    truths = tmp_path / TEST[1]
    truths.mkdir()
    (truths / "gt_img_3.txt").write_bytes(LINE)
    [sample] = read_dataset("icdar15", tmp_path, "test", pictures=False).samples
    assert sample.picture == tmp_path / TEST[0] / "img_3.jpg"
    assert len(sample.words) == 1


def test_unknown_name_and_split_list_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="icdar13, icdar15, quads"):
        read_dataset("coco", tmp_path, "train")
    with pytest.raises(DatasetError, match=r"no split 'val'; it has train, test"):
        read_dataset("icdar13", tmp_path, "val")
    with pytest.raises(DatasetError, match="no split 'all'"):
        read_dataset("quads", tmp_path, "all")


@given(st.lists(st.integers(0, 3000), unique=True))
def test_natural_order_is_the_order_of_numbers(numbers: list[int]) -> None:
    names = sorted((f"img_{n}" for n in numbers), key=natural_order)
    assert names == [f"img_{n}" for n in sorted(numbers)]


@given(
    st.lists(st.integers(-2000, 2000), min_size=8, max_size=8),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))),
)
def test_any_transcription_and_corners_survive(corners: list[int], text: str) -> None:
    word = quad_word(",".join([*map(str, corners), text]))
    points = [[float(v) for v in corners[k : k + 2]] for k in range(0, 8, 2)]
    assert word.polygon[0].tolist() == points[0]
    assert sorted(word.polygon.tolist()) == sorted(points)
    if '"' not in text and text.strip() not in ("", "###"):
        assert word.text == text.strip()
