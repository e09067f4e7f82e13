"""ICDAR 2015's layout, and what it has in common with the others."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from written import PICTURE, problems, write

from craftlite.data.annotations import (
    ANTICLOCKWISE,
    CROSSING,
    DUPLICATE,
    NO_AREA,
    NO_TEXT,
    TEXT_OF_NUMBERS,
    UNREADABLE,
    Dataset,
)
from craftlite.data.files.lines import quad_line
from craftlite.data.readers import read_dataset
from craftlite.errors import DatasetError

LINE = "10,20,50,20,50,40,10,40,word\n"
PICTURES, TRUTHS = "ch4_test_images", "Challenge4_Test_Task1_GT"
TRAINING = ("ch4_training_images", "ch4_training_localization_transcription_gt")


def read(root: Path, truth: str | bytes, **options: bool) -> Dataset:
    """The dataset whose test split is one picture with this ground truth."""
    write(root, {f"{PICTURES}/img_1.jpg": PICTURE, f"{TRUTHS}/gt_img_1.txt": truth})
    return read_dataset("icdar15", root, "test", **options)


def test_byte_order_mark_crlf_commas_and_dont_care(tmp_path: Path) -> None:
    dataset = read(tmp_path, "\ufeff1,2,11,2,11,8,1,8,£5,99\r\n\r\n3,3,9,3,9,6,3,6,###\r\n")
    [sample] = dataset.samples
    assert sample.name == "img_1"
    assert sample.pixels().shape == (4, 6, 3)
    price, hidden = sample.words
    assert price.polygon.dtype == np.float32
    assert price.polygon.tolist() == [[1, 2], [11, 2], [11, 8], [1, 8]]
    assert (price.text, price.ignore) == ("£5,99", False)
    assert (hidden.text, hidden.ignore) == (None, True)
    assert not dataset.problems


def test_training_pictures_are_split_at_900_in_order_of_number(tmp_path: Path) -> None:
    pictures, truths = TRAINING
    for number in (1000, 901, 10, 900, 2):
        write(tmp_path, {f"{pictures}/img_{number}.jpg": PICTURE})
        write(tmp_path, {f"{truths}/gt_img_{number}.txt": LINE})
    write(tmp_path, {f"{PICTURES}/img_950.jpg": PICTURE, f"{TRUTHS}/gt_img_950.txt": LINE})

    def names(split: str) -> list[str]:
        return [sample.name for sample in read_dataset("icdar15", tmp_path, split).samples]

    assert names("train") == ["img_2", "img_10", "img_900"]
    assert names("val") == ["img_901", "img_1000"]
    assert names("test") == ["img_950"]


def test_empty_split_is_an_error(tmp_path: Path) -> None:
    pictures, truths = TRAINING
    write(tmp_path, {f"{pictures}/img_1.jpg": PICTURE, f"{truths}/gt_img_1.txt": LINE})
    with pytest.raises(DatasetError, match="no ground truth"):
        read_dataset("icdar15", tmp_path, "val")


def test_anticlockwise_quad_is_turned_keeps_its_first_corner_and_is_told(tmp_path: Path) -> None:
    dataset = read(tmp_path, LINE + "50,40,50,20,10,20,10,40,up")
    assert dataset.samples[0].words[1].polygon.tolist() == [[50, 40], [10, 40], [10, 20], [50, 20]]
    assert problems(dataset, tmp_path) == [(f"{TRUTHS}/gt_img_1.txt:2", ANTICLOCKWISE)]
    assert dataset.problems[0].found == "'up' at (50, 40) (50, 20) (10, 20) (10, 40)"


def test_vertical_word_starts_where_its_reading_does(tmp_path: Path) -> None:
    dataset = read(tmp_path, "20,5,20,95,10,95,10,5,TALL")
    assert dataset.samples[0].words[0].polygon[:2].tolist() == [[20, 5], [20, 95]]
    assert not dataset.problems


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("0,0,9,9,9,0,0,9,x", CROSSING),
        ("5,5,5,5,5,5,5,5,x", NO_AREA),
        ("0,0,5,0,9,0,5,0,x", NO_AREA),
        ("0,0,9,0,9,9,0,9,", NO_TEXT),
        ('0,0,9,0,9,9,0,9,""', NO_TEXT),
    ],
)
def test_odd_words_are_kept_and_told(tmp_path: Path, line: str, kind: str) -> None:
    dataset = read(tmp_path, LINE + line)
    odd = dataset.samples[0].words[1]
    assert odd.polygon.ravel().tolist() == [float(v) for v in line.split(",")[:8]]
    assert (odd.text, odd.ignore) == (None if kind == NO_TEXT else "x", False)
    assert problems(dataset, tmp_path) == [(f"{TRUTHS}/gt_img_1.txt:2", kind)]


def test_box_outside_the_picture_is_kept(tmp_path: Path) -> None:
    [word] = read(tmp_path, "-5,-5,999,-5,999,9,-5,9,wide").samples[0].words
    assert word.polygon[1].tolist() == [999, -5]


def test_picture_without_words(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf\r\n").samples[0].words == ()


@pytest.mark.parametrize(
    "line",
    [
        "10,20,50,20,50,40,10,word",
        "10,20,50,20,50,40,10,40",
        "10,20,x,20,50,40,10,40,word",
        "10,20,nan,20,50,40,10,40,word",
        "10,20,1e300,20,50,40,10,40,word",
        "10 20 50 20 50 40 10 40 word",
    ],
)
def test_unreadable_line_is_named_with_what_was_found_and_expected(
    tmp_path: Path, line: str
) -> None:
    with pytest.raises(DatasetError) as error:
        read(tmp_path, f"{LINE}{line}\r\n")
    message = str(error.value)
    assert message.startswith(f"{tmp_path}/{TRUTHS}/gt_img_1.txt:2: found {line!r}, expected 8 ")
    assert "x1,y1,x2,y2,x3,y3,x4,y4,text" in message
    dataset = read(tmp_path, LINE + line, strict=False)
    assert [word.text for word in dataset.samples[0].words] == ["word"]
    assert problems(dataset, tmp_path) == [(f"{TRUTHS}/gt_img_1.txt:2", UNREADABLE)]


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        *[(text, False) for text in ("100,000", "36,000,000", "1.60", "40,257", '"1,2,3,4"')],
        *[(text, True) for text in ("1,2,3,4", "8,38,7,30,word", "0.9,word")],
    ],
)
def test_numbers_after_the_quad_are_its_text_and_reported_if_they_could_be_points(
    tmp_path: Path, text: str, doubtful: bool
) -> None:
    dataset = read(tmp_path, f"10,20,50,20,50,40,10,40,{text}")
    [word] = dataset.samples[0].words
    assert (len(word.polygon), word.text) == (4, text.strip('"'))
    kinds = [(f"{TRUTHS}/gt_img_1.txt:1", TEXT_OF_NUMBERS)] if doubtful else []
    assert problems(dataset, tmp_path) == kinds


def test_bytes_that_are_not_utf8_are_named_by_line(tmp_path: Path) -> None:
    raw = LINE.encode() + b"0,0,9,0,9,4,0,4,caf\xe9"
    with pytest.raises(DatasetError, match=r"gt_img_1\.txt:2: .*caf\\xe9.*UTF-8"):
        read(tmp_path, raw)
    assert len(read(tmp_path, raw, strict=False).samples) == 1


def test_second_picture_of_a_name_is_told(tmp_path: Path) -> None:
    write(tmp_path, {f"{PICTURES}/img_1.png": PICTURE})
    dataset = read(tmp_path, LINE)
    assert [sample.picture.name for sample in dataset.samples] == ["img_1.jpg"]
    assert problems(dataset, tmp_path) == [(f"{PICTURES}/img_1.png", DUPLICATE)]


def test_ground_truth_alone_when_pictures_are_not_needed(tmp_path: Path) -> None:
    write(tmp_path, {f"{TRUTHS}/gt_img_3.txt": LINE})
    [sample] = read_dataset("icdar15", tmp_path, "test", pictures=False).samples
    assert sample.picture == tmp_path / PICTURES / "img_3.jpg"
    assert len(sample.words) == 1


@given(
    st.lists(st.integers(-2000, 2000), min_size=8, max_size=8),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))),
)
def test_any_transcription_and_corners_survive(corners: list[int], text: str) -> None:
    found = quad_line(",".join([*map(str, corners), text]))
    assert found.outline.ravel().tolist() == corners
    if '"' not in text:
        assert found.text == text.strip()
