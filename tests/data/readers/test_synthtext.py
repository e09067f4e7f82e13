"""SynthText's layout: one MATLAB file whose samples are made when they are asked for."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.io import savemat
from written import PICTURE, problems, write

from craftlite.data.annotations import (
    ANTICLOCKWISE,
    CHARACTERS,
    CROSSING,
    DUPLICATE,
    NO_AREA,
    UNREADABLE,
    WORDS,
    Dataset,
)
from craftlite.data.files.packed import CHUNK, Quads
from craftlite.data.readers import read_dataset
from craftlite.errors import DatasetError

Array = npt.NDArray[Any]


def boxes(count: int, step: int = 10) -> Array:
    """As many boxes in a row, 5 high, as the file has them: (2, 4, count)."""
    left = step * np.arange(count)
    right = left + step - 1
    x, y = np.stack([left, right, right, left]), np.tile([[0], [0], [5], [5]], count)
    return np.stack([x, y]).astype(np.float64)


def cells(values: list[Any]) -> Array:
    cell = np.empty((1, len(values)), object)
    cell[0] = [np.array(value) for value in values]
    return cell


def save(root: Path, entries: list[tuple[str, list[str], Array, Array]]) -> Path:
    """A gt.mat of entries of name, texts, words and characters, and their pictures."""
    names, texts, words, characters = zip(*entries, strict=True)
    variables = {"imnames": names, "txt": texts, "wordBB": words, "charBB": characters}
    savemat(root / "gt.mat", {key: cells(list(value)) for key, value in variables.items()})
    return write(root, dict.fromkeys(names, PICTURE))


def read(root: Path, *entries: tuple[str, list[str], Array, Array], **options: bool) -> Dataset:
    return read_dataset("synthtext", save(root, list(entries)), "train", **options)


def test_words_and_characters_are_taken_in_the_order_of_the_texts(tmp_path: Path) -> None:
    dataset = read(
        tmp_path,
        ("8/ballet_106_0.jpg", ["Lines:\nI lost  ", " é "], boxes(4, 60), boxes(12)),
        ("8/ballet_106_1.jpg", ["one"], boxes(1)[..., 0], boxes(3)),
        ("9/ballet_106_0.png", ["a"], boxes(1), boxes(1)[..., 0]),
    )
    several, one, single = dataset.samples
    assert several.name == "8/ballet_106_0"
    assert several.picture == tmp_path / "8/ballet_106_0.jpg"
    assert several.pixels().shape == (4, 6, 3)
    assert [word.text for word in several.words] == ["Lines:", "I", "lost", "é"]
    assert several.words[1].polygon.tolist() == [[60, 0], [119, 0], [119, 5], [60, 5]]
    assert several.words[1].polygon.dtype == np.float32
    characters = [word.characters for word in several.words]
    assert [len(quads) for quads in characters if quads is not None] == [6, 1, 4, 1]
    assert characters[2] is not None
    assert characters[2][0].tolist() == [[70, 0], [79, 0], [79, 5], [70, 5]]
    assert one.words[0].polygon.tolist() == [[0, 0], [9, 0], [9, 5], [0, 5]]
    assert single.words[0].characters is not None
    assert not dataset.problems


def test_samples_are_a_sequence(tmp_path: Path) -> None:
    entries = [(f"1/{n}.jpg", ["a"] * n, boxes(n), boxes(n)) for n in range(4)]
    samples = read(tmp_path, *entries).samples
    assert [len(sample.words) for sample in samples] == [0, 1, 2, 3]
    assert samples[-1].name == "1/3"
    assert [sample.name for sample in samples[1:3]] == ["1/1", "1/2"]
    with pytest.raises(IndexError):
        samples[4]


def test_defects_are_kept_and_told(tmp_path: Path) -> None:
    turned, crossed, flat = boxes(1)[:, [0, 3, 2, 1]], boxes(1)[:, [0, 2, 1, 3]], 0 * boxes(1)
    dataset = read(
        tmp_path,
        ("1/a.jpg", ["one two"], boxes(1), boxes(6)),
        ("1/b.jpg", ["one"], boxes(1), boxes(2)),
        ("1/c.jpg", ["c"], turned, boxes(1)),
        ("1/d.jpg", ["d"], crossed, boxes(1)),
        ("1/e.jpg", ["e"], flat, boxes(1)),
        ("1/f.jpg", ["f"], boxes(1), turned),
        ("1/a.png", ["again"], boxes(1), boxes(5)),
        ("1/outside.jpg", ["o"], boxes(1) - 99, boxes(1)),
    )
    assert [sample.name for sample in dataset.samples] == [
        *("1/a", "1/b", "1/c", "1/d", "1/e", "1/f", "1/outside")
    ]
    [first], [second], [third], *_ = (sample.words for sample in dataset.samples)
    assert (first.text, first.characters) == (None, None)
    assert (second.text, second.characters) == ("one", None)
    assert third.polygon.tolist() == [[0, 0], [9, 0], [9, 5], [0, 5]]
    assert problems(dataset, tmp_path) == [
        ("gt.mat: imnames[6]", DUPLICATE),
        ("gt.mat: 1/a.jpg", WORDS),
        ("gt.mat: 1/b.jpg", CHARACTERS),
        ("gt.mat: 1/c.jpg", ANTICLOCKWISE),
        ("gt.mat: 1/d.jpg", CROSSING),
        ("gt.mat: 1/e.jpg", NO_AREA),
        ("gt.mat: 1/f.jpg", ANTICLOCKWISE),
    ]


def test_the_last_of_many_quads_is_looked_at_too() -> None:
    box = boxes(1)[..., 0].T.astype(np.float32)
    quads = Quads(np.tile(box, (CHUNK + 3, 1, 1)), [CHUNK, 3])
    quads[1][1] = 0
    quads[1][2] = box[[0, 3, 2, 1]]
    assert list(quads.invalid()) == [(CHUNK + 1, NO_AREA)]
    assert quads.turn_clockwise() == [CHUNK + 2]
    assert quads[1][2].tolist() == box.tolist()
    assert quads.place(CHUNK + 2) == (1, 2)


def test_what_are_no_boxes_is_told(tmp_path: Path) -> None:
    nan = boxes(1)
    nan[0, 0, 0] = np.nan
    dataset = read(
        tmp_path,
        ("1/a.jpg", ["a"], np.zeros((4, 2)), boxes(1)),
        ("1/b.jpg", ["b"], nan, boxes(1)),
        strict=False,
    )
    assert len(dataset.samples) == 2
    assert problems(dataset, tmp_path)[:2] == [
        ("gt.mat: wordBB[0]", UNREADABLE),
        ("gt.mat: wordBB[1]", UNREADABLE),
    ]


def test_missing_pictures_are_named_and_counted(tmp_path: Path) -> None:
    save(tmp_path, [(f"{n}/a.jpg", ["a"], boxes(1), boxes(1)) for n in range(4)])
    (tmp_path / "1/a.jpg").unlink()
    (tmp_path / "3/a.jpg").unlink()
    with pytest.raises(DatasetError, match=r"1/a\.jpg and 1 more missing"):
        read_dataset("synthtext", tmp_path, "train")
    assert len(read_dataset("synthtext", tmp_path, "train", pictures=False).samples) == 4


def test_files_that_are_none_of_these(tmp_path: Path) -> None:
    write(tmp_path, {"gt.mat": "not MATLAB at all" * 50})
    with pytest.raises(DatasetError, match=r"gt\.mat: found .*, expected a file of MATLAB 5"):
        read_dataset("synthtext", tmp_path, "train")
    savemat(tmp_path / "gt.mat", {"imnames": cells(["1/a.jpg"])})
    with pytest.raises(DatasetError, match=r"gt\.mat: txt: found .* a variable of that name"):
        read_dataset("synthtext", tmp_path, "train")


@pytest.mark.parametrize("variable", ["txt", "imnames"])
def test_what_is_no_text_is_told(tmp_path: Path, variable: str) -> None:
    save(tmp_path, [("1/a.jpg", ["a"], boxes(1), boxes(1))])
    variables = {"imnames": ["1/a.jpg"], "txt": ["a"], "wordBB": [boxes(1)], "charBB": [boxes(1)]}
    variables[variable] = [7]
    named = {name: cells(values) for name, values in variables.items()}
    savemat(tmp_path / "gt.mat", named)
    with pytest.raises(DatasetError, match=rf"gt\.mat: {variable}\[0\]: found .*, expected a text"):
        read_dataset("synthtext", tmp_path, "train")


def nested(levels: int) -> bytes:
    """A MATLAB 5 file whose imnames is a cell in a cell in a cell ..."""
    unnamed = struct.pack("<8I", 6, 8, 1, 0, 5, 8, 1, 1) + struct.pack("<2I", 1, 0)
    named = unnamed[:-8] + struct.pack("<2I", 1, 7) + b"imnames\0"
    parts, size = [struct.pack("<2I", 14, 0)], 8
    for level in range(levels):
        head = named if level == levels - 1 else unnamed
        parts.append(struct.pack("<2I", 14, size + len(head)) + head)
        size += len(parts[-1])
    return b"MATLAB".ljust(124) + b"\0\1IM" + b"".join(reversed(parts))


def test_a_file_that_crashes_its_reader_is_told(tmp_path: Path) -> None:
    (tmp_path / "gt.mat").write_bytes(nested(200_000))
    with pytest.raises(DatasetError, match=r"gt\.mat: found .*crashes SciPy.*, expected a file of"):
        read_dataset("synthtext", tmp_path, "train")
