"""The files of a dataset's pictures, opened within the limits of `craftlite.image`.

A DatasetError names a file that is missing, or cannot or must not be read as a picture.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from craftlite.errors import DatasetError, InputError
from craftlite.geometry import Picture
from craftlite.image import MAX_BYTES, MAX_PIXELS, read_image

# Pillow opens more, such as EPS, for which it starts Ghostscript.
FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")


def stored_size(path: Path) -> tuple[int, int]:
    """(width, height) of a picture as it is stored, read from its header."""
    with _opened(path) as image:
        return image.size


def stored_pixels(path: Path) -> Picture:
    """A picture as (H, W, 3) uint8 RGB as it is stored, whatever its EXIF says."""
    with _opened(path) as image:
        return read_image(image)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The picture with its header read and nothing decoded; what fails inside names the file."""
    try:
        _check_file(path)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")  # it warns of unusual metadata
            with Image.open(path, formats=FORMATS) as image:
                _check_header(image)
                # Nobody turns a picture without EXIF.
                image.getexif = Image.Exif  # type: ignore[method-assign]
                yield image
    except UnidentifiedImageError:
        reason = "is not a picture of a known format, or is cut off; save it as JPEG or PNG"
    except InputError as error:
        reason = str(error).removeprefix("the image given: ")
    except Exception as error:  # damaged headers make Pillow raise more than it documents
        reason = f"cannot be read as a picture ({getattr(error, 'strerror', None) or error})"
    else:
        return
    raise DatasetError(f"{path}: {reason}")


def _check_file(path: Path) -> None:
    if not path.exists():
        raise InputError("there is no such file")
    if not path.is_file():  # reading a pipe may wait for ever
        raise InputError("is a folder, pipe or device, not a picture")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"is larger than {MAX_BYTES // 2**20} MiB, the most that is read")


def _check_header(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InputError(f"has {width}x{height} pixels, more than the {MAX_PIXELS:,} that are read")
    # Pillow turns these in decoding, so that ground truth would lie elsewhere.
    if getattr(image, "tag_v2", {}).get(ExifTags.Base.Orientation, 1) != 1:
        raise InputError("is a TIFF that is stored turned; save it upright, as its words are")
