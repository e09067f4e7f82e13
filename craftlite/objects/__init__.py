"""Objects of several classes in pictures, found by SSD-lite in ONNX Runtime; needs no torch."""

from craftlite.objects.detector import ObjectDetector
from craftlite.objects.result import Objects

__all__ = ["ObjectDetector", "Objects"]
