"""COCO files as CVAT, Roboflow, Label Studio and `craftlite detect` export them."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from written import PICTURE, problems, write

from craftlite.data.annotations import (
    CLASSES,
    DUPLICATE,
    HULL,
    MASK,
    OTHER_FILE,
    OUTSIDE,
    PAGE,
    SIZE,
    UNLABELLED,
    UNREADABLE,
    Dataset,
)
from craftlite.data.readers import has_validation, read_dataset
from craftlite.errors import DatasetError
from craftlite.formats import coco, record
from craftlite.words import Words

FIXTURES = Path(__file__).parents[2] / "fixtures/labels"
QUAD = [[0, 0], [5, 0], [5, 3], [0, 3]]
FLAT = [v for point in QUAD for v in point]
WHOLE = {"images": [{"id": 1, "file_name": "a.jpg", "width": 6, "height": 4}]}


def word(**keys: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 3], "iscrowd": 0} | keys


def content(*words: object, **keys: Any) -> str:
    return json.dumps(WHOLE | {"annotations": words} | keys)


def read(root: Path, *words: object, strict: bool = True, **keys: Any) -> Dataset:
    write(root, {"a.jpg": PICTURE, "coco.json": content(*words, **keys)})
    return read_dataset("coco", root, "train", strict=strict)


def test_a_file_of_another_tool(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("RGB", (600, 200)).save(tmp_path / "images/a.png")
    shutil.copy(FIXTURES / "coco.json", tmp_path)
    dataset = read_dataset("coco", tmp_path, "test")
    [found] = dataset.samples[0].words
    assert found.polygon.tolist() == [[20, 80], [169, 80], [169, 127], [20, 127]]
    assert (found.text, found.ignore, dataset.problems) == (None, False, [])


def test_outlines_of_every_kind(tmp_path: Path) -> None:
    dataset = read(
        tmp_path,
        word(segmentation=[FLAT], bbox=[1, 1, 2, 2]),
        word(segmentation=FLAT),
        word(segmentation=[], bbox=[1, 0, 4, 2]),
        word(bbox=[3, 2, 4, 2, 90]),
        word(bbox=[1, 1, 4, 2], attributes={"rotation": 90.0, "occluded": False}),
    )
    outlines = [one.polygon.round(3).tolist() for one in dataset.samples[0].words]
    upright = [[4, 0], [4, 4], [2, 4], [2, 0]]  # turned clockwise by a quarter
    assert outlines == [QUAD, QUAD, [[1, 0], [5, 0], [5, 2], [1, 2]], upright, upright]
    assert not dataset.problems


def test_several_polygons_become_their_hull_and_masks_their_box(tmp_path: Path) -> None:
    mask = {"counts": "abc", "size": [4, 6]}
    parts = [[0, 0, 1, 0, 1, 3], [4, 0, 5, 0, 5, 3]]
    dataset = read(
        tmp_path,
        word(segmentation=parts),
        word(segmentation=mask, iscrowd=1),
        word(segmentation=[[0, 0, 1, 0, 2, 0]] * 2),
    )
    several, crowd, flat = dataset.samples[0].words
    assert {tuple(p) for p in several.polygon.tolist()} == {(0, 0), (5, 0), (5, 3), (1, 3)}
    assert crowd.ignore and crowd.polygon.tolist() == QUAD
    assert len(flat.polygon) >= 3
    assert [what for _, what in problems(dataset, tmp_path)][:3] == [HULL, MASK, HULL]


def test_texts_and_regions_that_do_not_count(tmp_path: Path) -> None:
    keys: list[dict[str, Any]] = [
        *({key: " Café "} for key in ("text", "transcription", "utf8_string")),
        *({"attributes": {key: "Café"}} for key in ("text", "transcription")),
        {},
        {"text": None, "attributes": None, "ignore": None},
        {"text": ""},
        *({"iscrowd": 1}, {"ignore": True}, {"ignore": 1, "text": "x"}, {"text": "###"}),
        {"category_id": 2},
    ]
    categories = [{"id": 1, "name": "text"}, {"id": 2, "name": "Ignore"}]
    words = read(tmp_path, *(word(**one) for one in keys), categories=categories).samples[0].words
    assert [one.text for one in words] == ["Café"] * 5 + [None] * 8
    assert [one.ignore for one in words] == [False] * 8 + [True] * 5


def test_what_detect_writes(tmp_path: Path) -> None:
    quad = np.array(QUAD, np.float32)
    found = Words(quad[None], (quad,), np.array([0.5], np.float32), (6, 4))
    pages = record("scan.pdf", found, {"page": 1}), record("scan.pdf", found, {"page": 2})
    write(tmp_path, {"photos/ä.jpg": PICTURE})
    write(tmp_path, {"out/coco.json": coco([record("photos/ä.jpg", found), *pages])})
    dataset = read_dataset("coco", tmp_path, "train")
    [sample] = dataset.samples
    assert sample.words[0].polygon.tolist() == QUAD
    assert [what for _, what in problems(dataset, tmp_path)] == [PAGE, PAGE]


def test_splits_are_those_of_files_folders_and_images(tmp_path: Path) -> None:
    write(tmp_path, {f"images/{letter}.jpg": PICTURE for letter in "abcd"})

    def images(*entries: dict[str, Any]) -> str:
        return json.dumps({"images": entries, "annotations": []})

    write(tmp_path, {
        "annotations/instances_train2017.json": images({"id": 1, "file_name": "a.jpg"}),
        "valid/_annotations.coco.json": images({"id": 1, "file_name": "b.jpg"}),
        "more.json": images(
            {"id": "x", "file_name": "c.jpg", "split": "test"}, {"id": 7, "file_name": "d.jpg"}
        ),
    })  # fmt: skip
    names = {
        split: [one.name for one in read_dataset("coco", tmp_path, split).samples]
        for split in ("train", "val", "test")
    }
    assert names == {"train": ["a", "d"], "val": ["b"], "test": ["c"]}
    assert has_validation("coco", tmp_path)
    only = tmp_path / "annotations/instances_train2017.json"
    assert not has_validation("coco", only)
    with pytest.raises(DatasetError, match=r"no picture of the split 'val'; found train"):
        read_dataset("coco", only, "val")


@pytest.mark.parametrize(
    ("bad", "place", "found"),
    [
        (7, "annotations[0]", "an object for a word"),
        (word(image_id=2), "annotations[0]", "found 2, expected the id of one of images"),
        (word(image_id=None), "annotations[0]", "a number or a text for image_id"),
        (word(bbox=[0, 0, 5]), "annotations[0]", "4 numbers for bbox"),
        (word(bbox=None), "annotations[0]", "4 numbers for bbox"),
        (word(bbox=[0, 0, True, 5]), "annotations[0]", "4 numbers for bbox"),
        (word(segmentation=[[1, 2, 3, 4]]), "annotations[0]", "3 points or more"),
        (word(segmentation=""), "annotations[0]", "3 points or more for segmentation"),
        (word(text=5), "annotations[0]", "a text for text"),
        (word(ignore="no"), "annotations[0]", "true or false for ignore"),
        (word(iscrowd=2), "annotations[0]", "true or false for iscrowd"),
        (word(attributes=[1]), "annotations[0]", "an object for attributes"),
        (word(attributes={"rotation": "5"}), "annotations[0]", "a number for rotation"),
        (word(category_id=9), "annotations[0]", "the id of one of categories"),
    ],
)
def test_a_word_that_cannot_be_read_leaves_the_others(
    tmp_path: Path, bad: object, place: str, found: str
) -> None:
    categories = [{"id": 1, "name": "text"}]
    dataset = read(tmp_path, bad, word(), strict=False, categories=categories)
    assert len(dataset.samples[0].words) == 1
    [problem] = dataset.problems
    assert (problem.what, problem.where) == (UNREADABLE, f"{tmp_path}/coco.json: {place}")
    assert found in problem.found
    with pytest.raises(DatasetError, match=r"coco\.json: annotations\[0\]: found "):
        read(tmp_path, bad, word(), categories=categories)


def test_pictures_that_cannot_be_used(tmp_path: Path) -> None:
    images = [
        {"id": 1, "file_name": "a.jpg", "width": 12, "height": 8},
        {"id": 1, "file_name": "b.jpg"},
        {"id": 2, "file_name": "./a.jpg"},
        {"id": 3, "file_name": "a.jpg", "split": "dev"},
        {"id": 4, "file_name": ""},
    ]
    write(tmp_path, {"other.json": "{}", "unnamed.jpg": PICTURE})
    dataset = read(tmp_path, word(bbox=[50, 0, 5, 3]), strict=False, images=images)
    assert [one.name for one in dataset.samples] == ["a"]
    assert problems(dataset, tmp_path) == [
        ("coco.json: images[1]", DUPLICATE),
        ("coco.json: images[2]", DUPLICATE),
        ("coco.json: images[3]", UNREADABLE),
        ("coco.json: images[4]", UNREADABLE),
        ("other.json", OTHER_FILE),
        ("unnamed.jpg", UNLABELLED),
        ("coco.json: images[0]", SIZE),
        ("coco.json: annotations[0]", OUTSIDE),
    ]


def test_labels_of_several_classes_are_words_and_reported(tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "car"}, {"id": 2, "name": "text"}]
    dataset = read(tmp_path, word(), word(category_id=2), categories=categories)
    assert [(one.what, one.found) for one in dataset.problems] == [(CLASSES, "car, text")]


def test_missing_pictures_and_files(tmp_path: Path) -> None:
    write(tmp_path, {"coco.json": content()})
    with pytest.raises(DatasetError, match=r"coco\.json: images\[0\]: a\.jpg missing"):
        read_dataset("coco", tmp_path, "train")
    assert len(read_dataset("coco", tmp_path, "train", pictures=False).samples) == 1
    write(tmp_path, {"coco.json": "[]"})
    with pytest.raises(DatasetError, match=r"no such \.json file; looked at coco\.json"):
        read_dataset("coco", tmp_path, "train")
    with pytest.raises(DatasetError, match=r"nowhere: there is no such file or folder"):
        read_dataset("coco", tmp_path / "nowhere", "train")
