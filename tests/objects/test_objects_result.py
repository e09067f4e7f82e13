"""Choosing objects among a network's boxes, and what is made of them."""

import json

import numpy as np
import pytest

from craftlite.objects import Objects
from craftlite.objects.coco import objects_as_coco
from craftlite.objects.draw import colour_of, draw_objects
from craftlite.objects.result import MOST_FOUND, choose_objects

CLASSES = ("cat", "dog")


def test_of_overlapping_boxes_of_a_class_the_surest_stays() -> None:
    boxes = np.array(
        [[0.1, 0.1, 0.5, 0.5], [0.12, 0.1, 0.5, 0.5], [0.6, 0.6, 0.9, 0.9]], np.float32
    )
    scores = np.array([[0.6, 0.0], [0.8, 0.55], [0.0, 0.3]], np.float32)
    found = choose_objects(boxes, scores, CLASSES, (200, 100), 0.25)
    assert found.labels == ("cat", "dog", "dog")
    assert found.scores.tolist() == pytest.approx([0.8, 0.55, 0.3])
    assert found.boxes[0].tolist() == pytest.approx([24, 10, 100, 50])
    assert choose_objects(boxes, scores, CLASSES, (200, 100), 0.7).labels == ("cat",)


def test_boxes_are_cut_to_the_picture_and_none_is_fine() -> None:
    boxes = np.array([[-0.5, -0.5, 1.5, 0.5]], np.float32)
    found = choose_objects(boxes, np.array([[0.9, 0.1]], np.float32), CLASSES, (40, 20), 0.5)
    assert found.boxes.tolist() == [[0, 0, 40, 10]]
    nothing = choose_objects(boxes, np.zeros((1, 2), np.float32), CLASSES, (40, 20), 0.5)
    assert len(nothing) == 0
    assert nothing.boxes.shape == (0, 4)


def test_there_are_at_most_a_hundred_objects() -> None:
    places = np.linspace(0, 0.99, 300, dtype=np.float32)
    boxes = np.stack([places, places, places + 0.002, places + 0.002], axis=1)
    scores = np.linspace(0.1, 0.9, 300, dtype=np.float32)[:, None]
    found = choose_objects(boxes, scores, ("cat",), (1000, 1000), 0.05)
    assert len(found) == MOST_FOUND
    assert found.scores[0] == pytest.approx(0.9)


OBJECTS = Objects(
    np.array([[1, 2, 31.04, 22]], np.float32), np.array([0.87654], np.float32), ("dog",), (60, 40)
)


def test_json_and_coco_hold_the_same() -> None:
    record = OBJECTS.to_dict()
    box = {"box": [1.0, 2.0, 31.0, 22.0], "label": "dog", "score": 0.8765}
    assert record == {"width": 60, "height": 40, "objects": [box]}
    text = objects_as_coco([{"image": "a.jpg", "page": 2, **record}], CLASSES)
    whole = json.loads(text)
    [image], [annotation] = whole["images"], whole["annotations"]
    assert image == {"id": 1, "file_name": "a.jpg", "page": 2, "width": 60, "height": 40}
    assert annotation["bbox"] == [1.0, 2.0, 30.0, 20.0]
    assert (annotation["area"], annotation["score"]) == (600.0, 0.8765)
    assert whole["categories"][annotation["category_id"] - 1]["name"] == "dog"


def test_a_box_is_drawn_in_the_colour_of_its_class() -> None:
    picture = np.full((40, 60, 3), 128, np.uint8)
    drawn = draw_objects(picture, OBJECTS, CLASSES)
    assert (picture == 128).all()
    assert tuple(drawn[22, 20].tolist()) == colour_of(CLASSES.index("dog"))
    assert len({colour_of(number) for number in range(20)}) == 20
