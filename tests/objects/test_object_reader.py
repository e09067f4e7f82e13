"""Reading objects in Pascal VOC's layout, and what is wrong with one by file and line."""

from pathlib import Path

import numpy as np
import pytest

from craftlite.data.annotations import NO_BOX
from craftlite.data.objects import names_splits, read_objects
from craftlite.errors import DatasetError


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_a_split_has_its_pictures_boxes_and_classes(shapes: Path) -> None:
    train, val = (read_objects(shapes, split) for split in ("train", "val"))
    assert (len(train.pictures), len(val.pictures)) == (6, 2)
    assert train.classes() == ["disc", "square"]
    assert names_splits(shapes)
    first = train.pictures[0]
    assert first.labels == ("disc", "square")
    assert first.boxes.shape == (2, 4)
    assert (first.boxes[:, 2:] - first.boxes[:, :2] == 24).all()
    assert not first.difficult.any()


def test_without_lists_every_split_is_the_whole(shapes: Path) -> None:
    for file in shapes.glob("ImageSets/Main/*.txt"):
        file.unlink()
    assert not names_splits(shapes)
    assert len(read_objects(shapes, "train").pictures) == 8
    assert len(read_objects(shapes, "val").pictures) == 8


def test_difficult_objects_are_marked(shapes: Path) -> None:
    change(shapes / "Annotations/train0.xml", "<difficult>0", "<difficult>1")
    assert read_objects(shapes, "train").pictures[0].difficult.tolist() == [True, False]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<name>disc</name>", "", "the name of its class in <name>"),
        ("<xmin>", "<xmin>9", "expected a box whose xmin is not above xmax"),
        ("<ymax>", "<ymax>nine", "numbers of pixels"),
        ("</bndbox>", "", "expected XML"),
        ("<difficult>0", "<difficult>maybe", "0 or 1 for <difficult>"),
    ],
)
def test_a_bad_annotation_is_named_with_file_and_line(
    shapes: Path, old: str, new: str, says: str
) -> None:
    file = shapes / "Annotations/train3.xml"
    change(file, old, new)
    with pytest.raises(DatasetError) as error:
        read_objects(shapes, "train")
    assert f"{file}:2" in str(error.value)
    assert says in str(error.value)
    assert "found" in str(error.value)


def test_an_empty_box_is_left_out_and_said(shapes: Path) -> None:
    file = shapes / "Annotations/train3.xml"
    side = read_objects(shapes, "train").pictures[3].boxes[0]
    change(file, f"<xmax>{side[2]:.0f}", f"<xmax>{side[0]:.0f}")
    data = read_objects(shapes, "train")
    assert data.pictures[3].labels == ("square",)
    assert data.pictures[3].boxes.shape == (1, 4)
    [problem] = data.problems
    assert (problem.where, problem.what) == (f"{file}:2", NO_BOX)


def test_a_picture_that_is_missing_is_named(shapes: Path) -> None:
    (shapes / "JPEGImages/val1.png").unlink()
    with pytest.raises(DatasetError, match=r"val1\.png"):
        read_objects(shapes, "val")


def test_a_split_without_an_object_is_refused(shapes: Path) -> None:
    for file in shapes.glob("Annotations/val*.xml"):
        file.write_text(f"<annotation><filename>{file.stem}.png</filename></annotation>")
    with pytest.raises(DatasetError, match="the split 'val' has 2 pictures, no object"):
        read_objects(shapes, "val")


def test_a_polygon_counts_with_the_box_around_it(shapes: Path) -> None:
    file = shapes / "Annotations/train0.xml"
    points = "".join(
        f"<x{k}>{x}</x{k}><y{k}>{y}</y{k}>"
        for k, (x, y) in enumerate([(9, 40), (50, 7), (30, 60)], 1)
    )
    change(file, "<bndbox>", f"<polygon>{points}</polygon><bndbox>")
    found = read_objects(shapes, "train").pictures[0].boxes[0]
    assert np.array_equal(found, [9, 7, 50, 60])
