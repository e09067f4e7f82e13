"""A file of one picture or several: the pages of a PDF or TIFF, the frames of an animation."""

import re
from collections.abc import Iterator
from typing import Protocol, TypedDict

from craftlite.errors import ConfigError, InputError, TooLargeError
from craftlite.geometry import Picture

MAX_PAGES = 1000

# The brands of ISO files, MP4's container, that hold pictures.
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}


class Part(TypedDict, total=False):
    """Which part of a file a picture is; empty where the file holds just one."""

    page: int  # from 1
    time: float  # seconds from the start of a video


class Document(Protocol):
    """The pictures of one file, numbered from 1, of which one at a time is in memory.

    Attributes:
        name: the file as messages call it.
        several: whether it holds more than one.
        animated: whether they are an animation's frames, of which the first is enough.
    """

    name: str
    several: bool
    animated: bool

    def has(self, number: int) -> bool:
        """Whether there is such a picture; asked for in rising order."""
        ...

    def part(self, number: int) -> Part:
        """What results say of it."""
        ...

    def read(self, number: int) -> Picture:
        """A picture that `has` has found, as (H, W, 3) uint8 RGB; raises InputError."""
        ...

    def close(self) -> None: ...


def parse_pages(text: str | None) -> tuple[int, ...] | None:
    """The page numbers of `1,3-5` in rising order, each once; no numbers for `all`, None for None.

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
        # What is beyond the limit need not be held to see that it is.
        numbers.update(range(first, min(last, first + MAX_PAGES) + 1))
    if len(numbers) > MAX_PAGES:
        raise ConfigError(f"--pages {text}: names more than {MAX_PAGES:,} pages")
    return tuple(sorted(numbers))


def chosen_pages(document: Document, pages: tuple[int, ...] | None) -> Iterator[int]:
    """The numbers of a document's pictures to read.

    Args:
        document: the file.
        pages: what `parse_pages` gives; None takes the first frame of an animation, and all pages
            of other documents.

    Raises:
        InputError: a page is not there, or "all" are more than MAX_PAGES, after those that are.
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
            f"{document.name}: has more than {MAX_PAGES:,} pages, of which the first "
            f"{MAX_PAGES:,} were read; name the following ones, as in --pages {following}"
        )


def called(document: Document, number: int) -> str:
    """What messages call a document's picture."""
    return f"{document.name}, page {number}" if document.several else document.name


def check_size(width: int, height: int, name: str, max_pixels: int) -> None:
    """Raise InputError where a picture holds no pixels, TooLargeError where more than are read."""
    if width * height == 0:
        raise InputError(f"{name}: holds no pixels ({width}x{height})")
    if width * height > max_pixels:
        raise TooLargeError(
            f"{name}: has {width}x{height} pixels, more than the {max_pixels:,} that are read"
        )


def not_a_picture(name: str) -> InputError:
    """The error of a file whose format is unknown."""
    return InputError(
        f"{name}: is not a picture of a known format, or is cut off in its header; "
        "convert it to JPEG or PNG"
    )


def damaged(name: str, error: Exception) -> InputError:
    """The error of a picture that cannot be decoded."""
    reason = str(error) or type(error).__name__
    return InputError(f"{name}: the picture is damaged or cut short ({reason})")


def needs(name: str, kind: str, package: str) -> InputError:
    """The error of a format whose package is not installed."""
    return InputError(f"{name}: {kind} needs {package}: pip install {package}")
