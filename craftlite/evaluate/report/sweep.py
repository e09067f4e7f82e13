"""Precision and recall over a range of one threshold, to show what could be chosen."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from craftlite.data.sample import Sample
from craftlite.evaluate.comparison import Candidate
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.progress import Progress

LEVELS = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))


def sweep(
    one: Candidate, samples: Sequence[Sample], protocol: str
) -> tuple[str | None, list[dict[str, float]]]:
    """Return what was swept, and level, precision, recall and H-mean at each of LEVELS.

    For a model this is the text threshold, with its other thresholds fixed. For files with
    confidences it is the lowest confidence of detections that are kept; otherwise it is None.
    """
    if one.model is None and any(found.scores is None and len(found) for found in one.detections):
        return None, []
    points = []
    for level in Progress(LEVELS, desc=f"sweep of {one.name}", unit="level"):
        if one.model is not None:
            thresholds = replace(one.thresholds, text=level)
            detections = (one.model.detections(sample, thresholds) for sample in samples)
        else:
            detections = (surer(found, level) for found in one.detections)
        ratios = Metric.of(protocol, samples, detections).summary().ratios()
        points.append({"level": level} | ratios)
    return "confidence" if one.model is None else "text threshold", points


def surer(found: Detections, level: float) -> Detections:
    """Return the detections whose score is at least `level`; none if there are no scores."""
    if found.scores is None:
        return Detections()
    places = np.flatnonzero(found.scores >= level).tolist()
    return Detections(
        [found.quads[place] for place in places],
        [found.outlines[place] for place in places],
        found.scores[places],
    )
