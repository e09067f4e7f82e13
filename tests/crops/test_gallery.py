"""Pictures in a device's memory: how they are halved, read between pixels, and counted."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from craftlite.crops.gallery import (
    LEVELS,
    Gallery,
    gallery_bytes,
    level_for,
    to_level,
)
from craftlite.data.augment import SPARSE
from craftlite.data.sample import Sample
from craftlite.errors import DatasetError

CPU = torch.device("cpu")
SIDES = st.integers(1, 3000)


def noise(width: int, height: int, seed: int = 0) -> Sample:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Sample(f"noise{seed}", picture, ())


def read(
    gallery: Gallery, picture: int, level: int, matrix: npt.NDArray[np.floating], crop: int
) -> npt.NDArray[np.float32]:
    """One crop (crop, crop, 3) in 0..255."""
    matrices = torch.from_numpy(np.asarray(matrix, np.float32))[None]
    cut = gallery.cut(torch.tensor([picture]), torch.tensor([level]), matrices, crop)
    assert cut.shape == (1, 3, crop, crop)
    return np.asarray(cut[0].permute(1, 2, 0))


def moved(right: float, down: float) -> npt.NDArray[np.float64]:
    return np.array([[1, 0, right], [0, 1, down], [0, 0, 1]], np.float64)


@given(scale=st.floats(0.01, 4), size=st.tuples(SIDES, SIDES))
def test_pictures_are_halved_no_more_often_than_leaves_enough_to_shrink(
    scale: float, size: tuple[int, int]
) -> None:
    level = level_for(scale, size)
    assert 0 <= level < LEVELS
    assert min(size) >> level >= 1
    if level:
        assert scale * 2 ** (level - 1) < SPARSE
    can_be_halved = level + 1 < LEVELS and min(size) >> (level + 1) >= 1
    if can_be_halved:
        assert scale * 2**level >= SPARSE * (1 - 1e-6)


@pytest.mark.parametrize(
    ("scale", "size", "expected"),
    [
        (1.0, (640, 480), 0),
        (0.5, (640, 480), 0),
        (0.49, (640, 480), 1),
        (0.25, (640, 480), 1),
        (0.2, (640, 480), 2),
        (0.01, (640, 480), 3),
        (0.01, (640, 3), 1),
        (0.01, (1, 480), 0),
    ],
)
def test_levels_by_scale_and_size(scale: float, size: tuple[int, int], expected: int) -> None:
    assert level_for(scale, size) == expected


@pytest.mark.parametrize("level", range(LEVELS))
def test_a_pixel_of_a_level_lies_in_the_middle_of_those_that_it_covers(level: int) -> None:
    times = 2**level
    for x, y in ((0, 0), (3, 5)):
        place = to_level(level) @ [x, y, 1]
        covered = [np.arange(times * start, times * (start + 1)) for start in (x, y)]
        assert place.tolist() == [covered[0].mean(), covered[1].mean(), 1]


def test_read_as_it_lies_a_picture_is_its_own_pixels_and_black_beside_them() -> None:
    samples = [noise(9, 4, 0), noise(7, 5, 1), noise(3, 3, 2)]
    gallery = Gallery(samples, CPU)
    crop = read(gallery, 1, 0, np.eye(3), 16)
    assert np.array_equal(crop[:5, :7], samples[1].pixels())
    assert crop[5:].max() == 0
    assert crop[:, 7:].max() == 0
    above = read(gallery, 1, 0, moved(-4, -6), 16)
    assert np.array_equal(above[6:11, 4:11], samples[1].pixels())
    assert above.sum() == crop.sum()


def test_half_a_pixel_aside_neighbours_are_averaged_and_the_border_fades_to_black() -> None:
    sample = noise(7, 5)
    gallery, picture = Gallery([sample], CPU), sample.pixels().astype(np.float64)
    beside = read(gallery, 0, 0, moved(0.5, 0), 8)
    assert np.allclose(beside[:5, :6], (picture[:, :-1] + picture[:, 1:]) / 2)
    assert np.allclose(beside[:5, 6], picture[:, 6] / 2)
    below = read(gallery, 0, 0, moved(0, 0.25), 8)
    assert np.allclose(below[:4, :7], 0.75 * picture[:-1] + 0.25 * picture[1:])


@pytest.mark.parametrize("level", range(1, LEVELS))
def test_a_level_holds_the_means_of_the_pixels_that_it_covers(level: int) -> None:
    sample, times = noise(45, 26), 2**level
    width, height = 45 // times, 26 // times
    crop = read(Gallery([sample], CPU), 0, level, np.eye(3), 24)
    whole = sample.pixels()[: height * times, : width * times].astype(np.float64)
    means = whole.reshape(height, times, width, times, 3).mean(axis=(1, 3))
    # Each halving rounds to whole numbers.
    assert abs(crop[:height, :width] - means).max() <= 0.5 * level
    assert crop[height:].max() == 0
    assert crop[:, width:].max() == 0


@pytest.mark.parametrize("level", range(LEVELS))
def test_all_levels_of_a_picture_lie_on_one_another(level: int) -> None:
    ys, xs = np.mgrid[:64, :80]
    ramp = np.stack([3 * xs, 3 * ys, xs + ys], axis=-1).astype(np.uint8)
    gallery = Gallery([Sample("ramp", ramp, ())], CPU)
    to_picture = np.array([[1.5, 0, 13], [0, 1.5, 10], [0, 0, 1]])
    crop = read(gallery, 0, level, np.linalg.inv(to_level(level)) @ to_picture, 24)
    y, x = 1.5 * np.mgrid[:24, :24] + np.array([10, 13])[:, None, None]
    expected = np.stack([3 * x, 3 * y, x + y], axis=-1)
    assert abs(crop - expected).max() <= 0.5 * level + 1e-3


def test_crops_of_several_pictures_and_levels_are_read_at_once() -> None:
    gallery = Gallery([noise(20, 10, 0), noise(11, 13, 1)], CPU)
    pictures, levels = torch.tensor([1, 0, 1]), torch.tensor([0, 1, 2])
    tilted = np.array([[0.5, 0.1, 1], [-0.1, 0.6, 2], [0.01, 0.002, 1]])
    matrices = torch.from_numpy(np.stack([tilted, np.eye(3), tilted]).astype(np.float32))
    together = gallery.cut(pictures, levels, matrices, 8)
    for place in range(3):
        one = slice(place, place + 1)
        alone = gallery.cut(pictures[one], levels[one], matrices[one], 8)
        assert torch.equal(together[place], alone[0])
    assert not torch.equal(together[0], together[2])


def test_more_pictures_than_are_read_at_a_time_keep_their_order() -> None:
    samples = [
        Sample(str(k), np.full((1, 1 + k % 3, 3), (k % 256, k // 256, 7), np.uint8), ())
        for k in range(600)
    ]
    gallery = Gallery(samples, CPU)
    matrices = torch.eye(3).expand(600, 3, 3)
    cut = gallery.cut(torch.arange(600), torch.zeros(600, dtype=torch.int64), matrices, 1)
    expected = [sample.pixels()[0, 0].tolist() for sample in samples]
    assert cut[:, :, 0, 0].tolist() == expected


def test_the_size_of_a_picture_is_told_by_its_pixels_or_its_file(tmp_path: Path) -> None:
    sample = noise(31, 12)
    assert sample.size() == (31, 12)
    cv2.imwrite(str(tmp_path / "a.png"), sample.pixels()[..., ::-1])
    stored = Sample("stored", tmp_path / "a.png", ())
    assert stored.size() == (31, 12)
    gallery = Gallery([stored, sample], CPU)
    assert gallery.sizes == [(31, 12), (31, 12)]
    assert np.array_equal(read(gallery, 0, 0, np.eye(3), 40), read(gallery, 1, 0, np.eye(3), 40))
    assert read(gallery, 0, 0, np.eye(3), 40).max() > 0


@given(st.lists(st.tuples(st.integers(1, 70), st.integers(1, 70)), min_size=1, max_size=5))
def test_the_memory_of_a_gallery_is_told_before_it_is_filled(sizes: list[tuple[int, int]]) -> None:
    samples = [noise(width, height) for width, height in sizes]
    gallery = Gallery(samples, CPU)
    assert gallery_bytes(samples) == 4 * gallery.texels.numel()
    assert gallery.sizes == sizes
    # Halves, quarters and eighths take a third more; sides are rounded down to a pixel at least.
    pixels = sum(width * height for width, height in sizes)
    assert 4 * pixels <= gallery_bytes(samples) <= 16 * pixels


def broken(folder: Path, name: str) -> Path:
    path = folder / name
    if name == "text.png":
        path.write_text("no picture")
    if name == "cut.png":
        coded = cv2.imencode(".png", noise(50, 40).pixels())[1].tobytes()
        path.write_bytes(coded[: len(coded) // 2])  # its header is whole
    return path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.png", "there is no such file"),
        ("text.png", "is not a picture of a known format"),
        ("cut.png", "the picture is damaged or cut short"),
    ],
)
def test_a_picture_that_cannot_be_read_is_named(name: str, reason: str, tmp_path: Path) -> None:
    path = broken(tmp_path, name)
    samples = [noise(8, 8), Sample("bad", path, ())]
    with pytest.raises(DatasetError) as error:
        Gallery(samples, CPU)
    assert str(error.value).startswith(f"{path}: {reason}")
    if name != "cut.png":
        with pytest.raises(DatasetError, match=name):
            gallery_bytes(samples)
