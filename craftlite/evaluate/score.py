"""What protocols count: picture by picture, and summed up to precision, recall and H-mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class MatchedGroup(NamedTuple):
    """Truths and detections that a protocol takes as each other, by their numbers."""

    truths: tuple[int, ...]
    detections: tuple[int, ...]


class Tally(NamedTuple):
    """One picture's sums: what counts, and how much of it was found and is correct."""

    truths: float
    detections: float
    found: float
    correct: float
    repaired: int = 0


@dataclass(frozen=True)
class Matching:
    """How the T truths and D detections of one picture were matched.

    Attributes:
        found: (T,) float64, each truth's credit towards recall, usually 0 or 1.
        correct: (D,) float64, each detection's credit towards precision.
        truth_scored: (T,) bool, False for don't-care truths.
        detection_scored: (D,) bool, False for detections that lie in a don't-care region.
        groups: which truths were matched with which detections.
    """

    found: Floats
    correct: Floats
    truth_scored: Bools
    detection_scored: Bools
    groups: tuple[MatchedGroup, ...]

    @classmethod
    def of_groups(
        cls,
        groups: Sequence[MatchedGroup],
        truth_scored: Bools,
        detection_scored: Bools,
        *,
        split: float = 1.0,
        merged: float = 1.0,
    ) -> "Matching":
        """Credits each member of a pair with 1.

        Members of a truth with several detections get `split`, those of a detection with several
        truths `merged`.
        """
        found, correct = np.zeros(len(truth_scored)), np.zeros(len(detection_scored))
        for truths, detections in groups:
            several = split if len(truths) == 1 else merged
            credit = 1.0 if len(truths) == len(detections) else several
            found[list(truths)] = correct[list(detections)] = credit
        return cls(found, correct, truth_scored, detection_scored, tuple(groups))

    def tally(self) -> Tally:
        """The picture's sums, without the number of repaired outlines, which is not known here."""
        return Tally(
            float(self.truth_scored.sum()),
            float(self.detection_scored.sum()),
            float(self.found.sum()),
            float(self.correct.sum()),
        )


@dataclass(frozen=True)
class Score:
    """Sums over all pictures, don't-care words left out, and the ratios that follow from them.

    Attributes:
        pictures: how many.
        truths: words that were to be found; characters with `cleval`.
        detections: that count.
        found: of the truths, in sum; a word found in parts may count for less than 1.
        correct: of the detections, in sum.
        repaired: detections that crossed themselves or enclosed no area.
        average_precision: area under precision and recall with the detections sorted by score,
            as ICDAR MLT ranks; None where a detection has no score.
    """

    pictures: int = 0
    truths: float = 0
    detections: float = 0
    found: float = 0
    correct: float = 0
    repaired: int = 0
    average_precision: float | None = None

    @property
    def precision(self) -> float:
        """Share of the detections that are correct, 0..1; 0 without detections."""
        return max(0.0, self.correct) / self.detections if self.detections else 0.0

    @property
    def recall(self) -> float:
        """Share of the truths that are found, 0..1; 0 without truths."""
        return max(0.0, self.found) / self.truths if self.truths else 0.0

    @property
    def hmean(self) -> float:
        """Harmonic mean of precision and recall, 0..1; 0 when both are 0."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def ratios(self) -> dict[str, float]:
        """Precision, recall and H-mean by name."""
        return {"precision": self.precision, "recall": self.recall, "hmean": self.hmean}

    def facts(self) -> dict[str, Any]:
        """The ratios and counts by name; counts that are whole are int."""
        facts: dict[str, Any] = self.ratios() | {"pictures": self.pictures}
        for name in ("truths", "detections", "found", "correct"):
            facts[name] = whole(getattr(self, name))
        facts["repaired"] = self.repaired
        if self.average_precision is not None:
            facts["average_precision"] = self.average_precision
        return facts


def whole(number: float) -> float | int:
    """An int where a number is whole."""
    return int(number) if float(number).is_integer() else number


def summed(tallies: Sequence[Tally]) -> Score:
    """The score of several pictures, without average precision."""
    return Score(len(tallies), *(sum(column) for column in zip(*tallies, strict=True)))


def average_precision(scores: Floats, correct: Bools, truths: float) -> float:
    """Mean precision at each correct detection, the surest first, missed truths counting as 0.

    scores, correct: (D,) of all detections that count, in file order, which decides between equals.
    """
    order = np.argsort(-scores, kind="stable")
    hits = correct[order]
    precisions = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precisions[hits].sum() / truths) if truths else 0.0


def ratio(part: Floats, whole: npt.ArrayLike) -> Floats:
    """part / whole, broadcast; 0 where the whole is 0."""
    whole = np.broadcast_to(whole, part.shape)
    result = np.zeros_like(part)
    np.divide(part, whole, out=result, where=whole > 0)
    return result
