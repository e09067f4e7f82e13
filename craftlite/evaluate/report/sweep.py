"""Precision and recall over a range of one threshold: what could be chosen, not how good it is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from craftlite.data.sample import Sample
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.score import Bools, Floats, Score
from craftlite.postprocess import Thresholds

LEVELS = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))


class Point(NamedTuple):
    """The score at one level of a threshold."""

    level: float
    score: Score


def text_threshold_sweep(
    samples: Sequence[Sample],
    detect: Callable[[Sample, Thresholds], Detections],
    thresholds: Thresholds,
    protocol: str,
) -> Iterator[Point]:
    """Scores at LEVELS of the text threshold, the other two as they are."""
    for level in LEVELS:
        metric = Metric(protocol)
        for sample in samples:
            metric.update(sample.words, detect(sample, replace(thresholds, text=level)))
        yield Point(level, metric.summary())


def confidence_sweep(
    samples: Sequence[Sample], detections: Sequence[Detections], protocol: str
) -> Iterator[Point]:
    """Scores of the detections whose confidence is at least each of LEVELS."""
    for level in LEVELS:
        metric = Metric(protocol)
        for sample, found in zip(samples, detections, strict=True):
            metric.update(sample.words, surer(found, level))
        yield Point(level, metric.summary())


def surer(found: Detections, level: float) -> Detections:
    """The detections whose score is at least `level`; they must have scores."""
    assert found.scores is not None
    places = np.flatnonzero(found.scores >= level).tolist()
    return Detections(
        [found.quads[place] for place in places],
        [found.outlines[place] for place in places],
        found.scores[places],
    )


class Bin(NamedTuple):
    """The detections whose scores lie in one tenth: how many, their mean score, their precision."""

    size: int
    confidence: float
    precision: float


def calibration(scores: Floats, correct: Bools) -> list[Bin]:
    """Whether scores say how often a detection is right, in tenths; empty ones left out.

    scores, correct: (D,) of all detections that count.
    """
    tenths = np.minimum((scores * 10).astype(int), 9)
    return [
        Bin(int(part.sum()), float(scores[part].mean()), float(correct[part].mean()))
        for tenth in range(10)
        if (part := tenths == tenth).any()
    ]
