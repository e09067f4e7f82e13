"""Everything that a report shows, as JSON values."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

import craftlite
from craftlite.data.sample import Sample
from craftlite.evaluate.calibrate import calibration_error, reliability
from craftlite.evaluate.comparison import Candidate, EvaluationSet, differences, rows, timing_note
from craftlite.evaluate.protocols.metric import PROTOCOLS
from craftlite.evaluate.report.breakdown import by_groups
from craftlite.evaluate.report.mistakes import KINDS, Mistakes, mistakes
from craftlite.evaluate.report.sweep import sweep
from craftlite.evaluate.score import Tally, summed, whole

Facts = dict[str, Any]


def facts_of(data: EvaluationSet, candidates: Sequence[Candidate]) -> Facts:
    """Return the report's values; details are by the first protocol that matches words."""
    protocols = data.protocols
    by = candidates[0].word_protocols()[0]
    words = [word for sample in data.samples for word in sample.words]
    scored = rows(candidates, protocols)
    return {
        "dataset": data.name,
        "split": data.split,
        "pictures": len(data.samples),
        "words": sum(not word.ignore for word in words),
        "dont_care": sum(word.ignore for word in words),
        "made": datetime.now(timezone.utc).isoformat(timespec="minutes"),
        "version": craftlite.__version__,
        "protocols": {name: PROTOCOLS[name].title for name in protocols},
        "rows": scored,
        "timing": timing_note(scored),
        "notes": [one.note for one in candidates if one.note],
        "differences": differences(candidates, protocols),
        "details_by": by,
        "details": [details(one, data.samples, by) for one in candidates],
    }


def details(one: Candidate, samples: Sequence[Sample], by: str) -> Facts:
    """Return the details behind the figures of one detector by one protocol."""
    metric = one.metrics[by]
    words = [sample.words for sample in samples]
    outlines = [metric.protocol.outlines(found) for found in one.detections]
    pictures = list(zip(words, outlines, metric.matchings, strict=True))
    kinds = [mistakes(*picture) for picture in pictures]
    truths = Counter(kind for one in kinds for kind in one.truths)
    detections = Counter(kind for one in kinds for kind in one.detections)
    swept, points = sweep(one, samples, by)
    tenths = []
    if metric.scores:
        tenths = reliability(np.concatenate(metric.scores), np.concatenate(metric.correct))
    keys = ("truths", "detections", "precision", "recall", "hmean")
    return {
        "name": one.name,
        "groups": {
            name: {
                group: {key: score.facts()[key] for key in keys} for group, score in parts.items()
            }
            for name, parts in by_groups(pictures).items()
        },
        "mistakes": {
            kind: {"words": truths[kind], "detections": detections[kind]} for kind in KINDS
        },
        "swept": swept,
        "sweep": points,
        "calibration": tenths,
        "calibration_error": calibration_error(tenths) if tenths else None,
        "pictures": [
            picture_facts(sample.name, tally, kind)
            for sample, tally, kind in zip(samples, metric.tallies, kinds, strict=True)
        ],
    }


def picture_facts(name: str, tally: Tally, kinds: Mistakes) -> Facts:
    """Return one row of the table of pictures."""
    facts = summed([tally]).facts()
    # A picture without words in which nothing was found gets the full score.
    if not tally.truths:
        facts["recall"] = 1.0
        facts["precision"] = facts["hmean"] = float(not tally.detections)
    keys = ("truths", "detections", "found", "correct", "precision", "recall", "hmean")
    return {
        "name": name,
        **{key: facts[key] for key in keys},
        "wrong": whole(tally.truths - tally.found + tally.detections - tally.correct),
        "words": Counter(kind for kind in kinds.truths if kind),
        "boxes": Counter(kind for kind in kinds.detections if kind),
    }
