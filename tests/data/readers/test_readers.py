"""What holds for every dataset, whatever its layout."""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from written import PICTURE, write

from craftlite.data import DATASETS, SPLITS
from craftlite.data.annotations import (
    CHARACTERS,
    FEWEST_QUADS,
    OTHER_CORNER,
    SHORT_SIDE,
    Annotation,
    IssueLog,
    corner_problems,
)
from craftlite.data.files.folder import natural_order
from craftlite.data.files.lines import MOST_BYTES, LineParser, quad_line
from craftlite.data.readers import read_dataset, reader_of
from craftlite.data.readers.competitions.ctw1500 import polygon_line
from craftlite.data.readers.competitions.icdar13 import box_line, character_line
from craftlite.data.readers.competitions.icdar2003 import character_box_line
from craftlite.data.readers.competitions.mlt import quad_script_line
from craftlite.data.readers.competitions.td500 import rotated_line
from craftlite.data.readers.competitions.totaltext import polygon_record
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError
from craftlite.evaluate.protocols.metric import PROTOCOLS
from craftlite.geometry import signed_area
from craftlite.train.recipe_file import shipped_recipes

PARSERS = (
    *(quad_line, box_line, character_line, quad_script_line),
    *(rotated_line, polygon_line, polygon_record, character_box_line),
)
SQUARE = np.array([[0, 0], [9, 0], [9, 9], [0, 9]], np.float32)


@pytest.mark.parametrize("name", DATASETS)
def test_a_row_of_the_table_has_a_reader_a_protocol_and_a_recipe(name: str) -> None:
    facts = DATASETS[name]
    module = reader_of(name)
    assert callable(getattr(module, f"read_{name}"))
    assert set(facts.splits) <= set(SPLITS)
    assert facts.protocol in PROTOCOLS
    assert facts.recipe in shipped_recipes()
    assert set(facts.craft_thresholds) <= {"text", "link", "low"}


def test_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"'cocoa' is unknown; known: icdar13, .*, csv"):
        read_dataset("cocoa", tmp_path, "train")


@pytest.mark.parametrize("name", DATASETS)
def test_missing_dataset_is_told_with_its_layout(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError) as error:
        read_dataset(name, tmp_path, "train")
    first, *tree = str(error.value).splitlines()
    assert first.startswith(str(tmp_path))
    assert "there is no such" in first
    assert first.endswith(f"{name} is expected as")
    assert len(tree) >= 2


@pytest.mark.parametrize("name", DATASETS)
def test_layout_is_the_one_of_the_documentation(tmp_path: Path, name: str) -> None:
    text = (Path(__file__).parents[3] / "docs/datasets.md").read_text("utf-8")
    [tree] = [
        tree for tree in text.split("\n\n") if tree.removeprefix("```\n").startswith(f"{name}/")
    ]
    with pytest.raises(DatasetError) as error:
        read_dataset(name, tmp_path, "train")
    files = [row.split()[0] for row in str(error.value).splitlines()[1:] if row.startswith("  ")]
    told = {file for file in files if "." in file and not file.startswith("{")}
    assert told and told <= {row.split()[0] for row in tree.splitlines() if row.strip()}


@pytest.mark.parametrize("name", DATASETS)
def test_unknown_split_lists_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match=f"{name} has no split 'all'; it has .*train"):
        read_dataset(name, tmp_path, "all")


def test_one_error_names_ten_places_that_cannot_be_read_and_counts_the_rest(tmp_path: Path) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE, "gt/gt_a.txt": "first\n" + "bad\n" * 6})
    write(tmp_path, {"images/b.jpg": PICTURE, "gt/gt_b.txt": "bad\n" * 6})
    with pytest.raises(DatasetError) as error:
        read_dataset("quads", tmp_path, "test")
    lines = str(error.value).splitlines()
    assert lines[0].startswith(f"{tmp_path}/gt/gt_a.txt:1: found 'first', expected 8 numbers")
    assert lines[1:7] == [f"{tmp_path}/gt/gt_a.txt:{n}" for n in range(2, 8)]
    assert lines[7:] == [f"{tmp_path}/gt/gt_b.txt:{n}" for n in range(1, 4)] + ["and 3 more"]
    assert len(read_dataset("quads", tmp_path, "test", strict=False).problems) == 13


def test_ground_truth_that_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE, "gt/gt_b.txt": "", "images/b.jpg": PICTURE})
    os.mkfifo(tmp_path / "gt/gt_a.txt")  # nobody writes to it: reading would not end
    with pytest.raises(DatasetError, match=r"gt_a\.txt: found 'p.*', expected a regular file"):
        read_dataset("quads", tmp_path, "test")


def test_ground_truth_that_is_larger_than_is_read_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE, "gt/gt_a.txt": ""})
    os.truncate(tmp_path / "gt/gt_a.txt", MOST_BYTES + 1)  # a hole: it takes no room
    with pytest.raises(DatasetError, match=r"gt_a\.txt: found .* bytes', expected .* 1024 MiB"):
        read_dataset("quads", tmp_path, "test")


@given(st.lists(st.integers(0, 3000), unique=True))
def test_natural_order_is_the_order_of_numbers(numbers: list[int]) -> None:
    names = sorted((f"img_{n}" for n in numbers), key=natural_order)
    assert names == [f"img_{n}" for n in sorted(numbers)]


def test_numbers_of_thousands_of_digits_have_their_order_too() -> None:
    names = [f"a{'9' * 5000}", f"a{'0' * 9000}11", "a10", "a9"]
    assert sorted(names, key=natural_order) == names[::-1]


@given(st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=3, max_size=9))
def test_any_outline_comes_out_clockwise_with_its_first_corner_first(
    points: list[tuple[int, int]],
) -> None:
    polygon = IssueLog().word("here", Annotation(np.array(points, np.float32), "a")).polygon
    assert signed_area(polygon) >= 0
    assert tuple(polygon[0]) == points[0]
    assert sorted(map(tuple, polygon.tolist())) == sorted(points)


@pytest.mark.parametrize("parse", PARSERS)
@given(st.text(st.sampled_from("0123456789,.- #\"'[]:xyeu\t\0é"), max_size=60) | st.text())
def test_any_line_is_a_word_or_refused(parse: LineParser, line: str) -> None:
    with suppress(ValueError):
        assert len(parse(line).outline) >= 3


def test_characters_are_kept_where_they_fit_the_text_and_turned_clockwise() -> None:
    notes = IssueLog()
    quads = np.stack([SQUARE, SQUARE[[0, 3, 2, 1]]])
    word = notes.word("here", Annotation(SQUARE, "a b", characters=quads))
    assert word.characters is not None
    assert word.characters.tolist() == [SQUARE.tolist()] * 2
    textless = notes.word("here", Annotation(SQUARE, None, characters=quads))
    assert textless.characters is not None
    assert not notes.problems
    unfit = notes.word("here", Annotation(SQUARE, "abc", characters=quads))
    assert unfit.characters is None
    assert [problem.what for problem in notes.problems] == [CHARACTERS]


def test_dont_care_has_neither_text_nor_characters_and_nothing_to_tell() -> None:
    notes = IssueLog()
    word = notes.word("here", Annotation(SQUARE, "", ignore=True, characters=SQUARE[None]))
    assert (word.text, word.ignore, word.characters) == (None, True, None)
    assert not notes.problems


def _words(corners: list[list[int]], count: int) -> list[Sample]:
    word = Word(np.array(corners, np.float32), "word")
    return [Sample(str(number), Path("none"), (word,)) for number in range(count)]


def test_quads_that_begin_where_reading_does_not_are_told_of() -> None:
    level = [[0, 0], [40, 0], [40, 10], [0, 10]]
    for turns, kinds in (
        (0, []),
        (1, [SHORT_SIDE, OTHER_CORNER]),
        (2, [OTHER_CORNER]),
        (3, [SHORT_SIDE, OTHER_CORNER]),
    ):
        samples = _words(level[turns:] + level[:turns], FEWEST_QUADS)
        assert [problem.what for problem in corner_problems("there", samples)] == kinds
        assert all(problem.where == "there" for problem in corner_problems("there", samples))
        assert corner_problems("there", samples[1:]) == []  # too few to tell


def test_nearly_square_quads_have_no_short_side() -> None:
    square = [[0, 0], [10, 0], [10, 12], [0, 12]]
    assert corner_problems("there", _words(square, FEWEST_QUADS)) == []
