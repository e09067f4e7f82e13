"""Find the words in photographs.

>>> from craftlite import Detector
>>> words = Detector()("photo.jpg")
"""

__version__ = "0.1.0"
