"""Grounds: parts of the photographs that are given, or made ones."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from craftlite.errors import DatasetError
from craftlite.synth.backgrounds.patterns import PATTERNS, Pattern, add_grain, drawn_background
from craftlite.synth.backgrounds.photographs import (
    find_photographs,
    random_background,
    random_part,
)


def test_photographs_are_found_in_deep_folders_and_used(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    red = np.zeros((90, 120, 3), np.uint8)
    red[..., 2] = 255
    cv2.imwrite(str(tmp_path / "deep" / "red.PNG"), red)
    (tmp_path / "notes.txt").write_text("none")
    photographs = find_photographs(tmp_path)
    assert [path.name for path in photographs] == ["red.PNG"]
    grounds = [
        random_background(np.random.default_rng(k), photographs, (64, 48)) for k in range(40)
    ]
    assert all(ground.shape == (48, 64, 3) and ground.dtype == np.uint8 for ground in grounds)
    from_photo = [(ground == (255, 0, 0)).all() for ground in grounds]
    assert 25 < sum(from_photo) < 40


def test_folders_without_pictures_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        find_photographs(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="holds no picture"):
        find_photographs(tmp_path)
    assert find_photographs(None) == ()


@pytest.mark.parametrize("shape", [(50, 400), (400, 50), (2000, 3000), (7, 9)])
def test_a_part_has_the_wanted_size_and_keeps_the_aspect(shape: tuple[int, int]) -> None:
    photo = np.zeros((*shape, 3), np.uint8)
    assert random_part(np.random.default_rng(0), photo, (96, 64))[0].shape == (64, 96, 3)
    # A disc stays a disc.
    disc = np.zeros((300, 300, 3), np.uint8)
    cv2.circle(disc, (150, 150), 40, (255, 255, 255), -1)
    ground, matrix = random_part(np.random.default_rng(1), disc, (240, 240))
    assert ground.any()
    ys, xs = np.nonzero(ground[..., 0] > 127)
    assert np.ptp(xs) == pytest.approx(np.ptp(ys), abs=3)
    assert np.ptp(xs) == pytest.approx(80 * matrix[0, 0], abs=3)


@pytest.mark.parametrize("pattern", dict.fromkeys(PATTERNS))
@pytest.mark.parametrize("size", [(64, 64), (200, 90)])
def test_patterns_draw_on_grounds_of_any_size_and_repeat(
    pattern: Pattern, size: tuple[int, int]
) -> None:
    drawn = []
    for _ in range(2):
        ground = np.full((size[1], size[0], 3), 128, np.uint8)
        pattern(np.random.default_rng(5), ground)
        drawn.append(ground)
    assert np.array_equal(*drawn)
    assert (drawn[0] != 128).any()


def test_made_grounds_differ_and_repeat() -> None:
    grounds = [drawn_background(np.random.default_rng(k), (80, 60)) for k in range(20)]
    assert all(ground.shape == (60, 80, 3) for ground in grounds)
    assert len({ground.tobytes() for ground in grounds}) == 20
    assert np.array_equal(grounds[3], drawn_background(np.random.default_rng(3), (80, 60)))


def test_grain_has_the_deviation_that_is_asked_for() -> None:
    noisy = add_grain(np.random.default_rng(0), np.full((300, 500, 3), 128, np.uint8), 6.0)
    assert noisy.std(axis=(0, 1)) == pytest.approx([6, 6, 6], rel=0.05)
    assert noisy.mean() == pytest.approx(128, abs=0.2)
