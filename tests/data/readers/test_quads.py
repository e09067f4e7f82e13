"""The layout of `quads`, and how pictures and ground truth are paired."""

from pathlib import Path

import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import DUPLICATE, GIF
from craftlite.data.readers import read_dataset
from craftlite.errors import DatasetError

LINE = "10,20,50,20,50,40,10,40,word\n"
PAIRS = {f"images/{s}.jpg": PICTURE for s in "abc"} | {f"gt/gt_{s}.txt": LINE for s in "abc"}


def test_question_mark_is_readable_without_text(tmp_path: Path) -> None:
    truth = "0,0,9.5,0,9.5,4.25,0,4.25,?\n0,0,9,0,9,4,0,4,###"
    write(tmp_path, {"images/a.jpg": PICTURE, "gt/gt_a.txt": truth})
    dataset = read_dataset("quads", tmp_path, "train")
    unknown, hidden = dataset.samples[0].words
    assert (unknown.text, unknown.ignore) == (None, False)
    assert unknown.polygon[2].tolist() == [9.5, 4.25]
    assert hidden.ignore
    assert not dataset.problems


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_every_split_is_the_whole_folder(tmp_path: Path, split: str) -> None:
    write(tmp_path, PAIRS)
    assert [sample.name for sample in read_dataset("quads", tmp_path, split).samples] == [*"abc"]


def test_missing_pictures_and_missing_truths(tmp_path: Path) -> None:
    write(tmp_path, PAIRS)
    (tmp_path / "images/b.jpg").unlink()
    with pytest.raises(DatasetError, match=r"(?s)images: b\.jpg.*missing; .*images/<stem>\.jpg"):
        read_dataset("quads", tmp_path, "train")
    for stem in "abc":
        (tmp_path / f"gt/gt_{stem}.txt").unlink()
    with pytest.raises(DatasetError, match=r"images/a\.jpg has no .*gt/gt_a\.txt \(and 1 more"):
        read_dataset("quads", tmp_path, "train")


def test_gif_is_left_out_and_told_unless_another_picture_has_its_name(tmp_path: Path) -> None:
    write(tmp_path, PAIRS | {"images/a.gif": PICTURE, "images/z.gif": PICTURE, "gt/gt_z.txt": LINE})
    dataset = read_dataset("quads", tmp_path, "train")
    assert [sample.name for sample in dataset.samples] == [*"abc"]
    assert problems(dataset, tmp_path) == [("images/a.gif", DUPLICATE), ("images/z.gif", GIF)]
