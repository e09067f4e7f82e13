"""Label Studio's JSON export."""

import json
from pathlib import Path
from typing import Any

import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import SHAPE, UNLABELLED, UNREADABLE, Dataset
from craftlite.data.readers import has_validation, read_dataset
from craftlite.errors import DatasetError

TRIANGLE = {"points": [[0, 0], [50, 0], [50, 75]], "closed": True}
SIDES = {"x": 50, "y": 25, "width": 50, "height": 50, "rotation": 0}


def item(kind: str, value: object, key: object = "r1", **keys: Any) -> dict[str, Any]:
    head = {"id": key, "type": kind, "from_name": "label", "to_name": "image", "origin": "manual"}
    size = {"original_width": 6, "original_height": 4, "image_rotation": 0}
    return head | size | {"value": value} | keys


def task(*result: object, image: object = "a.jpg", **keys: Any) -> dict[str, Any]:
    annotation = {"id": 1, "was_cancelled": False, "result": result, "ground_truth": False}
    return {
        "id": 1,
        "data": {"image": image},
        "annotations": [annotation],
        "predictions": [],
    } | keys


def read(root: Path, *tasks: object, strict: bool = True) -> Dataset:
    write(root, {"a.jpg": PICTURE, "export.json": json.dumps(tasks)})
    return read_dataset("labelstudio", root, "train", strict=strict)


def test_regions_of_polygons_rectangles_and_the_ocr_template(tmp_path: Path) -> None:
    labelled = TRIANGLE | {"polygonlabels": ["text"]}
    turned = SIDES | {"rotation": 90}
    dataset = read(tmp_path, task(
        item("polygonlabels", labelled, "p"),
        item("textarea", {"text": ["Café"]}, "p"),
        item("rectanglelabels", turned | {"rectanglelabels": ["text"]}, "r", meta={"text": ["M"]}),
        item("rectangle", SIDES, "o"),
        item("labels", SIDES | {"labels": ["text"]}, "o"),
        item("textarea", SIDES | {"text": ["one"]}, "o"),
        item("polygonlabels", TRIANGLE | {"polygonlabels": ["Ignore"]}, "i"),
        item("polygon", TRIANGLE, "h"),
        item("textarea", {"text": "###"}, "h"),
        item("polygonlabels", TRIANGLE | {"polygonlabels": []}, "n"),
    ))  # fmt: skip
    words = dataset.samples[0].words
    assert [word.text for word in words] == ["Café", "M", "one", None, None, None]
    assert [word.ignore for word in words] == [False] * 3 + [True, True, False]
    assert words[0].polygon.tolist() == [[0, 0], [3, 0], [3, 3]]
    # A quarter clockwise about the upper left corner, in pixels.
    assert words[1].polygon.round(3).tolist() == [[3, 1], [3, 4], [1, 4], [1, 1]]
    assert words[2].polygon.tolist() == [[3, 1], [6, 1], [6, 3], [3, 3]]
    assert not dataset.problems


@pytest.mark.parametrize(
    "address",
    [
        *("/data/local-files/?d=photos/%C3%A4.jpg", "/data/upload/1/0a1b2c3d-%C3%A4.jpg"),
        *("https://example.org/x/%C3%A4.jpg?size=1", "s3://bucket/photos/ä.jpg", "photos/ä.jpg"),
        *("D:\\photos\\ä.jpg", "/data/upload/ä.jpg"),
    ],
)
def test_addresses_of_pictures(tmp_path: Path, address: str) -> None:
    write(tmp_path, {"photos/ä.jpg": PICTURE, "export.json": json.dumps([task(image=address)])})
    [sample] = read_dataset("labelstudio", tmp_path, "train").samples
    assert sample.picture == tmp_path / "photos/ä.jpg"


def test_the_newest_annotation_counts_then_a_prediction(tmp_path: Path) -> None:
    write(tmp_path, {f"{letter}.jpg": PICTURE for letter in "abc"})

    def annotation(text: str, day: int, **keys: Any) -> dict[str, Any]:
        result = [item("polygon", TRIANGLE), item("textarea", {"text": [text]})]
        return {"result": result, "updated_at": f"2026-01-0{day}T00:00:00Z"} | keys

    annotations = [
        *(annotation("older", 1), annotation("newest", 3)),
        *(annotation("cancelled", 4, was_cancelled=True), annotation("old", 2)),
    ]
    predicted = [{"result": [item("polygon", TRIANGLE)], "score": 0.5}]
    dataset = read(
        tmp_path,
        task(annotations=annotations),
        task(image="b.jpg", annotations=[annotations[2]], predictions=predicted),
        task(image="c.jpg", annotations=[]),
    )
    assert [[w.text for w in one.words] for one in dataset.samples] == [["newest"], [None]]
    assert problems(dataset, tmp_path) == [
        ("export.json: [2]", UNLABELLED),
        ("c.jpg", UNLABELLED),
    ]


def test_regions_that_outline_no_word_are_reported(tmp_path: Path) -> None:
    kinds = ("brushlabels", "ellipse", "keypointlabels", "choices", "relation")
    shapes = [item(kind, {}, kind) for kind in kinds]
    dataset = read(tmp_path, task(*shapes, item("textarea", {"text": ["whole"]}, "t")))
    assert dataset.samples[0].words == ()
    assert [what for _, what in problems(dataset, tmp_path)] == [SHAPE] * 6


def test_names_of_files_are_splits(tmp_path: Path) -> None:
    write(tmp_path, {"a.jpg": PICTURE, "b.jpg": PICTURE})
    write(tmp_path, {"train.json": json.dumps([task()])})
    write(tmp_path, {"val.json": json.dumps([task(image="b.jpg")])})
    assert has_validation("labelstudio", tmp_path)
    assert [one.name for one in read_dataset("labelstudio", tmp_path, "val").samples] == ["b"]


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (item("polygon", {"points": [[0, 0], [1, 1]]}), "3 points or more"),
        (item("rectangle", SIDES | {"width": "x"}), "4 numbers for x, y, width, height"),
        (item("rectangle", SIDES | {"rotation": "x"}), "a number for rotation"),
        (item("rectangle", SIDES, original_width=0), "original_width"),
        (item("rectangle", SIDES, original_height=10**400), "original_width"),
        (item("rectangle", SIDES, image_rotation=90), "a picture that is not rotated"),
        (item("rectangle", []), "an object for value"),
        (item("rectangle", SIDES | {"text": 5}), "a list for text"),
        (item("rectangle", SIDES | {"text": ["a", "b"]}), "one text"),
        (item("rectangle", SIDES, meta={"text": 5}), "a list for meta.text"),
    ],
)
def test_a_region_that_cannot_be_read(tmp_path: Path, bad: object, found: str) -> None:
    dataset = read(tmp_path, task(bad, item("polygon", TRIANGLE, "r2")), strict=False)
    assert len(dataset.samples[0].words) == 1
    [problem] = dataset.problems
    assert (problem.what, problem.where) == (UNREADABLE, f"{tmp_path}/export.json: [0]: region r1")
    assert found in problem.found


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (5, "an object for a task"),
        (task(data={"id": "5"}), "one picture's path"),
        (task(data={"one": "a.jpg", "two": "b.jpg"}), "one picture's path"),
        (task(data={"image": "http://[a.jpg"}), "an address for data.image"),
        (task(annotations={}), "a list for annotations"),
        (task(annotations=[{"result": 5}]), "a list for result"),
        (task(annotations=[], predictions=[5]), "an object for a prediction"),
    ],
)
def test_a_task_that_cannot_be_read(tmp_path: Path, bad: object, found: str) -> None:
    write(tmp_path, {"b.jpg": PICTURE})
    with pytest.raises(DatasetError, match=r"export\.json: \[1\]: found .*" + found):
        read(tmp_path, task(image="b.jpg"), bad)


def test_the_smaller_export_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a.jpg": PICTURE, "min.json": '[{"image": "a.jpg", "label": []}]'})
    with pytest.raises(DatasetError, match=r"no such \.json file; looked at min\.json; .*\n.*MIN"):
        read_dataset("labelstudio", tmp_path, "train")
