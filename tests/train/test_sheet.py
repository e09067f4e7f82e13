"""The sheet of validation pictures: which are chosen, what is drawn, and how it is laid out."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from craftlite.data.sample import Sample, Word
from craftlite.detector import Detector
from craftlite.errors import DatasetError
from craftlite.evaluate.outlines import COLOURS, mark
from craftlite.evaluate.protocols.iou import match
from craftlite.postprocess import Thresholds
from craftlite.train.detector.sheet import BAND, CELL, GAP, chosen, draw_sheet

THRESHOLDS = Thresholds(text=0.5, link=0.3, low=0.3)
WIDTH = 3 * CELL[0] + 2 * GAP


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector("craftlite-small", threads=1, long_side=256)


def box(x: float, y: float, width: float = 60, height: float = 20) -> np.ndarray:
    corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return np.array(corners, np.float32)


def written(
    name: str = "img_1", size: tuple[int, int] = (200, 100), ignore: bool = False
) -> Sample:
    """A picture with "TEXT" on it, and its word."""
    picture = np.full((size[1], size[0], 3), 230, np.uint8)
    cv2.putText(picture, "TEXT", (40, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 3)
    return Sample(name, picture, (Word(box(38, 32, 104, 32), "TEXT", ignore),))


def has(picture: np.ndarray, state: str, rows: slice, columns: slice) -> bool:
    # A line of one pixel that lies between two rows is a little dimmer than its colour.
    away = np.abs(picture[rows, columns].astype(int) - COLOURS[state]).max(axis=2)
    return bool((away < 50).any())


def test_outlines_have_the_colour_of_what_became_of_them() -> None:
    picture = np.zeros((200, 400, 3), np.uint8)
    truths = [
        Word(box(20, 20), "found"),
        Word(box(120, 20), "missed"),
        Word(box(220, 20), None, ignore=True),
    ]
    # One on the first word, one on nothing, one in the region that is not scored.
    quads = [box(22, 22), box(20, 120), box(222, 22, 50, 15)]
    matching = match(truths, quads)
    drawn = mark(picture, truths, quads, matching)
    assert not picture.any()
    upper, lower = slice(0, 100), slice(100, 200)
    first, second, third = slice(0, 100), slice(100, 200), slice(200, 300)
    assert has(drawn, "truth", upper, first)
    assert has(drawn, "detection", upper, first)
    assert has(drawn, "truth, missed", upper, second)
    assert not has(drawn, "detection", upper, second)
    assert has(drawn, "detection, wrong", lower, first)
    assert has(drawn, "don't care", upper, third)
    assert not any(has(drawn, state, upper, third) for state in COLOURS if state != "don't care")


def test_pictures_come_from_all_over_the_list_those_with_words_first() -> None:
    samples = [written(str(number), ignore=number % 2 == 0) for number in range(40)]
    names = [sample.name for sample in chosen(samples)]
    assert names == ["1", "7", "13", "21", "27", "33"]
    assert [sample.name for sample in chosen(samples[:4])] == ["1", "3"]
    assert [sample.name for sample in chosen(samples[:1])] == ["0"]
    assert chosen([]) == []


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_sheet_has_a_row_for_each_of_six_pictures(
    suffix: str, detector: Detector, tmp_path: Path
) -> None:
    samples = [written(f"img_{number}") for number in range(8)]
    path = tmp_path / f"sheet{suffix}"
    draw_sheet(path, detector, samples, THRESHOLDS, step=120)
    sheet = cv2.imread(str(path))
    row = BAND + CELL[0] // 2 + GAP  # the pictures are twice as wide as high
    assert sheet.shape == (BAND + 6 * row, WIDTH, 3)
    assert WIDTH <= 2400
    assert list(tmp_path.iterdir()) == [path]


def test_a_row_shows_the_picture_and_both_maps(detector: Detector, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    draw_sheet(path, detector, [written()], THRESHOLDS, step=120)
    sheet = cv2.imread(str(path))[..., ::-1].astype(int)
    parts = [sheet[2 * BAND : -GAP, place * (CELL[0] + GAP) :][:, : CELL[0]] for place in range(3)]
    paper = [part[200:240, 20:60].mean(axis=(0, 1)) for part in parts]
    assert paper[0] == pytest.approx([230, 230, 230], abs=3)
    assert all(abs(colour - paper[0]).max() > 20 for colour in paper[1:])
    maps = detector.maps(written().pixels())
    assert maps.region.max() > 0.5
    # Where the network sees text, the map glows red and green; elsewhere it is a blue veil.
    glow = parts[1][130:240, 160:560, 1] - parts[1][130:240, 160:560, 2]
    veil = parts[1][300:380, 160:560, 1] - parts[1][300:380, 160:560, 2]
    assert glow.max() > veil.max() + 40
    assert not np.array_equal(parts[1], parts[2])


def test_a_picture_that_is_high_fits_and_stays_in_proportion(
    detector: Detector, tmp_path: Path
) -> None:
    path = tmp_path / "sheet.png"
    draw_sheet(path, detector, [written(size=(150, 600))], THRESHOLDS, step=1)
    sheet = cv2.imread(str(path))
    assert sheet.shape == (BAND + BAND + CELL[1] + GAP, WIDTH, 3)
    light = (sheet[-GAP - 40, : CELL[0]] > 200).all(axis=1)
    assert light.sum() == pytest.approx(150, abs=6)


def test_the_step_and_new_detections_change_the_sheet(detector: Detector, tmp_path: Path) -> None:
    def drawn(step: int, thresholds: Thresholds) -> bytes:
        draw_sheet(tmp_path / "s.png", detector, [written()], thresholds, step)
        return (tmp_path / "s.png").read_bytes()

    first = drawn(1, THRESHOLDS)
    assert drawn(1, THRESHOLDS) == first
    assert drawn(2, THRESHOLDS) != first
    assert drawn(1, replace(THRESHOLDS, low=0.05, text=0.05)) != first


def test_odd_samples_are_drawn_and_missing_pictures_are_named(
    detector: Detector, tmp_path: Path
) -> None:
    bare = Sample("漢字", np.zeros((7, 300, 3), np.uint8), ())
    draw_sheet(tmp_path / "s.jpg", detector, [bare], THRESHOLDS, step=0)
    assert cv2.imread(str(tmp_path / "s.jpg")).shape[1] == WIDTH
    draw_sheet(tmp_path / "none.jpg", detector, [], THRESHOLDS, step=0)
    gone = Sample("gone", tmp_path / "gone.jpg", ())
    with pytest.raises(DatasetError, match=r"gone\.jpg"):
        draw_sheet(tmp_path / "s.jpg", detector, [gone], THRESHOLDS, step=0)
