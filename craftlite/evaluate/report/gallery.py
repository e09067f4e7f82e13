"""The worst pictures of an evaluation, drawn: truths, detections and both maps."""

from collections.abc import Sequence
from typing import Any

from craftlite.data.sample import Sample
from craftlite.draw import data_uri, fitted, heatmap, scaled
from craftlite.errors import DatasetError
from craftlite.evaluate.comparison import Candidate
from craftlite.evaluate.outlines import mark
from craftlite.evaluate.protocols.metric import BY_NAME

WORST = 12
ROOM = (960, 960)  # pixels that a picture takes at most, width and height
MAP_ROOM = (480, 480)


def worst(pictures: Sequence[dict[str, Any]], count: int = WORST) -> list[int]:
    """The numbers of the pictures with most words missed and detections wrong, the worst first."""
    wrong = [place for place, picture in enumerate(pictures) if picture["wrong"] > 0]
    return sorted(wrong, key=lambda place: -pictures[place]["wrong"])[:count]


def draw(one: Candidate, number: int, sample: Sample, by: str) -> list[tuple[str, str]] | None:
    """Titles and data URIs: the picture with outlines, then the maps where a model made them.

    None where the picture is not there, as when files of results are scored without pictures.
    """
    try:
        pixels = sample.pixels()
    except DatasetError:
        return None
    small, scale = fitted(pixels, ROOM)
    outlines = BY_NAME[by].outlines(one.detections[number])
    truths = scaled([word.polygon for word in sample.words], scale)
    marked = mark(small, truths, scaled(outlines, scale), one.matchings[by][number])
    parts = [("words", data_uri(marked))]
    if one.model is not None:
        maps, tiny = one.model.maps(sample), fitted(pixels, MAP_ROOM)[0]
        parts.append(("region", data_uri(heatmap(tiny, maps.region))))
        parts.append(("affinity", data_uri(heatmap(tiny, maps.affinity))))
    return parts
