"""Depths and transparency: the shipped weights find a word that the tests write, in all of them."""

import io
import itertools
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from craftlite import Detector, Words, read_image
from craftlite.errors import InputError

# Left, top, right, bottom of the word in the mask.
BOX = (60, 66, 274, 102)


def mask() -> np.ndarray:
    """(160, 340) uint8: 255 where the word "Harvest" is, with smooth edges, and 0 elsewhere."""
    pixels = np.zeros((160, 340), np.uint8)
    cv2.putText(pixels, "Harvest", (60, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.7, 255, 3, cv2.LINE_AA)
    return pixels


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(threads=1)


def assert_found(words: Words) -> None:
    """One word, whose box and BOX have most of their area in common."""
    assert len(words) == 1
    (x0, y0), (x1, y1) = words.quads[0].min(axis=0), words.quads[0].max(axis=0)
    left, top, right, bottom = BOX
    shared = max(0, min(x1, right) - max(x0, left)) * max(0, min(y1, bottom) - max(y0, top))
    both = (x1 - x0) * (y1 - y0) + (right - left) * (bottom - top) - shared
    assert shared / both > 0.5


def file(image: Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def opencv_file(array: np.ndarray, suffix: str = ".png") -> bytes:
    whole, data = cv2.imencode(suffix, array)
    assert whole
    return data.tobytes()


def with_alpha(colour: tuple[int, ...]) -> np.ndarray:
    """The word in one colour, with nothing around it."""
    pixels = np.zeros((*mask().shape, len(colour) + 1), np.uint8)
    pixels[:, :, :-1] = colour
    pixels[:, :, -1] = mask()
    return pixels


def deep_colours(most: float, dtype: type) -> np.ndarray:
    """A dark red word on a light ground, BGR from 0 to `most`."""
    light = 1 - mask()[:, :, None] / 255 * (1, 1, 0.4)
    return (light * most).astype(dtype)


def in_a_palette() -> Image.Image:
    image = Image.fromarray((mask() > 127).astype(np.uint8), "P")
    image.putpalette([10, 10, 10, 250, 250, 240])
    return image


CASES: dict[str, Callable[[], bytes | np.ndarray]] = {
    "white, RGBA": lambda: file(Image.fromarray(with_alpha((255, 255, 255)))),
    "black, RGBA": lambda: file(Image.fromarray(with_alpha((0, 0, 0)))),
    "yellow, RGBA": lambda: file(Image.fromarray(with_alpha((255, 240, 60)))),
    "white, LA": lambda: file(Image.fromarray(with_alpha((255,)), "LA")),
    "black, LA": lambda: file(Image.fromarray(with_alpha((0,)), "LA")),
    "white, palette": lambda: file(in_a_palette(), transparency=0),
    "white, 16-bit RGBA": lambda: opencv_file(with_alpha((255,) * 3).astype(np.uint16) * 257),
    "8-bit values in 16-bit grey": lambda: file(Image.fromarray(mask().astype(np.uint16))),
    "8-bit values in 16-bit colours": lambda: opencv_file(deep_colours(255, np.uint16)),
    "12-bit values in a TIFF": lambda: opencv_file(deep_colours(4095, np.uint16), ".tiff"),
    "PPM of 16 bits": lambda: opencv_file(deep_colours(900, np.uint16), ".ppm"),
    "float colours": lambda: opencv_file(deep_colours(1, np.float32), ".tiff"),
    "float grey": lambda: file(Image.fromarray((mask() / 255).astype(np.float32)), "TIFF"),
    "array of booleans": lambda: mask() > 127,
    "array of floats": lambda: deep_colours(1, np.float64),
    "array (H, W, 1)": lambda: mask()[:, :, None],
    "array (H, W, 2)": lambda: with_alpha((255,)),
    "uint16 array (H, W, 4)": lambda: with_alpha((255, 255, 255)).astype(np.uint16) * 257,
    "int32 array": lambda: mask().astype(np.int32) * 1000 - 70_000,
}


@pytest.mark.parametrize("case", CASES)
def test_the_word_is_found(case: str, detector: Detector) -> None:
    assert_found(detector(CASES[case]()))


def test_the_ground_contrasts_with_what_is_next_to_it() -> None:
    """A white sticker with much black on it: what touches the transparency is white."""
    sticker = np.zeros((100, 100, 4), np.uint8)
    sticker[20:80, 20:80] = 255
    sticker[30:70, 30:70, :3] = 0
    assert read_image(sticker)[0, 0].tolist() == [0, 0, 0]
    sticker[:, :, :3] = 255 - sticker[:, :, :3]
    assert read_image(sticker)[0, 0].tolist() == [255, 255, 255]
    faint = np.full((40, 40, 4), 255, np.uint8)
    faint[:, :, 3] = np.where(np.arange(40) < 20, 0, 90)
    read = read_image(faint)
    assert read[0, 0].tolist() == [0, 0, 0] and read[0, 39].tolist() == [90, 90, 90]


@pytest.mark.parametrize(("suffix", "most"), [*itertools.product([".png", ".tiff"], [255, 65535])])
def test_16_bit_colours_keep_their_order_and_their_proportions(suffix: str, most: int) -> None:
    rgb = np.linspace(0, most, 24 * 40 * 3).astype(np.uint16).reshape(24, 40, 3)
    read = read_image(opencv_file(rgb[:, :, ::-1], suffix))
    np.testing.assert_array_equal(read, (rgb * (255 / most)).round())


def test_16_bit_colours_are_turned_by_exif() -> None:
    rgb = np.arange(24 * 40 * 3, dtype=np.uint16).reshape(24, 40, 3)
    data = opencv_file(rgb[:, :, ::-1])
    exif = Image.Exif()
    exif[274] = 6
    chunk = file(Image.new("1", (1, 1)), exif=exif).partition(b"eXIf")
    length, rest = chunk[0][-4:], chunk[2]
    size = int.from_bytes(length, "big")
    turned = data[:33] + length + b"eXIf" + rest[: size + 4] + data[33:]
    np.testing.assert_array_equal(read_image(turned), np.rot90(read_image(data), -1))
    broken = turned.replace(b"MM\0*", b"MM\0?").replace(b"II*\0", b"II?\0")
    start = broken.index(b"eXIf")
    checksum = zlib.crc32(broken[start : start + 4 + size])
    broken = broken[: start + 4 + size] + checksum.to_bytes(4, "big") + broken[start + 8 + size :]
    np.testing.assert_array_equal(read_image(broken), read_image(data))


def test_a_transparent_16_bit_picture_is_as_its_8_bit_one() -> None:
    rgba = with_alpha((200, 10, 30))
    rgba[:8, :40] = (255, 255, 255, 255)
    deep = rgba.astype(np.uint16)
    for scale in (1, 257):
        data = opencv_file((deep * scale)[:, :, [2, 1, 0, 3]])
        assert np.abs(read_image(data).astype(int) - read_image(rgba)).max() <= 11


def test_damaged_16_bit_colours_are_refused() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 65536, (60, 60, 3), np.uint16)
    for suffix, values in ((".png", noise), (".tiff", noise), (".tiff", noise / np.float32(9))):
        data = opencv_file(values.astype(values.dtype), suffix)
        with pytest.raises(InputError):
            read_image(data[: len(data) // 2])


def test_a_float_tiff_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    data = opencv_file(deep_colours(1, np.float32), ".tiff")
    with pytest.raises(InputError, match="340x160 pixels, more than the limit of 54,399"):
        read_image(data, max_pixels=340 * 160 - 1)


def test_bgr_is_opencvs_order(detector: Detector) -> None:
    rgb = np.zeros((4, 4, 4), np.uint8)
    rgb[:] = (250, 100, 5, 255)
    for channels, order in ((3, [2, 1, 0]), (4, [2, 1, 0, 3])):
        bgr = rgb[:, :, order]
        assert read_image(bgr, bgr=True)[0, 0].tolist() == [250, 100, 5]
        assert read_image(rgb[:, :, :channels])[0, 0].tolist() == [250, 100, 5]
    grey = mask()
    np.testing.assert_array_equal(read_image(grey, bgr=True), read_image(grey))
    with pytest.raises(InputError, match="arrays"):
        read_image(file(Image.fromarray(grey)), bgr=True)


def test_buffers_and_streams_that_are_not_at_their_start() -> None:
    data = file(Image.fromarray(mask()))
    expected = read_image(data)
    stream = io.BytesIO()
    stream.write(data)
    for source in (bytearray(data), memoryview(data), stream):
        np.testing.assert_array_equal(read_image(source), expected)
    with pytest.raises(InputError, match="empty"):
        read_image(bytearray())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[1.7e308, -1.7e308, np.nan, np.inf, -np.inf]]), [255, 0, 0, 255, 0]),
        (np.array([[np.nan, np.nan]]), [0, 0]),
        (np.array([[0, 5e-324]]), [0, 0]),
        (np.full((1, 2), 7.0), [0, 0]),
        (np.array([[2**64 - 1, 0, 2**63]], np.uint64), [255, 0, 128]),
        (np.array([[-128, 127]], np.int8), [0, 255]),
        (np.array([[0, 0.5, 1]], np.float16), [0, 128, 255]),
    ],
)
def test_numbers_of_any_size(values: np.ndarray, expected: list[int]) -> None:
    assert read_image(values)[0, :, 0].tolist() == expected


def test_a_tiff_without_pages_is_no_picture() -> None:
    with pytest.raises(InputError, match="not a picture of a known format"):
        read_image(b"II*\0\0\0\0\0" + bytes(64))
