"""ICDAR 2013's layout: boxes, and the characters of the segmentation task."""

from pathlib import Path

import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import (
    ANTICLOCKWISE,
    CHARACTERS,
    NO_AREA,
    NO_TEXT,
    UNREADABLE,
    Dataset,
)
from craftlite.data.readers import read_dataset

PICTURES, WORDS, CHARS = (
    "Challenge2_Test_Task12_Images",
    "Challenge2_Test_Task1_GT",
    "Challenge2_Test_Task2_GT",
)


def read(root: Path, words: str, characters: str | None = None, name: str = "img_1_GT") -> Dataset:
    write(root, {f"{PICTURES}/img_1.jpg": PICTURE, f"{WORDS}/gt_img_1.txt": words})
    if characters is not None:
        write(root, {f"{CHARS}/{name}.txt": characters})
    return read_dataset("icdar13", root, "test", strict=False)


@pytest.mark.parametrize("line", ['1 2 11 8 "a, b"', '1, 2, 11, 8, "a, b"', "1,2,11,8,a, b"])
def test_boxes_with_spaces_or_commas(tmp_path: Path, line: str) -> None:
    folders = ("Challenge2_Training_Task12_Images", "Challenge2_Training_Task1_GT")
    write(tmp_path, {f"{folders[0]}/100.jpg": PICTURE, f"{folders[1]}/gt_100.txt": line})
    [sample] = read_dataset("icdar13", tmp_path, "train").samples
    [word] = sample.words
    assert sample.name == "100"
    assert word.polygon.tolist() == [[1, 2], [11, 2], [11, 8], [1, 8]]
    assert (word.text, word.characters) == ("a, b", None)


def test_escaped_quotes(tmp_path: Path) -> None:
    assert read(tmp_path, '1, 2, 11, 8, "a \\"b\\""').samples[0].words[0].text == 'a "b"'


def test_defects_are_told(tmp_path: Path) -> None:
    words = '\ufeff1,2,11,8,"good"\r\n1,2,11,8,""\r\n11,2,1,8,"mirrored"\r\n1,2,1,2,"dot"\r\n1,2,11'
    dataset = read(tmp_path, words)
    texts = [word.text for word in dataset.samples[0].words]
    assert texts == ["good", None, "mirrored", "dot"]
    assert dataset.samples[0].words[2].polygon.tolist() == [[11, 2], [11, 8], [1, 8], [1, 2]]
    file = f"{WORDS}/gt_img_1.txt"
    kinds = {2: NO_TEXT, 3: ANTICLOCKWISE, 4: NO_AREA, 5: UNREADABLE}
    assert problems(dataset, tmp_path) == [(f"{file}:{n}", what) for n, what in kinds.items()]


@pytest.mark.parametrize("name", ["img_1_GT", "gt_img_1"])
def test_characters_go_to_the_word_that_they_lie_in(tmp_path: Path, name: str) -> None:
    words = '0, 0, 30, 10, "ab c"\n40, 0, 60, 10, "d"\n100, 0, 120, 10, "###"\n'
    characters = (
        '255 0 0 5 5 0 0 10 10 "a"\n255 0 1 15 5 10 0 20 10 "b"\n9 9 9 20 5 19 0 21 10 " "\n'
        '255 0 2 25 5 20 0 30 10 "c"\n\n0 0 1 50 5 40 0 60 10 "d"\n\n'
        '#0 0 2 110 5 100 0 120 10 "x"\n'
    )
    dataset = read(tmp_path, words, characters, name)
    spaced, single, hidden = dataset.samples[0].words
    assert spaced.characters is not None
    assert spaced.characters.shape == (3, 4, 2)
    assert spaced.characters[1].tolist() == [[10, 0], [20, 0], [20, 10], [10, 10]]
    assert single.characters is not None
    assert single.characters[0].tolist() == [[40, 0], [60, 0], [60, 10], [40, 10]]
    assert hidden.characters is None
    assert not dataset.problems


def test_of_two_words_around_a_character_the_smaller_has_it(tmp_path: Path) -> None:
    words = '0 0 90 90 "ab"\n10 10 30 20 "c"\n'
    characters = (
        '1 1 1 20 15 10 10 30 20 "c"\n1 1 1 20 60 10 50 30 70 "a"\n1 1 1 1 1 40 50 60 70 "b"'
    )
    big, small = read(tmp_path, words, characters).samples[0].words
    assert small.characters is not None and len(small.characters) == 1
    assert big.characters is not None and len(big.characters) == 2


def test_characters_that_do_not_fit_are_told_and_left_out(tmp_path: Path) -> None:
    characters = '1 1 1 5 5 0 0 10 10 "a"\n#1 1 1 15 5 10 0 20 10 "b"\n1 1 1 5 "c"\n'
    dataset = read(tmp_path, '0 0 20 10 "ab"\n', characters)
    [word] = dataset.samples[0].words
    assert (word.text, word.characters) == ("ab", None)
    assert problems(dataset, tmp_path) == [
        (f"{CHARS}/img_1_GT.txt:3", UNREADABLE),
        (f"{WORDS}/gt_img_1.txt:1", CHARACTERS),
    ]


def test_missing_file_of_characters_is_told(tmp_path: Path) -> None:
    dataset = read(tmp_path, '0 0 20 10 "ab"\n', "", name="img_2_GT")
    assert dataset.samples[0].words[0].characters is None
    assert problems(dataset, tmp_path) == [(f"{CHARS}/img_1_GT.txt", CHARACTERS)]
