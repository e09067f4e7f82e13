"""Statistics of a dataset, counted picture by picture."""

from array import array
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np

from craftlite.data.sample import Sample, Word
from craftlite.data.targets import SMALLEST_WORD
from craftlite.data.word_geometry import characters_of, goes_down, word_height

# Every count, in the order of the report.
COUNTS = (
    *("pictures", "pictures without words", "words", "legible", "don't care", "without text"),
    *("with known characters", "characters", "vertical", "curved", "too small to learn"),
    *("partly outside", "wholly outside", "drawn twice", "with a comma", "beyond ASCII"),
)
PERCENTILES = (5, 25, 50, 75, 95)
# Limits in pixels of the histogram of heights.
HEIGHTS = (0, 8, 16, 32, 64, 128, np.inf)


class Statistics:
    """Counts of pictures and words; `add` every sample, then call `facts`."""

    def __init__(self) -> None:
        self._counts = Counter(dict.fromkeys(COUNTS, 0))
        self._sizes: list[tuple[int, int]] = []
        self._heights = array("f")  # a dataset can have millions of words

    def add(self, sample: Sample) -> None:
        """Count a sample.

        Raises:
            DatasetError: the picture cannot be opened; its words are counted anyway, except for
                whether they lie outside the picture.
        """
        self._counts["pictures"] += 1
        self._counts["pictures without words"] += not sample.words
        self._counts["words"] += len(sample.words)
        for word in sample.words:
            self._add_word(word)
        outlines = Counter(word.polygon.tobytes() for word in sample.words)
        self._counts["drawn twice"] += outlines.total() - len(outlines)
        size = sample.size()
        self._sizes.append(size)
        for word in sample.words:
            low, high = word.polygon.min(axis=0), word.polygon.max(axis=0)
            if (high <= 0).any() or (low >= size).any():
                self._counts["wholly outside"] += 1
            elif (low < 0).any() or (high > size).any():
                self._counts["partly outside"] += 1

    def _add_word(self, word: Word) -> None:
        if word.ignore:
            self._counts["don't care"] += 1
            return
        characters = characters_of(word)
        height = word_height(characters)
        self._heights.append(height)
        known, text = word.characters is not None, word.text or ""
        self._counts.update(
            {
                "legible": 1,
                "without text": not text,
                "with known characters": known,
                "characters": len(characters) if known else 0,
                "vertical": int(2 * goes_down(characters).sum() > len(characters) - 1),
                "curved": len(word.polygon) > 4,
                "too small to learn": height < SMALLEST_WORD,
                "with a comma": "," in text,
                "beyond ASCII": not text.isascii(),
            }
        )

    def facts(self) -> dict[str, Any]:
        """Return all counts, ready for JSON.

        "counts": by COUNTS; "sizes": (width, height) of the smallest, median and largest picture by
        area; "heights": PERCENTILES of the legible words' heights in pixels; "histogram": number of
        words from 8 to under 16 pixels high ("8-16"), and so on between the limits of HEIGHTS.
        """
        sizes = sorted(self._sizes, key=lambda size: size[0] * size[1])
        places = {"smallest": 0, "median": len(sizes) // 2, "largest": len(sizes) - 1}
        heights = np.asarray(self._heights, np.float64)
        percentiles = np.percentile(heights, PERCENTILES).round(1) if len(heights) else np.empty(0)
        bars = np.histogram(heights, HEIGHTS)[0].tolist()
        limits = [f"{low}-{high}" for low, high in pairwise(HEIGHTS[1:-1])]
        limits = [f"<{HEIGHTS[1]}", *limits, f">={HEIGHTS[-2]}"]
        return {
            "counts": dict(self._counts),
            "sizes": {name: sizes[place] for name, place in places.items() if sizes},
            "heights": {str(p): float(h) for p, h in zip(PERCENTILES, percentiles, strict=False)},
            "histogram": dict(zip(limits, bars, strict=True)),
        }
