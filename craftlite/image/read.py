"""Reading of pictures as upright 8-bit RGB; every failure is reported in one sentence."""

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

# Pillow opens more formats, such as EPS, for which it starts Ghostscript.
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
    """Return a picture as a new array (H, W, 3) uint8 RGB, turned upright by its EXIF tag.

    Values of more than 8 bits are stretched from the lowest finite value to the highest, with the
    same stretch for all colours. Transparent pictures are placed on black or white, whichever
    differs more from the visible pixels next to the transparency.

    Args:
        source: the path of a regular file, an http(s) URL, a file's bytes, a binary stream (read
            from its start if it is seekable), a Pillow image, or an upright array of booleans or
            numbers of shape (H, W) or (H, W, 1) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or
            (H, W, 4) RGBA.
        page: page or frame to read, from 1; None reads the first, with a warning if there are more.
        bgr: whether an array's colours are in OpenCV's order, BGR or BGRA.
        max_pixels: a picture with more pixels is refused before it is decoded.
        public_only: refuse URLs that lead outside the public internet. Set this if strangers choose
            the URLs, as they could otherwise reach your own network.

    Raises:
        InputError: the picture does not exist, or cannot or must not be read.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, bgr, max_pixels)
    if bgr:
        raise InputError("bgr=True is only for arrays; files define the order of their colours")
    with closing(open_document(source, max_pixels=max_pixels, public_only=public_only)) as document:
        if page is None and document.several:
            parts = "frames" if document.animated else "pages"
            name = printable(document.name)
            _log.warning("%s: has several %s, only the first one is read", name, parts)
        if page is not None:
            next(chosen_pages(document, (page,)))  # seeks to the page, or raises
        return document.read(page or 1)


def read_pages(
    source: Source,
    pages: tuple[int, ...] | None = (),
    *,
    max_pixels: int = MAX_PIXELS,
    public_only: bool = False,
) -> Iterator[Picture]:
    """Yield the pages of a document or the frames of an animation, in the form of `read_image`.

    Args:
        source: as for `read_image`, except arrays.
        pages: numbers from 1 in ascending order; an empty tuple selects all.
        max_pixels: as for `read_image`, for each page.
        public_only: as for `read_image`.

    Raises:
        InputError: the file or a page cannot be read, or there are more than 1000.
    """
    with closing(open_document(source, max_pixels=max_pixels, public_only=public_only)) as document:
        for number in chosen_pages(document, pages):
            yield document.read(number)


def read_scaled(document: Document, number: int, scale: Scale) -> tuple[Picture, Size]:
    """Return a document's picture, reduced if it is very large, and its full size.

    Args:
        document: a result of `open_document`; `has` must have found the picture.
        number: number of the picture, from 1.
        scale: function from (width, height) in pixels to the scale that is needed, 0 to 1.

    Raises:
        InputError: the picture cannot be read.
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
    """Open a file to read its pages one by one; nothing is decoded yet, and the caller closes it.

    Args:
        source: as for `read_image`, except arrays; or the path of a video.
        every: interval in seconds between the frames of a video to read.
        max_pixels: as for `read_image`, for each page.
        public_only: as for `read_image`.

    Raises:
        InputError: the file does not exist, or its format is unknown.
    """
    if isinstance(source, Image.Image):
        return Frames(source, None, "the image given", max_pixels)
    name = source_name(source)
    if isinstance(source, str | os.PathLike) and not is_url(source) and is_video_file(Path(source)):
        if every is None:
            raise InputError(f"{name}: is a video; use craftlite detect --every SECONDS")
        return Video(Path(source), name, every, max_pixels)
    return _opened(load(source, name, public_only), name, max_pixels)


@without_remarks()
def _opened(data: bytes, name: str, max_pixels: int) -> Document:
    try:
        image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError as error:
        limit = min(max_pixels, 2 * (Image.MAX_IMAGE_PIXELS or max_pixels))
        raise TooLargeError(f"{name}: has more pixels than the limit of {limit:,}") from error
    except UnidentifiedImageError:
        return _unknown_to_pillow(data, name, max_pixels)
    except Exception as error:  # damaged headers make Pillow raise more than it documents
        raise damaged(name, error) from error
    if image.format not in _FORMATS:
        raise not_a_picture(name)
    return Frames(image, data, name, max_pixels)


def _unknown_to_pillow(data: bytes, name: str, max_pixels: int) -> Document:
    """Open a format that Pillow cannot open by itself, judged by the file's first bytes."""
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
