"""The pages of a PDF, rendered by PDFium."""

import math
from threading import Lock
from typing import Any

import numpy as np

from craftlite.errors import InputError
from craftlite.geometry import Picture
from craftlite.image.document import Part, called, check_size, damaged, needs

DPI = 200  # resolution of a rendered page; lower if it would exceed the limit on pixels

_RGB = 2  # PDFium's FPDFBitmap_BGR, which is RGB in reversed order
_one_at_a_time = Lock()  # PDFium has global state and is not thread-safe


def is_pdf(data: bytes) -> bool:
    """Return whether a file is a PDF; PDF readers allow some bytes before the header."""
    return b"%PDF-" in data[:1024]


class Pdf:
    """A PDF whose pages are rendered one at a time, on white and with form contents.

    Attributes:
        count: number of pages.

    Raises:
        InputError: pypdfium2 is not installed, or the PDF is damaged or needs a password.
    """

    animated = False

    def __init__(self, data: bytes, name: str, max_pixels: int) -> None:
        try:
            import pypdfium2
        except ModuleNotFoundError:
            raise needs(name, "a PDF", "pypdfium2") from None
        self.name, self._max_pixels = name, max_pixels
        with _one_at_a_time:
            try:
                self._file: Any = pypdfium2.PdfDocument(data)
                self._file.init_forms()
                self.count = len(self._file)
            except pypdfium2.PdfiumError as error:
                if "password" in str(error):
                    raise InputError(f"{name}: needs a password; save it without one") from None
                raise damaged(name, error) from error
        self.several = self.count > 1

    def has(self, number: int) -> bool:
        """Return whether a page exists."""
        return 1 <= number <= self.count

    def part(self, number: int) -> Part:
        """Return the page's number if there are several."""
        return {"page": number} if self.several else {}

    def read(self, number: int) -> Picture:
        """Return a page, rendered at DPI, as (H, W, 3) uint8 RGB; raises InputError."""
        with _one_at_a_time:
            try:
                return self._draw(number)
            except RuntimeError as error:  # PdfiumError is one
                raise damaged(called(self, number), error) from error

    def _draw(self, number: int) -> Picture:
        page = self._file[number - 1]
        try:
            width, height = page.get_size()  # in 1/72 inch
            scale = min(DPI / 72, math.sqrt(self._max_pixels / max(width * height, 1)))
            # PDFium rounds each side up.
            size = math.ceil(width * scale), math.ceil(height * scale)
            if size[0] * size[1] > self._max_pixels:
                scale *= 0.99
                size = math.ceil(width * scale), math.ceil(height * scale)
            check_size(*size, called(self, number), self._max_pixels)
            bitmap = page.render(scale=scale, rev_byteorder=True, force_bitmap_format=_RGB)
            try:
                return np.array(bitmap.to_numpy())
            finally:
                bitmap.close()
        finally:
            page.close()

    def close(self) -> None:
        """Close PDFium's document."""
        with _one_at_a_time:
            self._file.close()
