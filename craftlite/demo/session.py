"""Analysed pictures, and the detectors that analyse them."""

import time
from dataclasses import dataclass, field
from functools import cache, partial
from threading import Lock

from craftlite.detector import Detector, Maps
from craftlite.draw import data_uri, fitted
from craftlite.geometry import Picture
from craftlite.image.document import Part
from craftlite.postprocess import Thresholds
from craftlite.reading import TextLine, read_words
from craftlite.recognisers import Name, open_recogniser
from craftlite.words import Words

MAX_PIXELS = 40_000_000  # maximum for an upload: about 120 MB when decoded
ROOM = (1280, 1280)  # maximum width and height in pixels of a picture on the page
RECOGNISER: Name = "rapidocr"  # reads the words if it is installed
LONG_SIDES = (320, 2560)  # pixels, the minimum and maximum that the page offers


@dataclass(frozen=True)
class Analysis:
    """A picture and its score maps.

    Attributes:
        name: name of the uploaded file.
        picture: (H, W, 3) uint8 RGB, upright.
        maps: score maps of the whole picture.
        weights, long_side: settings that the maps were computed with.
        milliseconds: time of the network, including scaling of the picture.
        shown: the picture as a data URI, small enough for a page.
        part: the page of a PDF, if the picture is one.
    """

    name: str
    picture: Picture
    maps: Maps
    weights: str
    long_side: int
    milliseconds: float
    shown: str
    part: Part = field(default_factory=Part)

    @property
    def bytes(self) -> int:
        """The approximate memory use in bytes."""
        maps = sum(one.region.nbytes + one.affinity.nbytes for one in self.maps.scales())
        return self.picture.nbytes + maps + len(self.shown)


class DetectorPool:
    """Detectors by the name of their weights, each loaded once; one network runs at a time.

    Attributes:
        detector: function that returns the detector for a name.
        runs: number of times that a network has run.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.detector = cache(partial(Detector, threads=threads))
        self._threads = threads
        self.runs = 0
        self._lock = Lock()

    def analyse(
        self, name: str, picture: Picture, weights: str, long_side: int, part: Part | None = None
    ) -> Analysis:
        """Run the network on a picture, scaled to a long side in pixels."""
        detector = Detector(self.detector(weights).runtime, long_side=long_side)
        with self._lock:
            start = time.perf_counter()
            maps = detector.maps(picture)
            milliseconds = 1000 * (time.perf_counter() - start)
            self.runs += 1
        shown = data_uri(fitted(picture, ROOM)[0])
        return Analysis(
            name, picture, maps, weights, long_side, milliseconds, shown, part or Part()
        )

    def words(
        self, analysis: Analysis, weights: str, thresholds: Thresholds | None = None
    ) -> tuple[Words, float]:
        """Return the words of an analysis, with characters, and the milliseconds taken.

        The network is not run again.

        thresholds: by default the thresholds of the weights.
        """
        start = time.perf_counter()
        words = self.detector(weights).words(analysis.maps, thresholds, characters=True)
        return words, 1000 * (time.perf_counter() - start)

    def read(self, analysis: Analysis, words: Words) -> tuple[list[TextLine], float]:
        """Return the text of a picture's words, and the milliseconds taken."""
        with self._lock:
            start = time.perf_counter()
            lines = read_words(analysis.picture, words, open_recogniser(RECOGNISER, self._threads))
            return lines, 1000 * (time.perf_counter() - start)
