"""Very large pictures are read smaller where no more of them is needed."""

import io

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image

from craftlite.geometry import Picture, Size
from craftlite.image import frames, open_document, read_image, read_scaled


@pytest.fixture(autouse=True)
def very_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million pixels are very large here, so that tests are quick."""
    monkeypatch.setattr(frames, "VERY_LARGE", 10**6)


def drawn(width: int, height: int) -> Picture:
    """Large soft spots, so that pictures of any scale can be compared."""
    spots = np.random.default_rng(3).integers(0, 256, (height // 100, width // 100, 3), np.uint8)
    return cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC)


def file_of(picture: Picture, kind: str, orientation: int = 1) -> bytes:
    exif, file = Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(picture).save(file, kind, exif=exif)
    return file.getvalue()


def scaled(data: bytes, scale: float) -> tuple[Picture, Size]:
    document = open_document(data)
    assert document.has(1)
    return read_scaled(document, 1, lambda size: scale)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(("scale", "side"), [(1.0, 1401), (0.6, 1401), (0.5, 701), (0.21, 351)])
def test_very_large_pictures_are_read_at_no_less_than_their_scale(
    kind: str, scale: float, side: int
) -> None:
    data = file_of(drawn(1401, 1003), kind)
    pixels, size = scaled(data, scale)
    assert size == (1401, 1003)
    assert pixels.shape[1] == side
    small = cv2.resize(read_image(data), pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - pixels).mean() < 2


def test_a_turned_picture_has_the_size_that_it_is_seen_in() -> None:
    pixels, size = scaled(file_of(drawn(1400, 1000), "JPEG", orientation=6), 0.3)
    assert size == (1000, 1400)
    assert pixels.shape == (700, 500, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_other_pictures_are_read_as_they_are(kind: str) -> None:
    data = file_of(drawn(1000, 500), kind)
    pixels, size = scaled(data, 0.1)
    assert size == (1000, 500)
    assert np.array_equal(pixels, read_image(data))
