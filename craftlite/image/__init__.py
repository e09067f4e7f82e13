"""Pictures from wherever they are."""

from craftlite.image.read import MAX_BYTES, MAX_PIXELS, Source, read_image

__all__ = ["MAX_BYTES", "MAX_PIXELS", "Source", "read_image"]
