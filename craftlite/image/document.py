"""Files with one or several pictures: pages of a PDF or TIFF, frames of an animation."""

import re
from collections.abc import Iterator
from typing import Protocol, TypedDict

from craftlite.errors import ConfigError, InputError, TooLargeError
from craftlite.geometry import Picture

MAX_PAGES = 1000

# Brands of ISO files, which use the same container as MP4, that hold pictures.
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}


class Part(TypedDict, total=False):
    """The part of a file that a picture is; empty if the file holds only one picture."""

    page: int  # from 1
    time: float  # seconds from the start of a video


class Document(Protocol):
    """The pictures of one file, numbered from 1; one at a time is in memory.

    Attributes:
        name: the file's name in messages.
        several: whether it holds more than one picture.
        animated: whether the pictures are frames of an animation; by default only the first is
            read.
    """

    name: str
    several: bool
    animated: bool

    def has(self, number: int) -> bool:
        """Return whether a picture exists; must be called in ascending order."""
        ...

    def part(self, number: int) -> Part:
        """Return the part of the file, for results."""
        ...

    def read(self, number: int) -> Picture:
        """Return the picture found by `has` as (H, W, 3) uint8 RGB; raises InputError."""
        ...

    def close(self) -> None: ...


def parse_pages(text: str | None) -> tuple[int, ...] | None:
    """Parse page numbers such as `1,3-5` to ascending numbers; `all` gives (), None gives None.

    Raises:
        ConfigError: the text is neither `all` nor such numbers, or names more than MAX_PAGES.
    """
    if text is None or text == "all":
        return None if text is None else ()
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"([1-9]\d{0,6})(?:-([1-9]\d{0,6}))?", part, re.ASCII)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise ConfigError(f"--pages {text}: expected all, or numbers from 1 such as 1,3-5")
        # Numbers beyond the limit are not stored: one too many is enough for the error.
        numbers.update(range(first, min(last, first + MAX_PAGES) + 1))
    if len(numbers) > MAX_PAGES:
        raise ConfigError(f"--pages {text}: names more than {MAX_PAGES:,} pages")
    return tuple(sorted(numbers))


def chosen_pages(document: Document, pages: tuple[int, ...] | None) -> Iterator[int]:
    """Yield the numbers of a document's pictures to read.

    Args:
        document: the file.
        pages: the result of `parse_pages`; None selects the first frame of an animation, and all
            pages of other documents.

    Raises:
        InputError: a page does not exist, or "all" are more than MAX_PAGES, which are yielded
            first.
    """
    if pages is None and document.animated:
        pages = (1,)
    for number in pages or range(1, MAX_PAGES + 1):
        if document.has(number):
            yield number
        elif pages:
            raise InputError(f"{document.name}: has no page {number}")
        else:
            return
    if not pages and document.has(MAX_PAGES + 1):
        following = f"{MAX_PAGES + 1}-{2 * MAX_PAGES}"
        raise InputError(
            f"{document.name}: has more than {MAX_PAGES:,} pages; the first {MAX_PAGES:,} were "
            f"read; name further ones, as in --pages {following}"
        )


def called(document: Document, number: int) -> str:
    """Return the name of a document's picture in messages."""
    return f"{document.name}, page {number}" if document.several else document.name


def check_size(width: int, height: int, name: str, max_pixels: int) -> None:
    """Raise an InputError if a picture has no pixels, a TooLargeError if it has too many."""
    if width * height == 0:
        raise InputError(f"{name}: holds no pixels ({width}x{height})")
    if width * height > max_pixels:
        raise TooLargeError(
            f"{name}: has {width}x{height} pixels, more than the limit of {max_pixels:,}"
        )


def not_a_picture(name: str) -> InputError:
    """Return the error for a file of unknown format."""
    return InputError(
        f"{name}: is not a picture of a known format, or its header is cut off; "
        "convert it to JPEG or PNG"
    )


def damaged(name: str, error: Exception) -> InputError:
    """Return the error for a picture that cannot be decoded."""
    reason = str(error) or type(error).__name__
    return InputError(f"{name}: the picture is damaged or cut short ({reason})")


def needs(name: str, kind: str, package: str) -> InputError:
    """Return the error for a format whose package is not installed."""
    return InputError(f"{name}: {kind} needs {package}: pip install {package}")
