"""Blocks lie in the picture, apart from each other, and mostly where it is calm."""

import numpy as np
import pytest
import shapely

from craftlite.geometry import Points, signed_area, transform
from craftlite.synth.placement import Room, block_corners, random_pose

BOX = np.array([[0, 0], [60, 0], [60, 20], [0, 20]], np.float32)


def placed(room: Room, rng: np.random.Generator, corners: Points) -> Points | None:
    matrix = room.place(rng, corners)
    return None if matrix is None else transform(corners, matrix)


def test_blocks_lie_inside_and_apart_until_there_is_no_room_left() -> None:
    rng = np.random.default_rng(0)
    room = Room(np.zeros((200, 300, 3), np.uint8))
    found = [placed(room, rng, BOX) for _ in range(200)]
    boxes = [shapely.Polygon(corners) for corners in found if corners is not None]
    assert len(boxes) > 15
    assert found[-1] is None
    frame = shapely.box(0, 0, 300, 200)
    assert all(frame.buffer(1e-3).contains(box) for box in boxes)
    for number, box in enumerate(boxes):
        assert all(box.distance(other) > 2 for other in boxes[:number])


def test_turned_blocks_do_not_overlap() -> None:
    rng = np.random.default_rng(1)
    room = Room(np.zeros((300, 300, 3), np.uint8))
    boxes = []
    for _ in range(60):
        extent = np.array([0, 0, 3, 1], np.float32)
        corners = block_corners(extent, 0.1, random_pose(rng, 25, extent))
        found = placed(room, rng, corners)
        if found is not None:
            boxes.append(shapely.Polygon(found))
    assert len(boxes) > 8
    for number, box in enumerate(boxes):
        assert all(box.intersection(other).area < 1 for other in boxes[:number])


def test_what_is_larger_than_the_picture_has_no_place() -> None:
    assert Room(np.zeros((50, 50, 3), np.uint8)).place(np.random.default_rng(0), BOX) is None


def test_calm_places_are_preferred() -> None:
    rng = np.random.default_rng(2)
    picture = np.full((240, 320, 3), 128, np.uint8)
    picture[:, 160:] = rng.integers(0, 256, (240, 160, 3))
    middles = []
    for _ in range(100):
        corners = placed(Room(picture), rng, BOX)
        assert corners is not None
        middles.append(corners[:, 0].mean())
    calm = np.mean(np.array(middles) < 160)
    assert 0.7 < calm < 1.0


@pytest.mark.parametrize("seed", range(30))
def test_a_pose_keeps_size_and_side_of_a_block(seed: int) -> None:
    rng = np.random.default_rng(seed)
    box = np.array([-4, -0.5, 4, 0.5], np.float32)
    corners = block_corners(box, 0.0, random_pose(rng, 20, box))
    assert shapely.Polygon(corners).is_valid
    # 8 x 1 ems of 20 pixels; perspective changes the area a little, and nothing is mirrored.
    assert 0.7 < signed_area(corners) / 3200 < 1.6
