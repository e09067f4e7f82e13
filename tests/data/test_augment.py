"""Random crops: what moves the pixels moves the points."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from craftlite.data.augment import Augmentation, random_crop, random_matrix, recolour, warp
from craftlite.data.sample import Word
from craftlite.geometry import Picture, Points, transform

CROP = 320
STILL = Augmentation(
    rotation=0, any_rotation=0, shear=0, perspective=0, stretch=0, empty=0, photometric=False
)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def crosses(size: tuple[int, int], step: int = 50) -> tuple[Picture, Points]:
    """A grey picture with small white crosses, and where they are."""
    picture = np.full((size[1], size[0], 3), 60, np.uint8)
    xs, ys = np.meshgrid(np.arange(30, size[0] - 20, step), np.arange(30, size[1] - 20, step))
    points = np.stack([xs.ravel(), ys.ravel()], axis=1)
    for x, y in points.tolist():
        cv2.drawMarker(picture, (x, y), (255, 255, 255), cv2.MARKER_CROSS, 9, 3)
    return picture, points.astype(np.float32)


def cross_near(picture: Picture, point: np.ndarray, reach: int) -> np.ndarray:
    """(x, y) of the centre of what is bright around a point."""
    x, y = np.round(point).astype(int)
    window = picture[y - reach : y + reach + 1, x - reach : x + reach + 1, 0].astype(float)
    light = np.clip(window - 70, 0, None)
    assert light.sum() > 0, "no cross there"
    ys, xs = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.array([x + np.average(xs, weights=light), y + np.average(ys, weights=light)])


@pytest.mark.parametrize("seed", range(12))
def test_points_and_pixels_move_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture, points = crosses((640, 480))
    corner = np.array([[0, 0], [9, 0], [9, 9]])
    words = [Word((point + corner).astype(np.float32)) for point in points]
    how = Augmentation(heights=(6, 12), rotation=20, any_rotation=0.3, perspective=0.3)
    matrix = random_matrix(rng, (640, 480), words, CROP, how)
    warped, inside = warp(picture, words, matrix, CROP)
    assert warped.shape == (CROP, CROP, 3)
    assert warped.dtype == np.uint8
    starts = np.array([word.polygon[0] for word in inside])
    clear = starts[((starts > 25) & (starts < CROP - 25)).all(axis=1)]
    assert len(clear) >= 3
    for start in clear:
        # The steepest tilts draw a cross out to one side, which moves its centre of light.
        assert abs(cross_near(warped, start, 12) - start).max() < 1


def test_characters_move_with_their_word() -> None:
    rng = np.random.default_rng(3)
    quad = box(200, 100, 300, 140)
    word = Word(quad, "ab", characters=np.stack([box(200, 100, 250, 140), box(250, 100, 300, 140)]))
    matrix = random_matrix(rng, (640, 480), [word], CROP, Augmentation(empty=0))
    [moved] = warp(np.zeros((480, 640, 3), np.uint8), [word], matrix, CROP)[1]
    assert moved.text == "ab"
    assert moved.characters is not None
    assert np.allclose(moved.polygon, transform(quad, matrix))
    assert np.allclose(moved.characters[0, [0, 3]], moved.polygon[[0, 3]])
    assert np.allclose(moved.characters[1, [1, 2]], moved.polygon[[1, 2]])


@pytest.mark.parametrize("empty", [0.0, 1.0])
def test_scales_stay_within_their_limits(empty: float) -> None:
    rng = np.random.default_rng(0)
    how = Augmentation(
        heights=(5, 200), scales=(0.5, 3), empty=empty, perspective=0, any_rotation=0.5
    )
    word = Word(box(900, 900, 1000, 930), "word")
    scales = [
        np.sqrt(np.linalg.det(random_matrix(rng, (2000, 2000), [word], CROP, how)[:2, :2]))
        for _ in range(300)
    ]
    assert min(scales) >= 0.5 - 1e-9
    assert max(scales) <= 3 + 1e-9
    assert min(scales) < 0.6
    assert max(scales) > 2.5


def test_chosen_word_gets_a_wanted_height_and_lies_in_the_middle_of_the_crop() -> None:
    rng = np.random.default_rng(0)
    word = Word(box(900, 900, 1000, 930), "word")
    hidden = Word(box(100, 100, 110, 400), ignore=True)
    how = Augmentation(
        heights=(20, 40), empty=0, rotation=0, any_rotation=0, shear=0, perspective=0, stretch=0
    )
    for _ in range(50):
        matrix = random_matrix(rng, (2000, 2000), [hidden, word], CROP, how)
        quad = transform(word.polygon, matrix)
        assert 20 - 1e-3 <= quad[3, 1] - quad[0, 1] <= 40 + 1e-3
        assert (quad.mean(axis=0) >= 0.25 * CROP - 1e-3).all()
        assert (quad.mean(axis=0) <= 0.75 * CROP + 1e-3).all()


def test_shear_slants_words_sideways_and_upwards_at_the_same_area() -> None:
    rng = np.random.default_rng(0)
    word = Word(box(900, 900, 1000, 930), "word")
    how = replace(STILL, shear=0.2, heights=(30, 30))
    slants = []
    for _ in range(400):
        quad = transform(word.polygon, random_matrix(rng, (2000, 2000), [word], CROP, how))
        across, down = quad[1] - quad[0], quad[3] - quad[0]
        assert across[0] * down[1] - across[1] * down[0] == pytest.approx(100 * 30, rel=1e-3)
        slants.append((down[0] / down[1], across[1] / across[0]))
    assert np.mean(slants, axis=0) == pytest.approx([0, 0], abs=0.04)
    assert np.std(slants, axis=0) == pytest.approx([0.2, 0.2], abs=0.03)


def test_the_widest_slant_leaves_words_open() -> None:
    rng = np.random.default_rng(0)
    word = Word(box(900, 900, 1000, 930), "word")
    how = replace(STILL, shear=5, heights=(30, 30))
    for _ in range(50):
        quad = transform(word.polygon, random_matrix(rng, (2000, 2000), [word], CROP, how))
        assert (quad[1] - quad[0])[0] > 0
        assert abs(cv2.contourArea(quad)) == pytest.approx(100 * 30, rel=1e-3)
        assert min(cv2.minAreaRect(quad)[1]) > 15


@pytest.mark.parametrize("size", [(2000, 400), (400, 2000), (360, 330)])
def test_a_level_crop_shows_nothing_beside_a_picture_that_can_fill_it(
    size: tuple[int, int],
) -> None:
    rng = np.random.default_rng(0)
    word = Word(box(2, 2, 60, 22), "edge")
    picture = np.full((size[1], size[0], 3), 255, np.uint8)
    how = replace(STILL, heights=(20, 60), scales=(1, 3))
    for _ in range(30):
        crop, [moved] = random_crop(rng, picture, [word], CROP, how)
        assert crop.min() > 250
        centre = moved.polygon.mean(axis=0)
        assert (centre > 0).all()
        assert (centre < CROP).all()


@pytest.mark.parametrize("size", [(40, 30), (600, 8), (3, 900), (1, 1), (120, 100)])
def test_all_of_a_picture_smaller_than_the_crop_is_shown(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    picture = np.full((size[1], size[0], 3), 255, np.uint8)
    still = replace(STILL, scales=(0.2, 2))
    word = Word(box(0, 0, size[0], size[1]), "all")
    for words, how in (([word], still), ([], still), ([word], Augmentation())):
        for _ in range(10):
            crop, inside = random_crop(rng, picture, words, CROP, how)
            assert crop.shape == (CROP, CROP, 3)
            assert len(inside) == len(words)
            if how is still and max(size) * 2 <= CROP:
                # Sampling between pixels fades the border out over a pixel of the picture.
                seen = (crop[:, :, 0] / 255).sum() / 4
                assert seen == pytest.approx(size[0] * size[1], rel=0.02)


def test_a_large_picture_is_averaged_before_it_shrinks() -> None:
    grain = np.random.default_rng(0).integers(0, 2, (1000, 1000, 1)).astype(np.uint8) * 200
    crop = warp(grain.repeat(3, axis=2), [], np.diag([0.23, 0.23, 1]), 200)[0]
    # Of nine pixels that fall in one, the mean spreads a third as far as each of them.
    assert crop.mean() == pytest.approx(100, abs=2)
    assert crop.std() < 100 / 3


@pytest.mark.parametrize("scale", [0.5, 0.41, 0.26, 0.2])
def test_points_and_pixels_move_together_in_pictures_that_shrink(scale: float) -> None:
    picture = np.full((1201, 1503, 3), 60, np.uint8)
    rng = np.random.default_rng(0)
    picture[600:660, 700:760] = 255
    middle = np.array([729.5, 629.5])  # of pixels 700 to 759 and 600 to 659
    word = Word(box(700, 600, 759, 659))
    how = replace(STILL, rotation=20, shear=0.2, scales=(scale, scale))
    for _ in range(5):
        matrix = random_matrix(rng, (1503, 1201), [word], 200, how)
        there = transform(middle, matrix)
        crop = warp(picture, [], matrix, 200)[0]
        assert abs(cross_near(crop, there, 30) - there).max() < 0.1


def test_a_small_picture_is_not_shrunk_to_a_stamp() -> None:
    rng = np.random.default_rng(0)
    word = Word(box(20, 20, 90, 80), "word")
    for _ in range(20):
        matrix = random_matrix(rng, (120, 100), [word], CROP, STILL)
        assert matrix[0, 0] >= 0.8 * CROP / 100 - 1e-9


def test_words_outside_the_crop_are_left_out_and_cut_ones_kept() -> None:
    words = [
        Word(box(10, 10, 50, 30), "inside"),
        Word(box(90, 10, 140, 30), "cut"),
        Word(box(-40, -9, 1, 1), "corner"),
        Word(box(100, 10, 140, 30), "right"),
        Word(box(10, -30, 50, -1), "above"),
    ]
    inside = warp(np.zeros((200, 200, 3), np.uint8), words, np.eye(3), 100)[1]
    assert [word.text for word in inside] == ["inside", "cut", "corner"]
    assert np.array_equal(inside[1].polygon, words[1].polygon)


def test_words_beyond_the_horizon_of_the_perspective_do_not_come_back_mirrored() -> None:
    # Points right of x = 500 lie beyond the line that this matrix maps to infinity.
    matrix = np.array([[1, 0, 0], [0, 1, 0], [-0.002, 0, 1]])
    words = [
        Word(box(50, 50, 60, 60), "near"),
        Word(box(400, 40, 700, 60), "across"),
        Word(box(900, 40, 950, 60), "beyond"),
    ]
    inside = warp(np.zeros((200, 1000, 3), np.uint8), words, matrix, 100)[1]
    assert [word.text for word in inside] == ["near"]


def test_same_generator_state_gives_the_same_crop() -> None:
    picture, points = crosses((500, 400))
    words = [Word(box(x, y, x + 30, y + 12), "ab") for x, y in points.tolist()]
    crops = [
        random_crop(np.random.default_rng(seed), picture, words, CROP, Augmentation())
        for seed in (5, 5, 6)
    ]
    assert np.array_equal(crops[0][0], crops[1][0])
    assert len(crops[0][1]) == len(crops[1][1])
    pairs = zip(crops[0][1], crops[1][1], strict=True)
    assert all(np.array_equal(one.polygon, other.polygon) for one, other in pairs)
    assert not np.array_equal(crops[0][0], crops[2][0])


def test_recolouring_keeps_shape_and_type_and_repeats() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    changed = 0
    for seed in range(60):
        one, again = (recolour(np.random.default_rng(seed), picture) for _ in range(2))
        assert one.shape == picture.shape
        assert one.dtype == np.uint8
        assert np.array_equal(one, again)
        changed += not np.array_equal(one, picture)
    assert changed > 50


def test_recolouring_noise_falls_on_every_channel() -> None:
    picture = np.full((64, 64, 3), 128, np.uint8)
    spreads = np.array(
        [recolour(np.random.default_rng(s), picture).std(axis=(0, 1)) for s in range(80)]
    )
    noisy = spreads[spreads.max(axis=1) > 1]
    assert len(noisy) > 5
    assert (noisy.min(axis=1) > 0.3 * noisy.max(axis=1)).all()


def test_without_photometric_changes_the_colours_stay() -> None:
    picture = np.full((400, 400, 3), (10, 120, 230), np.uint8)
    word = Word(box(180, 180, 220, 200), "a")
    crop, _ = random_crop(np.random.default_rng(1), picture, [word], 64, STILL)
    assert (crop == (10, 120, 230)).all()
