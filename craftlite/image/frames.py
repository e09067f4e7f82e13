"""Pictures opened by Pillow: single pictures, pages of a TIFF or frames of an animation."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from PIL import ExifTags, Image, ImageOps

from craftlite.errors import InputError, printable
from craftlite.geometry import Picture, Size
from craftlite.image.deep import decode, is_deep
from craftlite.image.document import Part, called, check_size, damaged
from craftlite.image.pixels import eight_bits, rgb_from_image

Scale: TypeAlias = Callable[[Size], float]

# Besides the photograph, files of phones hold previews and depth maps, which are not read.
_PHOTOGRAPHS = ("MPO", "HEIF")
VERY_LARGE = 32_000_000  # pixels; smaller pictures are read at full size
_log = logging.getLogger("craftlite")


@contextmanager
def without_remarks() -> Iterator[None]:
    """Suppress Pillow's warnings about metadata, and about large pictures within our limits."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


class Frames:
    """The pictures of a file that Pillow has opened but not decoded.

    Args:
        image: the image as opened by Pillow.
        data: the file's bytes, or None for an image that was given.
        name: the file's name in messages.
        max_pixels: a picture with more pixels is refused before it is decoded.

    Raises:
        InputError: the file is damaged.
    """

    @without_remarks()
    def __init__(self, image: Image.Image, data: bytes | None, name: str, max_pixels: int) -> None:
        self.name, self._image, self._data, self._max_pixels = name, image, data, max_pixels
        try:
            self.several = image.format not in _PHOTOGRAPHS and getattr(image, "is_animated", False)
        except Exception as error:  # damaged files make Pillow raise more than it documents
            raise damaged(name, error) from error
        self.animated = self.several and image.format != "TIFF"

    @without_remarks()
    def has(self, number: int) -> bool:
        """Return whether a picture exists; seeks to it, so that `read` can read it."""
        if not self.several:
            return number == 1
        try:
            self._image.seek(number - 1)
        except EOFError:
            return False
        except Exception as error:
            raise damaged(called(self, number), error) from error
        return True

    def part(self, number: int) -> Part:
        """Return the number of the page or frame if there are several."""
        return {"page": number} if self.several else {}

    def read(self, number: int) -> Picture:
        """Return the picture found by `has`, turned upright by its EXIF tag."""
        return self.read_scaled(number, lambda size: 1.0)[0]

    @without_remarks()
    def read_scaled(self, number: int, scale: Scale) -> tuple[Picture, Size]:
        """Return the picture and its full size; a very large one is reduced, not below `scale`."""
        image, name, size = self._image, called(self, number), self._image.size
        check_size(*size, name, self._max_pixels)
        very_large, used = size[0] * size[1] > VERY_LARGE, scale(size)
        sides = [max(1, int(side * used)) for side in size]
        try:
            deep = self._data is not None and is_deep(image)
            if very_large and image.format == "JPEG":
                image.draft(None, (sides[0], sides[1]))  # decode at 1/2, 1/4 or 1/8 of its size
            image.load()  # fails if the file is damaged, which OpenCV does not report
            pixels = decode(self._data, number) if self._data is not None and deep else None
            stored = image if pixels is None else Image.fromarray(eight_bits(pixels))
            upright = _upright(stored, image, name)
            turned = size if upright.size == stored.size else size[::-1]
            spare = min(image.size[0] // sides[0], image.size[1] // sides[1])
            picture = rgb_from_image(upright, max(1, spare) if very_large else 1)
        except InputError:
            raise
        except Exception as error:
            raise damaged(name, error) from error
        return picture, turned

    def close(self) -> None:
        """Close Pillow's image."""
        if self._data is not None:
            self._image.close()


def _upright(image: Image.Image, tagged: Image.Image, name: str) -> Image.Image:
    """Turn an image upright by the EXIF tag of `tagged`, an image of the same file."""
    tag = ExifTags.Base.Orientation
    try:
        orientation = tagged.getexif().get(tag, 1)
        # Pillow and OpenCV both turn TIFFs upright when they decode them.
        if orientation == 1 or (image is not tagged and tagged.format == "TIFF"):
            return image
        image.getexif()[tag] = orientation
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken tag is no reason to refuse an intact picture
        taken = "its EXIF data cannot be read, so it is used in its stored orientation"
        _log.warning("%s: %s", printable(name), taken)
        return image
