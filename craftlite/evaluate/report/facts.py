"""Everything that a report says, as values that JSON holds."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

import craftlite
from craftlite.data.sample import Sample
from craftlite.evaluate import PROTOCOLS
from craftlite.evaluate.comparison import Candidate, differences, rows
from craftlite.evaluate.protocols.metric import BY_NAME
from craftlite.evaluate.report.breakdown import by_groups
from craftlite.evaluate.report.mistakes import KINDS, Mistakes, mistakes
from craftlite.evaluate.report.sweep import (
    Point,
    calibration,
    confidence_sweep,
    text_threshold_sweep,
)
from craftlite.evaluate.score import Score, Tally, whole
from craftlite.progress import Progress

Facts = dict[str, Any]


def facts_of(
    dataset: str,
    split: str,
    samples: Sequence[Sample],
    candidates: Sequence[Candidate],
    protocols: Sequence[str],
) -> Facts:
    """The report's values; the first protocol that tells words apart is what details go by."""
    by = next(name for name in protocols if candidates[0].matchings[name])
    words = [word for sample in samples for word in sample.words]
    return {
        "dataset": dataset,
        "split": split,
        "pictures": len(samples),
        "words": sum(not word.ignore for word in words),
        "dont_care": sum(word.ignore for word in words),
        "made": datetime.now(timezone.utc).isoformat(timespec="minutes"),
        "version": craftlite.__version__,
        "protocols": {name: PROTOCOLS[name] for name in protocols},
        "rows": rows(candidates, protocols),
        "differences": differences(candidates, protocols),
        "details_by": by,
        "details": [details(one, samples, by) for one in candidates],
    }


def details(one: Candidate, samples: Sequence[Sample], by: str) -> Facts:
    """What lies behind the figures of one detector by one protocol."""
    outlines = [BY_NAME[by].outlines(found) for found in one.detections]
    pictures = list(zip((s.words for s in samples), outlines, one.matchings[by], strict=True))
    kinds = [mistakes(*picture) for picture in pictures]
    groups = by_groups(pictures)
    swept, points = sweep(one, samples, by)
    return {
        "name": one.name,
        "groups": {
            name: {group: group_facts(score) for group, score in parts.items()}
            for name, parts in groups.items()
        },
        "mistakes": counted(kinds),
        "swept": swept,
        "sweep": [
            {"level": p.level, **{k: p.score.facts()[k] for k in ("precision", "recall", "hmean")}}
            for p in points
        ],
        "calibration": [bin._asdict() for bin in calibrated(one, by)],
        "pictures": [
            picture_facts(sample.name, tally, kind)
            for sample, tally, kind in zip(samples, one.metrics[by].tallies, kinds, strict=True)
        ],
    }


def group_facts(score: Score) -> Facts:
    """Words and ratios of a group; no precision where it has no detections of its own."""
    facts = score.facts()
    return {key: facts[key] for key in ("truths", "detections", "precision", "recall", "hmean")}


def counted(kinds: Sequence[Mistakes]) -> Facts:
    """How many truths and detections there are of each kind of mistake."""
    truths = Counter(kind for one in kinds for kind in one.truths if kind)
    detections = Counter(kind for one in kinds for kind in one.detections if kind)
    return {kind: {"words": truths[kind], "detections": detections[kind]} for kind in KINDS}


def picture_facts(name: str, tally: Tally, kinds: Mistakes) -> Facts:
    """One row of the table of pictures."""
    score = Score(1, *tally)
    facts = score.facts()
    keys = ("truths", "detections", "found", "correct", "precision", "recall", "hmean")
    # A picture without words in which nothing was found is as good as can be.
    if not score.truths:
        facts["recall"] = 1.0
        facts["precision"] = facts["hmean"] = float(not score.detections)
    return {
        "name": name,
        **{key: facts[key] for key in keys},
        "wrong": whole(score.truths - score.found + score.detections - score.correct),
        "words": Counter(kind for kind in kinds.truths if kind),
        "boxes": Counter(kind for kind in kinds.detections if kind),
    }


def sweep(one: Candidate, samples: Sequence[Sample], by: str) -> tuple[str | None, list[Point]]:
    """What was swept, and the points: the text threshold, or confidences where files have them."""
    if one.model is not None:
        points = text_threshold_sweep(samples, one.model.detections, one.thresholds, by)
        return "text threshold", list(Progress(points, desc=f"sweep of {one.name}", unit="level"))
    if all(found.scores is not None or not len(found) for found in one.detections):
        return "confidence", list(confidence_sweep(samples, one.detections, by))
    return None, []


def calibrated(one: Candidate, by: str) -> list[Any]:
    """Confidences against how often they are right; empty where there are none."""
    pairs = [
        (found.scores[matching.detection_scored], matching.correct[matching.detection_scored] > 0)
        for found, matching in zip(one.detections, one.matchings[by], strict=True)
        if found.scores is not None
    ]
    if not any(len(scores) for scores, _ in pairs):
        return []
    scores, correct = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return calibration(scores, correct)
