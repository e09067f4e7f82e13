"""Detecting detectors of lines, which protocols that match words score too low."""

from craftlite.evaluate.comparison import Candidate, EvaluationSet
from craftlite.evaluate.protocols import cleval
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.report.mistakes import mistakes

LEAST = 10  # minimum number of merged words
SHARE = 0.25  # minimum fraction of all words; a detector of words merges some of them too
TOLERANT = {
    "cleval": "counts characters in words and lines alike",
    "deteval": "accepts merged words",
    "deteval-polygon": "accepts merged words",
}


def line_note(one: Candidate, data: EvaluationSet) -> str | None:
    """Return a note on a detector that seems to find lines rather than words, or None.

    By its first protocol that matches words, more than half of the missed words must be merged (see
    `mistakes`), and these must be at least LEAST words and more than SHARE of all words.
    """
    for by in one.word_protocols()[:1]:
        metric = one.metrics[by]
        words = sum(int(m.truth_scored.sum()) for m in metric.matchings)
        missed = sum(int((m.truth_scored & (m.found == 0)).sum()) for m in metric.matchings)
        usual = max(LEAST - 1, SHARE * words, missed / 2)
        merged = _merged(one, data, metric) if missed > usual else 0
        if merged > usual:
            return (
                f"{one.name}: of the {missed} words missed by {by}, {merged} are merged with "
                "others in one detection; it seems to find lines rather than words"
                f"{_beside(one, data, by)}"
            )
    return None


def _merged(one: Candidate, data: EvaluationSet, metric: Metric) -> int:
    return sum(
        mistakes(sample.words, metric.protocol.outlines(found), matching).truths.count("merged")
        for sample, found, matching in zip(
            data.samples, one.detections, metric.matchings, strict=True
        )
    )


def _beside(one: Candidate, data: EvaluationSet, by: str) -> str:
    """Return the H-mean by a protocol that tolerates lines, unless it was scored by that one."""
    curved = one.metrics[by].protocol.curved
    name = "cleval" if cleval.is_installed() else "deteval-polygon" if curved else "deteval"
    if name == by:
        return ""
    metric = one.metrics.get(name) or Metric.of(name, data.samples, one.detections)
    return f"; by {name}, which {TOLERANT[name]}, its H-mean is {metric.summary().hmean:.2%}"
