"""MSRA-TD500's layout: boxes turned about their centres."""

from pathlib import Path

import numpy as np
import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import ANTICLOCKWISE, NO_AREA, UNREADABLE
from craftlite.data.readers import read_dataset
from craftlite.data.readers.competitions.td500 import rotated_line

QUARTER = np.pi / 2


def test_pictures_and_boxes_lie_side_by_side(tmp_path: Path) -> None:
    lines = [
        "0 0 10 20 40 10 0",
        f"1 1 10 20 40 10 {QUARTER}",
        "2 0 10 20 -40 10 0",
        "3 0 10 20 0 0 0.5",
        "4 2 10 20 40 10 0",
        "5 0 10 20 40 10",
    ]
    write(tmp_path, {"train/IMG_0030.JPG": PICTURE, "train/IMG_0030.gt": "\r\n".join(lines)})
    write(tmp_path, {"test/IMG_0059.JPG": PICTURE, "test/IMG_0059.gt": lines[0]})
    dataset = read_dataset("td500", tmp_path, "train", strict=False)
    [sample] = dataset.samples
    assert sample.picture == tmp_path / "train/IMG_0030.JPG"
    level, hard, mirrored, dot = sample.words
    assert level.polygon.tolist() == [[10, 20], [50, 20], [50, 30], [10, 30]]
    assert (level.text, level.ignore, hard.ignore) == (None, False, True)
    assert mirrored.polygon[0].tolist() == [10, 20]
    assert np.allclose(dot.polygon, [10, 20])
    places = {3: ANTICLOCKWISE, 4: NO_AREA, 5: UNREADABLE, 6: UNREADABLE}
    file = "train/IMG_0030.gt"
    assert problems(dataset, tmp_path) == [(f"{file}:{n}", what) for n, what in places.items()]
    assert [sample.name for sample in read_dataset("td500", tmp_path, "test").samples] == [
        "IMG_0059"
    ]


@pytest.mark.parametrize(
    ("theta", "first"), [(0, (10, 20)), (QUARTER, (35, 5)), (-QUARTER, (25, 45))]
)
def test_a_positive_angle_turns_clockwise(theta: float, first: tuple[int, int]) -> None:
    outline = rotated_line(f"0 0 10 20 40 10 {theta}").outline
    assert outline[0] == pytest.approx(first, abs=1e-4)
    assert outline.mean(axis=0) == pytest.approx((30, 25), abs=1e-4)
