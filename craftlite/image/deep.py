"""Pictures with 16 or 32 bits per channel, decoded by OpenCV, as Pillow keeps at most 8 bits."""

import io

import cv2
import numpy as np
from PIL import Image, TiffImagePlugin

from craftlite.geometry import Picture
from craftlite.image.document import MAX_PAGES, Part, called, check_size, not_a_picture
from craftlite.image.pixels import Array, eight_bits, rgb_from_image

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WIDTH, _HEIGHT = 256, 257  # TIFF tags


def is_deep(image: Image.Image) -> bool:
    """Return whether Pillow would reduce the colours of an opened picture to 8 bits."""
    for codec, _, _, args in getattr(image, "tile", ()):
        if codec == "ppm":
            return image.mode == "RGB" and args[1] > 255
        raw_mode = args[0] if isinstance(args, tuple) else args
        return isinstance(raw_mode, str) and ";16" in raw_mode and not image.mode.startswith("I")
    return False


def decode(data: bytes, number: int) -> Array | None:
    """Decode a file's picture as (H, W) or (H, W, C) in RGB order; return None on failure."""
    buffer = np.frombuffer(data, np.uint8)
    try:
        if number == 1:
            pixels = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
        else:
            page = (number - 1, number)
            _, pages = cv2.imdecodemulti(buffer, cv2.IMREAD_UNCHANGED, range=page)
            pixels = pages[0] if pages else None
    except cv2.error:
        return None
    if pixels is None or pixels.ndim == 2:
        return pixels
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}
    return pixels[:, :, order[pixels.shape[2]]]


class DeepTiff:
    """The pages of a TIFF that Pillow does not support, such as one with float colours.

    Raises:
        InputError: the file is not a TIFF.
    """

    animated = False

    def __init__(self, data: bytes, name: str, max_pixels: int) -> None:
        self.name, self._data, self._max_pixels = name, data, max_pixels
        try:
            self._sizes = _page_sizes(data)
        except Exception:  # damaged headers make Pillow raise more than it documents
            raise not_a_picture(name) from None
        if not self._sizes:
            raise not_a_picture(name)
        self.several = len(self._sizes) > 1

    def has(self, number: int) -> bool:
        """Return whether a page exists."""
        return 1 <= number <= len(self._sizes)

    def part(self, number: int) -> Part:
        """Return the page's number if there are several."""
        return {"page": number} if self.several else {}

    def read(self, number: int) -> Picture:
        """Return a page as (H, W, 3) uint8 RGB."""
        name = called(self, number)
        check_size(*self._sizes[number - 1], name, self._max_pixels)
        pixels = decode(self._data, number)
        if pixels is None:
            raise not_a_picture(name)
        return rgb_from_image(Image.fromarray(eight_bits(pixels)))

    def close(self) -> None:
        """Do nothing; no file is open."""


def _page_sizes(data: bytes) -> list[tuple[int, int]]:
    """Return the (width, height) of each page, for at most MAX_PAGES + 1 pages."""
    file = io.BytesIO(data)
    head = file.read(8) if data[2:3] in b"*\0" else file.read(16)
    directory = TiffImagePlugin.ImageFileDirectory_v2(head)
    places: list[int] = []
    sizes: list[tuple[int, int]] = []
    while directory.next and directory.next not in places and len(sizes) <= MAX_PAGES:
        places.append(directory.next)
        file.seek(directory.next)
        directory.load(file)
        sizes.append((int(directory[_WIDTH]), int(directory[_HEIGHT])))
    return sizes
