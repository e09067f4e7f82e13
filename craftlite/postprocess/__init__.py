"""From the network's two maps to words, their outlines and their characters."""

from craftlite.postprocess.components import Thresholds, words_from_maps

__all__ = ["Thresholds", "words_from_maps"]
