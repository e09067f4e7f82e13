"""Tables of words: what `craftlite detect --format csv` writes, and such a table corrected."""

from pathlib import Path

import numpy as np
import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import COLUMNS, PAGE, SIZE, UNLABELLED
from craftlite.data.readers import has_validation, read_dataset
from craftlite.errors import DatasetError
from craftlite.formats import csv_table, record
from craftlite.words import Words

QUAD = [[0, 0], [5, 0], [5, 3], [0, 3]]
HEAD = "image,width,height,score,x1,y1,x2,y2,x3,y3,x4,y4,polygon,text,ignore\n"
FLAT = "0,0,5,0,5,3,0,3"


def test_what_detect_writes(tmp_path: Path) -> None:
    quad = np.array(QUAD, np.float32)
    found = Words(quad[None], (quad[:3],), np.array([0.5], np.float32), (6, 4))
    table = csv_table([record("photos/ä, b.jpg", found), record("scan.pdf", found, {"page": 1})])
    write(tmp_path, {"photos/ä, b.jpg": PICTURE, "out/results.csv": table})
    dataset = read_dataset("csv", tmp_path / "out", "train")
    [sample] = dataset.samples
    assert sample.words[0].polygon.tolist() == QUAD[:3]
    assert problems(dataset, tmp_path) == [("out/results.csv:3", PAGE)]


def test_texts_dont_care_and_pictures_without_rows(tmp_path: Path) -> None:
    rows = [f',"a, ""b""\n",{flag}' for flag in ("", "0", "false", "true", "1", "YES")]
    rows += [",###,", ',"",', "0 0 5 0 5 3 0 3 -1 2,a,"]
    table = HEAD + "".join(f"images/a.jpg,6,4,0.9,{FLAT},{row}\n" for row in rows)
    write(tmp_path, {"images/a.jpg": PICTURE, "images/b.jpg": PICTURE, "t.csv": "\ufeff" + table})
    dataset = read_dataset("csv", tmp_path, "train")
    words = dataset.samples[0].words
    assert [one.text for one in words] == ['a, "b"'] * 3 + [None] * 5 + ["a"]
    assert [one.ignore for one in words] == [False] * 3 + [True] * 4 + [False] * 2
    assert len(words[8].polygon) == 5
    assert problems(dataset, tmp_path) == [("images/b.jpg", UNLABELLED)]


def test_fewest_columns_and_splits_of_files(tmp_path: Path) -> None:
    write(tmp_path, {"a.jpg": PICTURE, "b.jpg": PICTURE})
    write(tmp_path, {"train.csv": "polygon,image,Text\n0 0 5 0 5 3,a.jpg,x\n"})
    write(tmp_path, {"valid.csv": f"x1,y1,x2,y2,x3,y3,x4,y4,image\r\n{FLAT},b.jpg\r\n"})
    assert has_validation("csv", tmp_path)
    assert [one.name for one in read_dataset("csv", tmp_path, "val").samples] == ["b"]
    dataset = read_dataset("csv", tmp_path, "train")
    assert len(dataset.samples[0].words[0].polygon) == 3
    assert problems(dataset, tmp_path) == [("train.csv:1", COLUMNS)]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (f"a.jpg,6,4,0.9,{FLAT}", "15 fields"),
        (f"a.jpg,6,4,0.9,{FLAT},,a,,", "15 fields"),
        (f"a.jpg,6,4,0.9,{FLAT[:-1]}x,,a,", "polygon as x y x y"),
        (f"a.jpg,6,4,0.9,{FLAT},0 0 5 0,a,", "polygon as x y x y"),
        (f"a.jpg,6,4,0.9,{FLAT},,a,perhaps", "true or false for ignore"),
        (f"b.jpg,x,4,0.9,{FLAT},,a,", "whole numbers for width and height"),
        (f'b.jpg,6,4,0.9,{FLAT},,"a,', "a CSV table"),
        (f",6,4,0.9,{FLAT},,a,", "the path of a picture"),
    ],
)
def test_a_row_that_cannot_be_read(tmp_path: Path, row: str, found: str) -> None:
    table = f"{HEAD}a.jpg,6,4,0.9,{FLAT},,a,\n{row}\n"
    write(tmp_path, {"a.jpg": PICTURE, "b.jpg": PICTURE, "t.csv": table})
    with pytest.raises(DatasetError, match=rf"t\.csv:3: found .*expected {found}"):
        read_dataset("csv", tmp_path, "train")
    [sample] = read_dataset("csv", tmp_path, "train", strict=False).samples
    assert len(sample.words) == 1


def test_tables_that_are_none_of_words(tmp_path: Path) -> None:
    for head in ("image,label\n", "image;polygon\n", ""):
        write(tmp_path, {"t.csv": head})
        with pytest.raises(DatasetError, match=r"no such \.csv file; looked at t\.csv"):
            read_dataset("csv", tmp_path, "train")
    write(tmp_path, {"t.csv": "image,polygon,polygon\n"})
    with pytest.raises(DatasetError, match=r"t\.csv:1: found .*each column once"):
        read_dataset("csv", tmp_path, "train")
    write(tmp_path, {"a.jpg": PICTURE, "t.csv": f"{HEAD}a.jpg,60,40,1,{FLAT},,a,\n"})
    assert problems(read_dataset("csv", tmp_path, "train"), tmp_path) == [("t.csv:2", SIZE)]
