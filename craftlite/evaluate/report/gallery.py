"""The worst pictures of an evaluation, with ground truth, detections and both maps drawn."""

from collections.abc import Iterator, Sequence
from typing import Any

from craftlite.data.sample import Sample
from craftlite.draw import data_uri, fitted, heatmap
from craftlite.errors import DatasetError
from craftlite.evaluate.comparison import Candidate
from craftlite.evaluate.outlines import mark
from craftlite.evaluate.protocols.metric import Metric

WORST = 12
ROOM = (960, 960)  # largest width and height of a picture, in pixels
MAP_ROOM = (480, 480)


def worst_pictures(
    one: Candidate, samples: Sequence[Sample], facts: Sequence[dict[str, Any]], by: str
) -> Iterator[dict[str, Any]]:
    """Yield the pictures with most missed words and wrong detections, worst first.

    Each is a dict of "facts" and "parts". Pictures that cannot be read are left out, for example
    when result files are scored without pictures.
    """
    wrong = [number for number, picture in enumerate(facts) if picture["wrong"] > 0]
    for number in sorted(wrong, key=lambda number: -facts[number]["wrong"])[:WORST]:
        try:
            parts = draw(one, number, samples[number], one.metrics[by])
        except DatasetError:
            continue
        yield {"facts": facts[number], "parts": parts}


def draw(one: Candidate, number: int, sample: Sample, metric: Metric) -> list[tuple[str, str]]:
    """Return titles and data URIs: the picture with outlines, and the maps if a model made them.

    Raises:
        DatasetError: the picture cannot be read.
        DatasetError: the picture cannot be read.
    """
    pixels = sample.pixels()
    small, scale = fitted(pixels, ROOM)
    outlines = metric.protocol.outlines(one.detections[number])
    marked = mark(small, sample.words, outlines, metric.matchings[number], scale)
    parts = [("words", data_uri(marked))]
    if one.model is not None:
        maps, tiny = one.model.maps(sample), fitted(pixels, MAP_ROOM)[0]
        parts.append(("region", data_uri(heatmap(tiny, maps.region))))
        parts.append(("affinity", data_uri(heatmap(tiny, maps.affinity))))
    return parts
