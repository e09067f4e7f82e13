"""Opening the files of a dataset's pictures, within the limits of `craftlite.image`.

If a file is missing, or cannot be read or is refused, a DatasetError names it.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from craftlite.errors import DatasetError, InputError
from craftlite.geometry import Picture
from craftlite.image import MAX_BYTES, MAX_PIXELS, read_image

# Pillow opens more formats, such as EPS, for which it starts Ghostscript.
FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")


def stored_size(path: Path) -> tuple[int, int]:
    """Return (width, height) of a picture as stored, read from its header."""
    with _opened(path) as image:
        return image.size


def stored_pixels(path: Path) -> Picture:
    """Return a picture as (H, W, 3) uint8 RGB as stored, ignoring its EXIF orientation."""
    with _opened(path) as image:
        return read_image(image)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture and read its header only; any error in the block names the file."""
    try:
        _check_file(path)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")  # about unusual metadata
            with Image.open(path, formats=FORMATS) as image:
                _check_header(image)
                # Without EXIF, nothing applies an orientation.
                image.getexif = Image.Exif  # type: ignore[method-assign]
                yield image
    except UnidentifiedImageError:
        reason = "is not a picture of a known format, or is truncated; save it as JPEG or PNG"
    except InputError as error:
        reason = str(error).removeprefix("the image given: ")
    except Exception as error:  # Pillow raises undocumented errors for damaged headers
        reason = f"cannot be read as a picture ({getattr(error, 'strerror', None) or error})"
    else:
        return
    raise DatasetError(f"{path}: {reason}")


def _check_file(path: Path) -> None:
    if not path.exists():
        raise InputError("there is no such file")
    if not path.is_file():  # reading a pipe may block for ever
        raise InputError("is a folder, pipe or device, not a picture")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"is larger than the limit of {MAX_BYTES // 2**20} MiB")


def _check_header(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InputError(f"has {width}x{height} pixels, more than the limit of {MAX_PIXELS:,}")
    # Pillow rotates these while decoding, so that they would no longer match the ground truth.
    if getattr(image, "tag_v2", {}).get(ExifTags.Base.Orientation, 1) != 1:
        raise InputError("is a TIFF that is stored rotated; save it upright, like its words")
