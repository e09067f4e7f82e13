import io
import logging
import os
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from craftlite.errors import InputError, printable
from craftlite.image import MAX_PIXELS, read_image


def gradient(width: int = 40, height: int = 24) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([x, y, 255 - x], axis=2).astype(np.uint8)


def encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png(picture: np.ndarray) -> bytes:
    return encoded(Image.fromarray(picture), "PNG")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    handler = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()


def test_the_same_picture_from_every_kind_of_source(tmp_path: Path) -> None:
    picture = gradient()
    path = tmp_path / "a.png"
    path.write_bytes(png(picture))
    image = Image.fromarray(picture)
    with path.open("rb") as stream:
        sources = [path, str(path), path.read_bytes(), stream, picture, image]
        for source in sources:
            read = read_image(source)
            assert read.dtype == np.uint8
            np.testing.assert_array_equal(read, picture)


def test_the_result_is_a_new_array() -> None:
    picture = gradient()
    read_image(picture)[:] = 0
    assert picture.any()


@pytest.mark.parametrize("size", [(1, 1), (20000, 3), (3, 20000)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    for file_format in ("PNG", "JPEG"):
        read = read_image(encoded(Image.new("RGB", size, "white"), file_format))
        assert read.shape == (size[1], size[0], 3)
        assert read.min() > 250


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_turns_upright(orientation: int, file_format: str) -> None:
    upright = np.zeros((32, 64, 3), np.uint8)
    upright[:16, :32] = 255
    back = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(back[orientation](upright)))
    read = read_image(encoded(stored, file_format, exif=exif))
    assert read.shape == upright.shape
    np.testing.assert_allclose(read.astype(int), upright, atol=40)


@pytest.mark.filterwarnings("error")
def test_unreadable_exif_does_not_refuse_a_sound_picture() -> None:
    image = Image.fromarray(gradient())
    for exif in (b"Exif\0\0garbage!", b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x01"):
        assert read_image(encoded(image, "JPEG", exif=exif)).shape == (24, 40, 3)


def test_transparency_beside_dark_pixels_lies_on_white() -> None:
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[:, 2:] = (255, 0, 0, 255)
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.paste(1, (2, 0, 4, 4))
    sources = [
        rgba,
        png(rgba),
        encoded(palette, "PNG", transparency=0),
        encoded(Image.fromarray(rgba), "WEBP", lossless=True),
    ]
    for source in sources:
        read = read_image(source)
        assert read[0, 0].tolist() == [255, 255, 255]
        assert read[0, 3].tolist() == [255, 0, 0]


def test_grey_palette_and_one_bit_pictures() -> None:
    grey = gradient()[:, :, 0]
    expected = np.repeat(grey[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(read_image(grey), expected)
    np.testing.assert_array_equal(read_image(png(grey)), expected)
    bits = Image.fromarray(grey).convert("1")
    assert set(np.unique(read_image(encoded(bits, "PNG")))) == {0, 255}
    palette = Image.fromarray(gradient()).quantize(64)
    assert np.abs(read_image(encoded(palette, "PNG")).astype(int) - gradient()).mean() < 10


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
@pytest.mark.parametrize("most", [255, 4095, 65535])
def test_16_bit_grey_is_stretched_over_what_it_holds(file_format: str, most: int) -> None:
    deep = np.linspace(0, most, 1024).astype(np.uint16).reshape(32, 32)
    read = read_image(encoded(Image.fromarray(deep), file_format))
    np.testing.assert_array_equal(read[:, :, 1], (deep * (255 / most)).round())


def test_float_tiff_is_stretched_over_its_finite_range() -> None:
    values = np.linspace(-3, 5, 64, dtype=np.float32).reshape(8, 8)
    values[0, 1], values[0, 2] = np.nan, np.inf
    read = read_image(encoded(Image.fromarray(values), "TIFF"))
    assert read[0, 0, 0] == read[0, 1, 0] == 0
    assert read[0, 2, 0] == read[7, 7, 0] == 255
    assert (np.diff(read[1:, :, 0].ravel().astype(int)) >= 0).all()
    flat = Image.fromarray(np.full((2, 2), 7, np.float32))
    assert read_image(encoded(flat, "TIFF")).shape == (2, 2, 3)


def test_large_pictures_are_joined_from_their_strips() -> None:
    """2500 x 1500 pixels are read in four strips, of which the last one is lower."""
    rows, columns = np.mgrid[0:1500, 0:2500]
    rgba = np.stack([rows % 256, columns % 256, rows // 8, columns % 2 * 255], axis=2)
    rgba = rgba.astype(np.uint8)
    expected = np.where(rgba[:, :, 3:] == 255, rgba[:, :, :3], 255)
    np.testing.assert_array_equal(read_image(rgba), expected)

    values = (rows - 700).astype(np.float32)
    values[0] = np.inf
    grey = read_image(encoded(Image.fromarray(values), "TIFF"))[:, :, 0]
    low, high = values[1, 0], values[-1, 0]
    exact = ((values[1:].astype(np.float64) - low) * 255 / (high - low)).round()
    assert np.abs(grey[1:] - exact).max() <= 1
    assert (grey[0] == 255).all()


def test_cmyk_jpeg_keeps_its_colours() -> None:
    image = Image.new("RGB", (16, 16), (200, 30, 30)).convert("CMYK")
    read = read_image(encoded(image, "JPEG", quality=95))
    np.testing.assert_allclose(read[8, 8], (200, 30, 30), atol=12)


def test_first_frame_of_an_animation_and_a_note(caplog: pytest.LogCaptureFixture) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "lime")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with caplog.at_level(logging.WARNING, "craftlite"):
        assert read_image(data)[0, 0].tolist() == [255, 0, 0]
    assert [r.getMessage() for r in caplog.records] == [
        "the bytes given: has several frames, only the first one is read"
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_not_unicode(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    path.write_bytes(png(gradient()))
    assert read_image(path).shape == (24, 40, 3)
    with pytest.raises(InputError, match="no such file"):
        read_image(f"{path}x")


def broken_files(folder: Path) -> dict[str, str]:
    """Names of files that are no pictures, and a part of what is said about each."""
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    jpeg, whole_png = encoded(Image.fromarray(noise), "JPEG"), png(noise)
    contents = {
        "empty.jpg": b"",
        "text.jpg": b"this is no picture at all\n" * 20,
        "half.jpg": jpeg[: len(jpeg) // 2],
        "almost.jpg": jpeg[:-2000],
        "half.png": whole_png[: len(whole_png) // 2],
        "header.png": whole_png[:12],
        "flipped.png": whole_png[:20000] + b"\0" * 20 + whole_png[20020:],
        "drawing.eps": encoded(Image.fromarray(noise), "EPS"),
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    (folder / "folder.jpg").mkdir()
    return {
        "empty.jpg": "empty",
        "text.jpg": "known format",
        "half.jpg": "damaged or cut short",
        "almost.jpg": "damaged or cut short",
        "half.png": "damaged or cut short",
        "header.png": "its header is cut off",
        "flipped.png": "damaged or cut short",
        "drawing.eps": "known format",
        "folder.jpg": "is a folder",
        "missing.jpg": "no such file",
        "nul\0byte.jpg": "cannot be read",
        "x" * 300: "cannot be read",
    }


def test_every_broken_file_is_named_with_its_reason(tmp_path: Path) -> None:
    for name, reason in broken_files(tmp_path).items():
        with pytest.raises(InputError) as caught:
            read_image(tmp_path / name)
        message = str(caught.value)
        assert message.startswith(f"{printable(str(tmp_path / name))}: ")
        assert reason in message
        assert "\n" not in message


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3), np.complex64),
        np.full((4, 4), "x"),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((4, 4, 0), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((0, 5), np.uint8),
    ],
)
def test_arrays_that_are_no_pictures(array: np.ndarray) -> None:
    with pytest.raises(InputError, match="array"):
        read_image(array)


def test_other_things_that_are_no_pictures() -> None:
    with pytest.raises(InputError, match="from a NoneType"):
        read_image(None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="binary mode"):
        read_image(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no pixels"):
        read_image(Image.new("RGB", (0, 0)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [(15_001, 10_000), (60_000, 60_000)])
def test_a_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    header = "P6 {} {} 255\n".format(*size).encode() + b"\0" * 64
    with pytest.raises(InputError, match=r"150,000,000"):
        read_image(header)
    assert MAX_PIXELS == 150_000_000


def test_the_limit_is_an_argument() -> None:
    for source in (gradient(10, 10), png(gradient(10, 10))):
        assert read_image(source, max_pixels=100).shape == (10, 10, 3)
        with pytest.raises(InputError, match="10x10 pixels, more than the limit of 99"):
            read_image(source, max_pixels=99)


def test_urls(server: str, tmp_path: Path) -> None:
    (tmp_path / "a b.png").write_bytes(png(gradient()))
    (tmp_path / "page.html").write_text("<html>no picture</html>")
    (tmp_path / "none.jpg").write_bytes(b"")
    np.testing.assert_array_equal(read_image(f"{server}/a b.png"), gradient())
    np.testing.assert_array_equal(read_image(f"{server}/a%20b.png?x=1"), gradient())
    for path, reason in {
        "missing.jpg": "404",
        "page.html": "known format",
        "none.jpg": "empty",
    }.items():
        with pytest.raises(InputError, match=reason) as caught:
            read_image(f"{server}/{path}")
        assert str(caught.value).startswith(f"{server}/{path}: ")


def test_addresses_that_are_not_fetched(server: str) -> None:
    for url in ("ftp://127.0.0.1/a.jpg", "file:///etc/hostname"):
        with pytest.raises(InputError, match="only http and https"):
            read_image(url)
    with pytest.raises(InputError, match="public internet"):
        read_image(f"{server}/a.png", public_only=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_only_regular_files_are_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    link = tmp_path / "link.png"
    link.symlink_to("/dev/zero")
    for path in (pipe, link, "/dev/zero"):
        with pytest.raises(InputError, match="not a regular file"):
            read_image(path)


def test_names_obey_no_terminal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    name = "a\x1b[31m\nb\udce9.gif"
    with pytest.raises(InputError) as caught:
        read_image(tmp_path / name)
    assert str(caught.value) == f"{tmp_path}/a\\x1b[31m\\nb\\udce9.gif: there is no such file"
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = io.BytesIO(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    data.name = name
    with caplog.at_level(logging.WARNING, "craftlite"):
        read_image(data)
    assert caplog.records[0].getMessage().startswith("a\\x1b[31m\\nb\\udce9.gif: has several")
