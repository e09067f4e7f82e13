"""A model that is evaluated: its detections on samples, from maps that are computed once."""

from copy import copy
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from craftlite.data import DATASETS
from craftlite.data.sample import Sample
from craftlite.detector import Detector, Maps
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.map_cache import MapCache
from craftlite.files import sha256_of
from craftlite.postprocess import Thresholds
from craftlite.postprocess.components import Found
from craftlite.weights import find_weights

FIGURES = {  # what thresholds are called among figures
    "text": "text_threshold",
    "link": "link_threshold",
    "low": "low_text",
    "growth": "growth",
}
COST_SIZE = (1280, 736)  # pixels, width and height, for which operations are counted


def published(network: str, dataset: str) -> tuple[Thresholds, int, str] | None:
    """Thresholds and long side that the authors of the original CRAFT published, and their origin.

    None for other networks, and for datasets that they published nothing for.
    """
    facts = DATASETS[dataset]
    if network != "craft-vgg16" or facts.craft_long_side is None:
        return None
    levels = Thresholds(**facts.craft_thresholds)
    what = "thresholds" if facts.craft_thresholds else "long side; the code's default thresholds"
    return levels, facts.craft_long_side, f"the original authors' {what} for {dataset}"


class ModelRunner:
    """Weights with their long side and thresholds, and the maps that they gave.

    Args:
        weights: a name in the catalogue or a file.
        dataset: that it is tried on; for it the original CRAFT has published thresholds.
        long_side: pixels that pictures are scaled to; None takes what the weights are meant for.
        cache: the folder where maps are kept.
        polygons: whether curved outlines are traced, for protocols that score them.

    Attributes:
        thresholds: those that the weights are meant for.
        origin: where thresholds and long side come from, in words.
        cached: how often maps came from the cache.

    Raises:
        WeightsError: the weights are missing, corrupt or of another network.
    """

    def __init__(
        self,
        weights: str,
        dataset: str,
        *,
        cache: Path,
        long_side: int | None = None,
        polygons: bool = True,
    ) -> None:
        entry = find_weights(weights)
        detector = Detector(weights, long_side=long_side)
        self.name, self.network = str(weights), detector.runtime.network
        self.thresholds, self.origin = detector.thresholds, entry.tuned or "defaults, not tuned"
        original = None if entry.tuned else published(self.network, dataset)
        if original is not None:
            self.thresholds, side, self.origin = original
            detector = Detector(detector.runtime, long_side=long_side or side)
        self.detector, self.polygons = detector, polygons
        self._cache = MapCache(cache, sha256_of(entry.file))
        self.cached, self._milliseconds = 0, list[float]()

    def at(self, long_side: int) -> "ModelRunner":
        """The same weights on another long side."""
        other = copy(self)
        other.detector = self.detector.at(long_side)
        other.cached, other._milliseconds = 0, []
        return other

    def maps(self, sample: Sample) -> Maps:
        """The maps of a picture, computed unless they are kept.

        Raises:
            DatasetError: the picture cannot be read.
        """
        maps, milliseconds = self._cache.maps(sample, self.detector)
        if milliseconds is None:
            self.cached += 1
        else:
            self._milliseconds.append(milliseconds)
        return maps

    def detections(self, sample: Sample, thresholds: Thresholds) -> Detections:
        """The words of a picture, rounded to whole pixels."""
        return Detections.of(self.found(sample, thresholds).words)

    def found(self, sample: Sample, thresholds: Thresholds) -> Found:
        """The words of a picture with the evidence for each."""
        return self.detector.found(self.maps(sample), thresholds, polygons=self.polygons)

    def facts(self, thresholds: Thresholds) -> dict[str, Any]:
        """What is run and how, and what it costs; parameters and operations where torch is there.

        "milliseconds": median over the pictures so far, from pixels to maps; None before the first,
        and where any maps came from the cache, which other runs may have computed.
        """
        facts: dict[str, Any] = {"weights": self.name, "network": self.network}
        if find_spec("torch"):
            from craftlite.model.cost import cost

            facts |= cost(self.network, *COST_SIZE)._asdict()
        times = self._milliseconds
        return facts | {
            "milliseconds": round(median(times), 1) if times and not self.cached else None,
            "long_side": self.detector.long_side,
            **{key: getattr(thresholds, name) for name, key in FIGURES.items()},
            "origin": self.origin if thresholds == self.thresholds else "given by hand",
        }
