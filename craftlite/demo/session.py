"""Pictures that were analysed, and the detectors that did it."""

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

MAX_PIXELS = 40_000_000  # of an upload: some 120 MB once it is decoded
ROOM = (1280, 1280)  # pixels that a picture is shown with at most, width and height
RECOGNISER: Name = "rapidocr"  # that reads the words, where it is installed
LONG_SIDES = (320, 2560)  # pixels, the least and the most that the page offers


@dataclass(frozen=True)
class Analysis:
    """A picture and its score maps.

    Attributes:
        name: of the uploaded file.
        picture: (H, W, 3) uint8 RGB, upright.
        maps: of the whole picture.
        weights, long_side: that the maps were computed with.
        milliseconds: that the network took, with the picture's scaling.
        shown: the picture as a data URI, small enough for a page.
        part: the page of a PDF that the picture is.
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
        """Memory that it takes, near enough."""
        maps = sum(one.region.nbytes + one.affinity.nbytes for one in self.maps.scales())
        return self.picture.nbytes + maps + len(self.shown)


class DetectorPool:
    """Detectors by the name of their weights, each loaded once; one network runs at a time.

    Attributes:
        detector: the function from a name to its detector.
        runs: how often a network has run.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.detector = cache(partial(Detector, threads=threads))
        self._threads = threads
        self.runs = 0
        self._lock = Lock()

    def analyse(
        self, name: str, picture: Picture, weights: str, long_side: int, part: Part | None = None
    ) -> Analysis:
        """Runs the network on a picture, scaled to a long side in pixels."""
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
        """The words of maps, with characters, and the milliseconds it took; no network runs.

        thresholds: by default what the weights were tuned for.
        """
        start = time.perf_counter()
        words = self.detector(weights).words(analysis.maps, thresholds, characters=True)
        return words, 1000 * (time.perf_counter() - start)

    def read(self, analysis: Analysis, words: Words) -> tuple[list[TextLine], float]:
        """The text of a picture's words, and the milliseconds it took."""
        with self._lock:
            start = time.perf_counter()
            lines = read_words(analysis.picture, words, open_recogniser(RECOGNISER, self._threads))
            return lines, 1000 * (time.perf_counter() - start)
