"""Pictures of a dataset: taken as they are stored, or refused with their file and the reason."""

import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import ExifTags, Image

from craftlite.data.sample import Sample
from craftlite.errors import DatasetError

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (12, 20, 3), np.uint8)


def sample(path: Path) -> Sample:
    return Sample("sample", path, ())


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "webp"])
def test_a_picture_is_what_opencv_reads(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(NOISE).save(path)
    expected = cv2.imread(str(path))
    assert expected is not None
    assert np.array_equal(sample(path).pixels(), expected[..., ::-1])


def test_exif_turns_no_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for suffix in ("jpg", "png", "webp"):
        path = tmp_path / f"a.{suffix}"
        Image.fromarray(NOISE).save(path, exif=exif)
        assert sample(path).size() == (20, 12)
        assert sample(path).pixels().shape == (12, 20, 3)
    Image.fromarray(NOISE).save(tmp_path / "a.tif", exif=exif)
    with pytest.raises(DatasetError, match=r"a\.tif: is a TIFF that is stored rotated; save it"):
        sample(tmp_path / "a.tif").size()


def header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and holds hardly more."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 100) + b"IDAT" + bytes(104)


@pytest.mark.parametrize(("width", "height"), [(15_001, 10_000), (30_000, 30_000)])
def test_more_pixels_than_are_read_are_refused_by_the_header(
    tmp_path: Path, width: int, height: int
) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(header(width, height))
    for ask in (sample(path).size, sample(path).pixels):
        with pytest.raises(DatasetError, match=r"^\S*large\.png: .*pixels.*"):
            ask()


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")  # nobody writes to it: reading would not end
    (tmp_path / "folder.jpg").mkdir()
    for name in ("pipe.jpg", "folder.jpg"):
        for ask in (sample(tmp_path / name).size, sample(tmp_path / name).pixels):
            with pytest.raises(DatasetError, match=rf"{name}: is a folder, pipe or device"):
                ask()


def mutated(rng: np.random.Generator, raw: bytes) -> bytes:
    """The bytes with some changed, mostly in the header, and often cut short."""
    data = np.frombuffer(raw, np.uint8).copy()
    places = (len(data) * rng.random(rng.integers(1, 9)) ** 3).astype(int)
    data[places] = rng.integers(0, 256, len(places))
    end = rng.integers(1, len(data) + 1) if rng.random() < 0.3 else len(data)
    return data[:end].tobytes()


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "webp", "tif"])
def test_any_damage_is_told_with_the_file_or_gives_a_picture(tmp_path: Path, suffix: str) -> None:
    rng: np.random.Generator = np.random.default_rng(1)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(NOISE).save(path)
    raw, told = path.read_bytes(), 0
    for _ in range(60):
        path.write_bytes(mutated(rng, raw))
        try:
            pixels: npt.NDArray[np.uint8] = sample(path).pixels()
        except DatasetError as error:
            told += 1
            assert str(error).startswith(f"{path}: ")
        else:
            assert (pixels.shape[1], pixels.shape[0]) == sample(path).size()
    assert told
