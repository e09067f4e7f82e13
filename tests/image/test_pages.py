"""Pages of TIFFs and frames of animations, each read alone."""

import io
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from craftlite import read_image
from craftlite.errors import ConfigError, InputError
from craftlite.image import open_document, read_pages
from craftlite.image.document import chosen_pages, parse_pages

COLOURS = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]


def file(images: list[Image.Image], file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    if file_format != "JPEG":
        options |= {"save_all": True, "append_images": images[1:]}
    images[0].save(buffer, file_format, **options)
    return buffer.getvalue()


def several(file_format: str, **options: object) -> bytes:
    images = [Image.new("RGB", (40, 30), colour) for colour in COLOURS]
    return file(images, file_format, **options)


@pytest.mark.parametrize(
    ("file_format", "animated"), [("TIFF", False), ("GIF", True), ("WEBP", True), ("PNG", True)]
)
def test_every_page_is_read_and_only_animations_are_animated(
    file_format: str, animated: bool
) -> None:
    data = several(file_format)
    read = list(read_pages(data))
    assert [picture.shape for picture in read] == [(30, 40, 3)] * 3
    for picture, colour in zip(read, COLOURS, strict=True):
        np.testing.assert_allclose(picture[15, 20].astype(int), colour, atol=12)
    np.testing.assert_array_equal(read_image(data, page=3), read[2])
    document = open_document(data)
    assert document.several
    assert list(chosen_pages(document, None)) == ([1] if animated else [1, 2, 3])
    assert list(chosen_pages(open_document(data), (1, 3))) == [1, 3]
    assert document.part(1) == {"page": 1}


def test_a_plain_picture_has_one_page_without_a_number() -> None:
    data = several("JPEG")
    document = open_document(data)
    assert not document.several and not document.animated
    assert list(chosen_pages(document, None)) == [1]
    assert document.part(1) == {}
    assert len(list(read_pages(data))) == 1


@pytest.mark.parametrize("page", [0, 4])
@pytest.mark.parametrize("file_format", ["JPEG", "TIFF", "GIF"])
def test_a_page_that_is_not_there(page: int, file_format: str) -> None:
    with pytest.raises(InputError, match=f"has no page {page}"):
        read_image(several(file_format), page=page)


def test_the_pages_there_are_come_before_the_error_of_one_that_is_not() -> None:
    read = read_pages(several("TIFF"), (2, 3, 4))
    assert next(read)[0, 0].tolist() == [0, 250, 0]
    assert next(read)[0, 0].tolist() == [0, 0, 250]
    with pytest.raises(InputError, match="has no page 4"):
        next(read)


def test_pages_of_any_size_orientation_and_depth() -> None:
    turned = Image.new("RGB", (50, 20), "white")
    turned.paste("black", (0, 0, 25, 20))
    turned.encoderinfo = {"tiffinfo": {274: 6}}  # of its page alone
    grey = Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30))
    data = file([Image.new("RGB", (9, 8)), turned, grey, Image.new("1", (70, 60), 1)], "TIFF")
    read = list(read_pages(data))
    assert [picture.shape[:2] for picture in read] == [(8, 9), (50, 20), (20, 30), (60, 70)]
    assert read[1][0].max() == 0 and read[1][-1].min() == 255
    assert read[2][0, 0, 0] == 0 and read[2][-1, -1, 0] == 255
    assert read[3].min() == 255


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_pages_of_deep_colours(dtype: type, tmp_path: Path) -> None:
    pages = [np.zeros((20, 30, 3), dtype) for _ in range(3)]
    for number, page in enumerate(pages):
        page[:, 10:, 2 - number] = 1 if dtype is np.float32 else 200
    path = tmp_path / "deep.tiff"
    assert cv2.imwritemulti(str(path), pages)
    read = list(read_pages(path))
    for number, picture in enumerate(read):
        expected = [0, 0, 0]
        expected[number] = 255
        assert picture[0, 0].tolist() == [0, 0, 0] and picture[0, 29].tolist() == expected
    with pytest.raises(InputError, match="has no page 4"):
        read_image(path, page=4)


def test_a_bad_page_does_not_take_the_others_with_it() -> None:
    images = [Image.new("RGB", size, "white") for size in ((40, 30), (200, 100), (40, 30))]
    document = open_document(file(images, "TIFF"), max_pixels=5000)
    good, bad = [], []
    for number in chosen_pages(document, None):
        try:
            good.append(document.read(number).shape)
        except InputError as error:
            bad.append(str(error))
    assert good == [(30, 40, 3)] * 2
    assert bad == ["the bytes given, page 2: has 200x100 pixels, more than the limit of 5,000"]


def test_the_number_of_pages_is_limited_and_the_rest_can_be_named() -> None:
    data = file([Image.new("1", (1, 1))] * 1003, "TIFF")
    read = 0
    with pytest.raises(InputError, match=r"more than 1,000 pages.*--pages 1001-2000"):
        for _ in read_pages(data):
            read += 1
    assert read == 1000
    assert len(list(read_pages(data, parse_pages("1001-1003")))) == 3


def test_one_page_at_a_time_is_in_memory() -> None:
    """Twenty pages of 3 MB: what NumPy holds never comes near that of them all."""
    data = file([Image.new("L", (1000, 1000), 9 * i) for i in range(20)], "TIFF")
    tracemalloc.start()
    try:
        for number, picture in enumerate(read_pages(data)):
            assert picture[0, 0, 0] == 9 * number
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * 3_000_000


def test_an_image_that_was_given_is_read_at_its_frame() -> None:
    image = Image.open(io.BytesIO(several("TIFF")))
    image.seek(2)
    assert read_image(image)[0, 0].tolist() == [0, 0, 250]
    assert read_image(image, page=2)[0, 0].tolist() == [0, 250, 0]
    image.seek(0)
    assert read_image(image)[0, 0].tolist() == [250, 0, 0]


def test_page_numbers_as_typed() -> None:
    assert parse_pages(None) is None
    assert parse_pages("all") == ()
    assert parse_pages("7") == (7,)
    assert parse_pages("3-5,1,4-6") == (1, 3, 4, 5, 6)
    assert parse_pages("5000-5999") == tuple(range(5000, 6000))


@pytest.mark.parametrize("text", ["", "0", "3-1", "1-", "-2", "a", "1,,2", "1.5", "٣", "all,1"])
def test_page_numbers_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="expected all, or numbers"):
        parse_pages(text)


@pytest.mark.parametrize("text", ["1-1001", "1-600,700-1200", "1-9999999"])
def test_too_many_page_numbers(text: str) -> None:
    with pytest.raises(ConfigError, match="more than 1,000 pages"):
        parse_pages(text)
