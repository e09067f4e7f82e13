"""labelme 5: a JSON file beside each picture."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from written import PICTURE, problems, write

from craftlite.data.annotations import CLASS, OTHER_FILE, SHAPE, SIZE, UNLABELLED, UNREADABLE
from craftlite.data.readers import has_validation, read_dataset
from craftlite.errors import DatasetError

FIXTURES = Path(__file__).parents[2] / "fixtures/labels"
QUAD = [[0, 0], [5, 0], [5, 3], [0, 3]]


def shape(label: object = "text", kind: object = "polygon", **keys: Any) -> dict[str, Any]:
    own = {"group_id": None, "description": "", "flags": {}, "mask": None}
    return own | {"label": label, "points": QUAD, "shape_type": kind} | keys


def labels(*shapes: object, path: object = "a.jpg", **keys: Any) -> str:
    head = {"version": "5.4.1", "flags": {}, "shapes": shapes, "imagePath": path}
    return json.dumps(head | {"imageData": None, "imageHeight": 4, "imageWidth": 6} | keys)


def test_a_file_of_another_tool_whose_labels_are_texts(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("RGB", (600, 200)).save(tmp_path / "images/a.png")
    shutil.copy(FIXTURES / "labelme.json", tmp_path)
    dataset = read_dataset("labelme", tmp_path, "val")
    [found] = dataset.samples[0].words
    assert found.polygon.tolist() == [[20, 80], [169, 80], [169, 127], [20, 127]]
    assert (found.text, dataset.problems) == ("Parking", [])


def test_shapes_texts_and_flags(tmp_path: Path) -> None:
    words = [
        shape(description=" Café "),
        shape("STOP", "rectangle", points=[[5, 3], [0, 0]]),
        shape("Text", "rectangle"),
        shape("one", "rotation"),
        shape("one", flags={"ignore": True, "difficult": False}),
        shape("one", flags={"difficult": True}),
        shape("ignore"),
        shape("###"),
        shape(description="###"),
        shape("", points=[*QUAD, [-1, 2]]),
        *(shape("x", kind) for kind in ("circle", "line", "linestrip", "point", "points", "mask")),
    ]
    write(tmp_path, {"a.jpg": PICTURE, "a.json": labels(*words)})
    dataset = read_dataset("labelme", tmp_path, "train")
    found = dataset.samples[0].words
    assert [word.text for word in found] == ["Café", "STOP", None, "one", *[None] * 6]
    assert [word.ignore for word in found] == [False] * 4 + [True] * 5 + [False]
    assert all(word.polygon.tolist() == QUAD for word in found[:9])
    assert problems(dataset, tmp_path) == [(f"a.json: shapes[{n}]", SHAPE) for n in range(10, 16)]


@pytest.mark.parametrize(("count", "reported"), [(4, []), (5, [CLASS])])
def test_one_label_for_all_words_is_a_class(
    tmp_path: Path, count: int, reported: list[str]
) -> None:
    write(tmp_path, {"a.jpg": PICTURE, "a.json": labels(*[shape("sign")] * count)})
    dataset = read_dataset("labelme", tmp_path, "train")
    texts = {word.text for word in dataset.samples[0].words}
    assert texts == ({None} if reported else {"sign"})
    assert [one.what for one in dataset.problems] == reported


def test_pictures_are_found_whatever_names_them(tmp_path: Path) -> None:
    write(tmp_path, {
        "labels/a.json": labels(path="../photos/a.jpg"),
        "photos/a.jpg": PICTURE,
        "labels/b.json": labels(path="C:\\pictures\\b.jpg"),
        "photos/deep/b.jpg": PICTURE,
        "labels/c.json": labels(path="c.jpg"),
        "labels/c.jpg": PICTURE,
        "images/c.jpg": PICTURE,
        "labels/d.json": labels(path="Gr\u00f6\u00dfe.jpg"),
        "photos/Gro\u0308\u00dfe.jpg": PICTURE,
    })  # fmt: skip
    dataset = read_dataset("labelme", tmp_path, "train")
    assert {str(one.picture.relative_to(tmp_path)) for one in dataset.samples} == {
        *("photos/a.jpg", "photos/deep/b.jpg", "labels/c.jpg", "photos/Gro\u0308\u00dfe.jpg"),
    }
    assert problems(dataset, tmp_path) == [("images/c.jpg", UNLABELLED)]


def test_two_pictures_of_one_name_are_refused_with_both(tmp_path: Path) -> None:
    write(tmp_path, {"x/a.jpg": PICTURE, "y/a.jpg": PICTURE, "labels/a.json": labels()})
    with pytest.raises(DatasetError, match=r"labels/a\.json: found 'a\.jpg', .*x/a\.jpg and .*y/a"):
        read_dataset("labelme", tmp_path, "train")


def test_folders_name_the_splits_and_files_do_not(tmp_path: Path) -> None:
    for name in ("train/test", "valid/b", "c"):
        stem = Path(name).name
        write(tmp_path, {f"{name}.jpg": PICTURE, f"{name}.json": labels(path=f"{stem}.jpg")})
    names = {
        split: [one.name for one in read_dataset("labelme", tmp_path, split).samples]
        for split in ("train", "val")
    }
    assert names == {"train": ["c", "test"], "val": ["b"]}
    assert has_validation("labelme", tmp_path)
    assert not has_validation("labelme", tmp_path / "train")
    assert [one.name for one in read_dataset("labelme", tmp_path / "train", "val").samples] == [
        "test"
    ]


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        ([], "an object for a shape"),
        (shape(None), "a text for label"),
        (shape(kind=None), "a text for shape_type"),
        (shape(points=[[0, 0], [1, 1]]), "3 points or more for points"),
        (shape(kind="rotation", points=QUAD[:3]), "4 points of a rotation"),
        (shape(kind="rectangle", points=[[0, 0], [1]]), "2 numbers for a corner"),
        (shape(points=[[0, 0], [1, 1], [1, float("nan")]]), "3 points or more"),
        (shape(description=5), "a text for description"),
        (shape(flags=[]), "an object for flags"),
        (shape(flags={"ignore": "x"}), "true or false for flags.ignore"),
    ],
)
def test_a_shape_that_cannot_be_read(tmp_path: Path, bad: object, found: str) -> None:
    write(tmp_path, {"a.jpg": PICTURE, "a.json": labels(bad, shape("x"))})
    dataset = read_dataset("labelme", tmp_path, "train", strict=False)
    assert len(dataset.samples[0].words) == 1
    [problem] = dataset.problems
    assert (problem.what, problem.where) == (UNREADABLE, f"{tmp_path}/a.json: shapes[0]")
    assert found in problem.found


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    write(tmp_path, {
        "a.json": labels(path="a.jpg", imageWidth=12),
        "b.json": "{\n oops}",
        "c.json": labels(path=None),
        "d.json": '{"shapes": [], "imagePath": "a.jpg", "shapes": []}',
        "e.json": "{}",
        "a.jpg": PICTURE,
        "moving.gif": PICTURE,
    })  # fmt: skip
    dataset = read_dataset("labelme", tmp_path, "train", strict=False)
    assert problems(dataset, tmp_path) == [
        ("b.json:2", UNREADABLE),
        ("c.json", UNREADABLE),
        ("d.json:1", UNREADABLE),
        ("e.json", OTHER_FILE),
        ("moving.gif", UNLABELLED),
        ("a.json", SIZE),
    ]
    write(tmp_path, {"f.json": labels(path="gone.jpg")})
    with pytest.raises(DatasetError, match=r"f\.json: gone\.jpg missing; labelme is expected as"):
        read_dataset("labelme", tmp_path, "train", strict=False)
