"""A model under evaluation: its detections on samples, from maps that are computed only once."""

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

FIGURES = {  # names of the thresholds in the figures
    "text": "text_threshold",
    "link": "link_threshold",
    "low": "low_text",
    "growth": "growth",
}
COST_SIZE = (1280, 736)  # width and height in pixels for which operations are counted


def published(network: str, dataset: str) -> tuple[Thresholds, int, str] | None:
    """Return the original CRAFT authors' thresholds and long side for a dataset, and their origin.

    None for other networks, and for datasets without published values.
    """
    facts = DATASETS[dataset]
    if network != "craft-vgg16" or facts.craft_long_side is None:
        return None
    levels = Thresholds(**facts.craft_thresholds)
    what = "thresholds" if facts.craft_thresholds else "long side; the code's default thresholds"
    return levels, facts.craft_long_side, f"the original authors' {what} for {dataset}"


class ModelRunner:
    """Weights with their long side and thresholds, and their cached maps.

    Args:
        weights: a name in the catalogue or a file.
        dataset: the dataset to run on; for some, the original CRAFT has published thresholds.
        long_side: length in pixels that pictures are scaled to; None uses the weights' own.
        cache: the folder of cached maps.
        polygons: whether to trace curved outlines, for protocols that score them.

    Attributes:
        thresholds: the weights' own thresholds.
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
        """Return the same weights at another long side."""
        other = copy(self)
        other.detector = self.detector.at(long_side)
        other.cached, other._milliseconds = 0, []
        return other

    def maps(self, sample: Sample) -> Maps:
        """Return the maps of a picture, computed unless they are cached.

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
        """Return the words of a picture, rounded to whole pixels."""
        return Detections.of(self.found(sample, thresholds).words)

    def found(self, sample: Sample, thresholds: Thresholds) -> Found:
        """Return the words of a picture with the evidence for each."""
        return self.detector.found(self.maps(sample), thresholds, polygons=self.polygons)

    def facts(self, thresholds: Thresholds) -> dict[str, Any]:
        """Return what is run, its settings and, if torch is installed, its cost.

        "milliseconds": median over the pictures so far, from pixels to maps; None before the first,
        and if any maps came from the cache, since other runs may have computed them.
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
