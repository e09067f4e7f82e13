"""Read a picture from wherever it is into upright 8-bit RGB; every failure is one sentence."""

import io
import logging
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from craftlite.errors import InputError, TooLargeError, printable
from craftlite.geometry import Picture, Size
from craftlite.image.deep import TIFF_MAGIC, DeepTiff
from craftlite.image.document import (
    AVIF_BRANDS,
    HEIF_BRANDS,
    Document,
    check_size,
    chosen_pages,
    damaged,
    needs,
    not_a_picture,
)
from craftlite.image.download import is_url
from craftlite.image.frames import Frames, Scale, without_remarks
from craftlite.image.pdf import Pdf, is_pdf
from craftlite.image.pixels import eight_bits, rgb_from_image
from craftlite.image.source import Source, load, source_name
from craftlite.image.video import Video, is_video_file

MAX_PIXELS = 150_000_000

# Pillow opens more, such as EPS, for which it starts Ghostscript.
_FORMATS = {"AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP"}
_log = logging.getLogger("craftlite")


def read_image(
    source: Source,
    *,
    page: int | None = None,
    bgr: bool = False,
    max_pixels: int = MAX_PIXELS,
    public_only: bool = False,
) -> Picture:
    """A picture as (H, W, 3) uint8 RGB, turned upright by its EXIF tag; a new array.

    What has more than 8 bits is stretched from its lowest finite value to its highest, all colours
    alike. Transparency is laid on black or white, whichever differs more from what is visible
    beside it.

    Args:
        source: the path of a regular file, an http(s) address, a file's bytes, a binary stream
            (read from its start where it can be rewound), a Pillow image, or an upright array of
            booleans or numbers of shape (H, W) or (H, W, 1) grey, (H, W, 2) grey and alpha,
            (H, W, 3) RGB or (H, W, 4) RGBA.
        page: which page or frame to read, from 1; without, the first, with a warning where there
            are more.
        bgr: an array's colours are in OpenCV's order, BGR or BGRA.
        max_pixels: a picture of more pixels is refused before it is decoded.
        public_only: refuse addresses that lead to other networks than the public internet. Where
            strangers choose the addresses, they could otherwise look into one's own network.

    Raises:
        InputError: there is no such picture, or it cannot or must not be read.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, bgr, max_pixels)
    if bgr:
        raise InputError("bgr=True: is only for arrays; files know the order of their colours")
    with closing(open_document(source, max_pixels=max_pixels, public_only=public_only)) as document:
        if page is None and document.several:
            parts = "frames" if document.animated else "pages"
            name = printable(document.name)
            _log.warning("%s: has several %s, only the first one is read", name, parts)
        if page is not None:
            next(chosen_pages(document, (page,)))  # goes there, or raises
        return document.read(page or 1)


def read_pages(
    source: Source,
    pages: tuple[int, ...] | None = (),
    *,
    max_pixels: int = MAX_PIXELS,
    public_only: bool = False,
) -> Iterator[Picture]:
    """Each page of a document or frame of an animation, as `read_image` gives it, one at a time.

    Args:
        source: as of `read_image`, but no array.
        pages: numbers from 1 in rising order; none of them for all.
        max_pixels: as of `read_image`, for each page.
        public_only: as of `read_image`.

    Raises:
        InputError: the file or a page cannot be read, or there are more than 1000.
    """
    with closing(open_document(source, max_pixels=max_pixels, public_only=public_only)) as document:
        for number in chosen_pages(document, pages):
            yield document.read(number)


def read_scaled(document: Document, number: int, scale: Scale) -> tuple[Picture, Size]:
    """A document's picture, smaller where it is very large and used at a scale, and its size.

    Args:
        document: as `open_document` gives it; `has` has found the picture.
        number: of the picture, from 1.
        scale: from (width, height) in pixels to the part of them that is needed, 0 to 1.

    Raises:
        InputError: it cannot be read.
    """
    if isinstance(document, Frames):
        return document.read_scaled(number, scale)
    picture = document.read(number)
    return picture, (picture.shape[1], picture.shape[0])


def open_document(
    source: object,
    *,
    every: float | None = None,
    max_pixels: int = MAX_PIXELS,
    public_only: bool = False,
) -> Document:
    """A file opened to read its pages one by one, with nothing decoded; the caller closes it.

    Args:
        source: as of `read_image`, but no array; or the path of a video.
        every: seconds of a video from one frame that is read to the next.
        max_pixels: as of `read_image`, for each page.
        public_only: as of `read_image`.

    Raises:
        InputError: the file does not exist, or its format is unknown.
    """
    if isinstance(source, Image.Image):
        return Frames(source, None, "the image given", max_pixels)
    name = source_name(source)
    if isinstance(source, str | os.PathLike) and not is_url(source) and is_video_file(Path(source)):
        if every is None:
            raise InputError(f"{name}: is a video; craftlite detect --every SECONDS reads frames")
        return Video(Path(source), name, every, max_pixels)
    return _opened(load(source, name, public_only), name, max_pixels)


@without_remarks()
def _opened(data: bytes, name: str, max_pixels: int) -> Document:
    try:
        image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        limit = min(max_pixels, 2 * (Image.MAX_IMAGE_PIXELS or max_pixels))
        raise TooLargeError(f"{name}: has more pixels than the {limit:,} that are read") from error
    except UnidentifiedImageError:
        return _unknown_to_pillow(data, name, max_pixels)
    except Exception as error:  # damaged headers make Pillow raise more than it documents
        raise damaged(name, error) from error
    if image.format not in _FORMATS:
        raise not_a_picture(name)
    return Frames(image, data, name, max_pixels)


def _unknown_to_pillow(data: bytes, name: str, max_pixels: int) -> Document:
    """A format that Pillow alone does not open, by the first bytes of the file."""
    if is_pdf(data):
        return Pdf(data, name, max_pixels)
    if data.startswith(TIFF_MAGIC):
        return DeepTiff(data, name, max_pixels)
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    if brand in AVIF_BRANDS:
        raise InputError(f"{name}: AVIF needs Pillow 11.3 or later: pip install -U pillow")
    if brand in HEIF_BRANDS:
        try:
            from pillow_heif import HeifImageFile
        except ModuleNotFoundError:
            raise needs(name, "HEIC", "pillow-heif") from None
        try:
            return Frames(HeifImageFile(io.BytesIO(data)), data, name, max_pixels)
        except (SyntaxError, OSError, ValueError) as error:
            raise damaged(name, error) from error
    raise not_a_picture(name)


def _from_array(array: npt.NDArray[Any], bgr: bool, max_pixels: int) -> Picture:
    channels = array.shape[2:]
    numbers = array.dtype.kind in "buif"
    if not numbers or array.ndim < 2 or channels not in ((), (1,), (2,), (3,), (4,)):
        raise InputError(
            f"an array of {array.dtype} and shape {array.shape} is not a picture: give booleans "
            "or numbers of shape (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4)"
        )
    height, width = array.shape[:2]
    check_size(width, height, "the array given", max_pixels)
    if channels == (1,):
        array = array[:, :, 0]
    elif bgr and channels in ((3,), (4,)):
        array = array[:, :, [2, 1, 0, 3][: channels[0]]]
    pixels = eight_bits(array)
    return np.array(pixels, order="C") if channels == (3,) else rgb_from_image(_as_image(pixels))


def _as_image(pixels: npt.NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels))
