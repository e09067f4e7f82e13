"""The layout of `icdar2003`: words, the boxes of their characters, and the splits."""

from pathlib import Path

import pytest
from written import PICTURE, problems, write

from craftlite.data import DATASETS
from craftlite.data.annotations import CHARACTERS, UNREADABLE, Dataset
from craftlite.data.readers import read_dataset
from craftlite.data.readers.competitions.icdar2003 import validation_stems
from craftlite.errors import DatasetError

WORD = "0,0,30,0,30,10,0,10,{}\n"


def read(root: Path, words: str, characters: str, stem: str = "a") -> Dataset:
    """The dataset whose one picture has these words; `stem` names its file of characters."""
    truths = {"images/a.jpg": PICTURE, "gt/gt_a.txt": words, f"chars/{stem}.txt": characters}
    return read_dataset("icdar2003", write(root, truths), "train", strict=False)


def test_characters_go_to_the_word_that_they_lie_in_from_left_to_right(tmp_path: Path) -> None:
    words = WORD.format("A, b") + "40,0,60,0,60,10,40,10,c\n80,0,90,0,90,9,80,9,###\n"
    characters = "20,0,30,10,b\n40,0,60.5,10,c\r\n0,0,10,10,a\n10,5,20,10,,\n81,0,89,9,x\n"
    dataset = read(tmp_path, words, characters)
    spaced, single, hidden = dataset.samples[0].words
    assert spaced.characters is not None
    assert spaced.characters[:, 0].tolist() == [[0, 0], [10, 5], [20, 0]]
    assert single.characters is not None
    assert single.characters.tolist() == [[[40, 0], [60.5, 0], [60.5, 10], [40, 10]]]
    assert (hidden.ignore, hidden.characters) == (True, None)
    assert not dataset.problems


def test_centre_in_the_quad_counts_not_in_its_upright_box(tmp_path: Path) -> None:
    words = "0,0,40,40,30,50,-10,10,d\n"
    dataset = read(tmp_path, words, "10,10,20,30,d\n30,0,40,10,e\n")
    [word] = dataset.samples[0].words
    assert word.characters is not None
    assert word.characters[:, 0].tolist() == [[10, 10]]
    assert problems(dataset, tmp_path) == [("chars/a.txt", CHARACTERS)]
    assert dataset.problems[0].found == "words: 0 of 1, characters in no word: 1"


def test_of_two_words_around_a_character_the_smaller_has_it(tmp_path: Path) -> None:
    words = WORD.format("ab") + "12,2,18,2,18,8,12,8,c\n"
    big, small = read(tmp_path, words, "0,0,9,9,a\n13,3,17,7,c\n20,0,29,9,b\n").samples[0].words
    assert big.characters is not None and len(big.characters) == 2
    assert small.characters is not None and len(small.characters) == 1


def test_words_whose_characters_do_not_fit_are_told_once_a_picture(tmp_path: Path) -> None:
    words = WORD.format("ab") + "40,0,60,0,60,10,40,10,c\n70,0,80,0,80,10,70,10,d\n"
    dataset = read(tmp_path, words, "0,0,10,10,a\n40,0,60,10,c\n")
    characters = [word.characters for word in dataset.samples[0].words]
    assert [quads is None for quads in characters] == [True, False, True]
    assert problems(dataset, tmp_path) == [("chars/a.txt", CHARACTERS)]
    assert dataset.problems[0].found == "words: 2 of 3, characters in no word: 0"


def test_missing_file_of_characters_is_told(tmp_path: Path) -> None:
    dataset = read(tmp_path, WORD.format("ab"), "", stem="b")
    [word] = dataset.samples[0].words
    assert (word.text, word.characters) == ("ab", None)
    assert problems(dataset, tmp_path) == [("chars/a.txt", CHARACTERS)]


def test_folder_of_characters_is_not_needed(tmp_path: Path) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE, "gt/gt_a.txt": WORD.format("ab")})
    dataset = read_dataset("icdar2003", tmp_path, "train")
    assert dataset.samples[0].words[0].characters is None
    assert not dataset.problems


@pytest.mark.parametrize("line", ["0,0,10,a", "0,0,10,10", "0,0,x,10,a", "0 0 10 10 a"])
def test_unreadable_character_is_told_by_line(tmp_path: Path, line: str) -> None:
    dataset = read(tmp_path, WORD.format("ab"), f"0,0,10,10,a\n{line}\n")
    assert dataset.samples[0].words[0].characters is None
    assert problems(dataset, tmp_path) == [
        ("chars/a.txt:2", UNREADABLE),
        ("chars/a.txt", CHARACTERS),
    ]


def test_every_fifth_picture_is_for_validation(tmp_path: Path) -> None:
    for number in range(1, 13):
        write(tmp_path, {f"images/{number}.jpg": PICTURE, f"gt/gt_{number}.txt": ""})

    def names(split: str) -> list[str]:
        return [sample.name for sample in read_dataset("icdar2003", tmp_path, split).samples]

    assert names("val") == ["5", "10"]
    assert names("train") == ["1", "2", "3", "4", "6", "7", "8", "9", "11", "12"]


def test_validation_has_40_pictures_whatever_order_they_are_listed_in() -> None:
    stems = [f"img_{number}" for number in range(1, 301)]
    assert validation_stems(stems) == {f"img_{number}" for number in range(5, 201, 5)}
    assert validation_stems(reversed(stems)) == validation_stems(stems)


def test_there_is_no_test_split(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="icdar2003 has no split 'test'; it has train, val"):
        read_dataset("icdar2003", tmp_path, "test")


def test_it_is_scored_by_iou() -> None:
    assert DATASETS["icdar2003"].protocol == "iou"
