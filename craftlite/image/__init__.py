"""Reading of pictures from files, URLs, streams and arrays."""

from craftlite.image.read import MAX_PIXELS, open_document, read_image, read_pages, read_scaled
from craftlite.image.source import MAX_BYTES, Source

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "Source",
    "open_document",
    "read_image",
    "read_pages",
    "read_scaled",
]
