"""Find the words in photographs.

>>> from craftlite import Detector
>>> words = Detector()("photo.jpg")
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Detector", "Thresholds", "Words", "__version__", "read_image"]

if TYPE_CHECKING:
    from craftlite.detector import Detector
    from craftlite.image import read_image
    from craftlite.postprocess import Thresholds
    from craftlite.words import Words

_HOMES = {
    "Detector": "craftlite.detector",
    "Thresholds": "craftlite.postprocess",
    "Words": "craftlite.words",
    "read_image": "craftlite.image",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that importing the package stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module 'craftlite' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
