"""Read a picture from wherever it is into upright 8-bit RGB; every failure is one sentence."""

import io
import logging
import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from craftlite.errors import InputError, printable
from craftlite.geometry import Picture
from craftlite.image.download import download, is_url, url_name

Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | npt.NDArray[Any] | Image.Image

MAX_PIXELS = 100_000_000
MAX_BYTES = 512 * 1024**2

_STRIP_PIXELS = 2**20

# Pillow opens more, such as EPS, for which it starts Ghostscript.
_FORMATS = {"AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP"}
_log = logging.getLogger("craftlite")


def read_image(
    source: Source, *, max_pixels: int = MAX_PIXELS, public_only: bool = False
) -> Picture:
    """A picture as (H, W, 3) uint8 RGB, turned upright by its EXIF tag; a new array.

    Transparency is laid on white and the first frame of several is taken. 16-bit greys keep their
    high byte; 32-bit integer and float greys are stretched from their lowest to their highest
    finite value.

    Args:
        source: the path of a regular file, an http(s) address, a file's bytes, a binary stream, a
            Pillow image, or an upright uint8 array of shape (H, W) grey, (H, W, 3) RGB or
            (H, W, 4) RGBA.
        max_pixels: a picture of more pixels is refused before it is decoded.
        public_only: refuse addresses that lead to other networks than the public internet. Where
            strangers choose the addresses, they could otherwise look into one's own network.

    Raises:
        InputError: there is no such picture, or it cannot or must not be read.
    """
    with warnings.catch_warnings():
        # Pillow remarks on odd metadata and on pictures below the limit that is set here.
        warnings.filterwarnings("ignore", module="PIL")
        if isinstance(source, Image.Image):
            return _decoded(source, "the image given", max_pixels)
        if isinstance(source, np.ndarray):
            return _from_array(source, max_pixels)
        name = source_name(source)
        with _open(_load(source, name, public_only), name, max_pixels) as image:
            return _decoded(image, name, max_pixels)


def source_name(source: object) -> str:
    """What a message calls a source: its path, its address or the kind of thing that it is.

    An address is named without the user's name and password.
    """
    if isinstance(source, str | os.PathLike):
        return url_name(source) if is_url(source) else os.fspath(source)
    if isinstance(source, bytes):
        return "the bytes given"
    return str(getattr(source, "name", "the stream given"))


def _load(source: object, name: str, public_only: bool) -> bytes:
    try:
        if isinstance(source, bytes):
            data: object = source
        elif is_url(source):
            data = download(source, MAX_BYTES, public_only=public_only).getvalue()
        elif isinstance(source, str | os.PathLike):
            data = _read_file(Path(source))
        elif hasattr(source, "read"):
            data = source.read(MAX_BYTES + 1)
        else:
            raise InputError(f"a picture cannot be read from a {type(source).__name__}")
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file") from None
    except IsADirectoryError:
        raise InputError(f"{name}: is a folder, not a picture") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{name}: cannot be read ({reason})") from error
    if not isinstance(data, bytes):
        raise InputError(f"{name}: gives text; open it in binary mode")
    if not data:
        raise InputError(f"{name}: the file is empty, it holds no picture")
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // 1024**2
        raise InputError(f"{name}: is larger than {limit} MiB, the most that is read")
    return data


def _read_file(path: Path) -> bytes:
    """The bytes of a regular file; a pipe or a device might never end, or never begin."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    if not stat.S_ISREG(mode):
        raise OSError("it is a pipe, a device or a socket, not a regular file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _open(data: bytes, name: str, max_pixels: int) -> Image.Image:
    """The picture with its header read and nothing decoded."""
    try:
        image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        limit = min(max_pixels, 2 * (Image.MAX_IMAGE_PIXELS or max_pixels))
        raise InputError(f"{name}: has more pixels than the {limit:,} that are read") from error
    except UnidentifiedImageError:
        raise _not_a_picture(name) from None
    except Exception as error:  # damaged headers make Pillow raise more than it documents
        raise _damaged(name, error) from error
    if image.format not in _FORMATS:
        raise _not_a_picture(name)
    return image


def _from_array(array: npt.NDArray[Any], max_pixels: int) -> Picture:
    channels = array.shape[2:]
    if array.dtype != np.uint8 or array.ndim < 2 or channels not in ((), (3,), (4,)):
        raise InputError(
            f"an array of {array.dtype} and shape {array.shape} is not a picture: "
            "give uint8 of shape (H, W), (H, W, 3) or (H, W, 4)"
        )
    height, width = array.shape[:2]
    _check_size(width, height, "the array given", max_pixels)
    return np.array(array, order="C") if channels == (3,) else _rgb(Image.fromarray(array))


def _decoded(image: Image.Image, name: str, max_pixels: int) -> Picture:
    _check_size(*image.size, name, max_pixels)
    try:
        # A phone's MPO holds previews and depth beside the photograph: nothing is lost there.
        if image.format != "MPO" and getattr(image, "is_animated", False):
            _log.warning("%s: has several frames, only the first one is read", printable(name))
        image.load()
        return _rgb(_upright(image, name), image.format)
    except Exception as error:  # damaged files make Pillow raise more than it documents
        raise _damaged(name, error) from error


def _check_size(width: int, height: int, name: str, max_pixels: int) -> None:
    if width * height == 0:
        raise InputError(f"{name}: holds no pixels ({width}x{height})")
    if width * height > max_pixels:
        raise InputError(
            f"{name}: has {width}x{height} pixels, more than the {max_pixels:,} that are read"
        )


def _upright(image: Image.Image, name: str) -> Image.Image:
    try:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
        return ImageOps.exif_transpose(image) if turned else image
    except Exception:  # a broken tag is no reason to refuse a sound picture
        taken = "its EXIF data cannot be read, so it is taken as it is stored"
        _log.warning("%s: %s", printable(name), taken)
        return image


def _rgb(image: Image.Image, file_format: str | None = None) -> Picture:
    # Some versions of Pillow open 16-bit PNG and PPM as 32-bit integers.
    if image.mode.startswith("I;16") or (image.mode == "I" and file_format in ("PNG", "PPM")):
        return _grey_to_rgb((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        return _grey_to_rgb(_stretched(image))
    picture = np.empty((image.height, image.width, 3), np.uint8)
    for rows, strip in _strips(image):
        picture[rows] = np.asarray(_on_white(strip).convert("RGB"))
    return picture


def _strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """A few rows of a picture at a time: what is made of them on the way to RGB is small."""
    step = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, step):
        end = min(top + step, image.height)
        yield slice(top, end), image.crop((0, top, image.width, end))


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))


def _grey_to_rgb(grey: Picture) -> Picture:
    return np.repeat(grey[:, :, None], 3, axis=2)


def _stretched(image: Image.Image) -> Picture:
    """A grey of any numbers as 8-bit ones, from its lowest to its highest finite value."""
    strips = (np.asarray(strip) for _, strip in _strips(image))
    finite = (values[np.isfinite(values)] for values in strips)
    spans = [(float(values.min()), float(values.max())) for values in finite if values.size]
    low = min((span[0] for span in spans), default=0.0)
    high = max((span[1] for span in spans), default=0.0)
    grey = np.empty((image.height, image.width), np.uint8)
    for rows, strip in _strips(image):
        values = np.asarray(strip, np.float64)
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
        grey[rows] = ((values - low) * (255 / max(high - low, 1e-12))).round()
    return grey


def _not_a_picture(name: str) -> InputError:
    return InputError(
        f"{name}: is not a picture of a known format, or is cut off in its header; "
        "convert it to JPEG or PNG"
    )


def _damaged(name: str, error: Exception) -> InputError:
    reason = str(error) or type(error).__name__
    return InputError(f"{name}: the picture is damaged or cut short ({reason})")
