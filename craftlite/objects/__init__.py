"""Detecting objects of several classes with SSD-lite in ONNX Runtime; does not need torch."""

from craftlite.objects.detector import ObjectDetector
from craftlite.objects.result import Objects

__all__ = ["ObjectDetector", "Objects"]
