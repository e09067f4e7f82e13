"""HEIC pictures, where pillow-heif is installed."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from craftlite import read_image
from craftlite.errors import InputError

pillow_heif = pytest.importorskip("pillow_heif")


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return Image.fromarray(
        np.kron(np.arange(12, dtype=np.uint8).reshape(3, 4) * 20, np.ones((32, 32))).astype(
            np.uint8
        )
    ).convert("RGB")


def heic(picture: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(picture).save(buffer, quality=90, **options)
    return buffer.getvalue()


def test_a_heic_picture_is_read(picture: Image.Image) -> None:
    read = read_image(heic(picture))
    assert read.shape == (96, 128, 3)
    assert np.abs(read.astype(int) - np.asarray(picture)).mean() < 3


def test_it_is_turned_upright_once(picture: Image.Image) -> None:
    exif = Image.Exif()
    exif[274] = 6
    read = read_image(heic(picture, exif=exif.tobytes()))
    assert read.shape == (128, 96, 3)
    upright = np.rot90(np.asarray(picture), -1)
    assert np.abs(read.astype(int) - upright).mean() < 3


def test_what_is_damaged_or_too_large_is_refused(picture: Image.Image) -> None:
    data = heic(picture)
    with pytest.raises(InputError, match="96"):
        read_image(data, max_pixels=96 * 128 - 1)
    for cut in (len(data) // 2, 40):
        with pytest.raises(InputError):
            read_image(data[:cut])


def test_without_the_package_the_error_names_it(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = heic(picture)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InputError, match="pillow-heif: pip install pillow-heif"):
        read_image(data)
