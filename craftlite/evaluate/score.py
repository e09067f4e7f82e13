"""What protocols count for each picture, and how it sums up to precision, recall and H-mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class MatchedGroup(NamedTuple):
    """Numbers of truths and detections that a protocol matches with each other."""

    truths: tuple[int, ...]
    detections: tuple[int, ...]


class Tally(NamedTuple):
    """The sums of one picture: scored truths and detections, and the credit of each."""

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
        groups: the truths and detections that were matched with each other.
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
        """Build a matching from groups, each member of a pair getting a credit of 1.

        Members of a group of one truth and several detections get `split`, those of one detection
        and several truths `merged`.
        """
        found, correct = np.zeros(len(truth_scored)), np.zeros(len(detection_scored))
        for truths, detections in groups:
            several = split if len(truths) == 1 else merged
            credit = 1.0 if len(truths) == len(detections) else several
            found[list(truths)] = correct[list(detections)] = credit
        return cls(found, correct, truth_scored, detection_scored, tuple(groups))

    def tally(self) -> Tally:
        """Return the picture's sums; the number of repaired outlines is not known here."""
        return Tally(
            float(self.truth_scored.sum()),
            float(self.detection_scored.sum()),
            float(self.found.sum()),
            float(self.correct.sum()),
        )


@dataclass(frozen=True)
class Score:
    """Sums over all pictures, without don't-care words, and the ratios that follow from them.

    Attributes:
        pictures: number of pictures.
        truths: number of words to find; characters with `cleval`.
        detections: number of detections that are scored.
        found: total credit of the truths; a word found in parts may count for less than 1.
        correct: total credit of the detections.
        repaired: detections that crossed themselves or enclosed no area.
        average_precision: area under the precision-recall curve with the detections sorted by
            score, as ICDAR MLT ranks; None if a detection has no score.
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
        """Fraction of the detections that are correct, 0..1; 0 without detections."""
        return max(0.0, self.correct) / self.detections if self.detections else 0.0

    @property
    def recall(self) -> float:
        """Fraction of the truths that are found, 0..1; 0 without truths."""
        return max(0.0, self.found) / self.truths if self.truths else 0.0

    @property
    def hmean(self) -> float:
        """Harmonic mean of precision and recall, 0..1; 0 when both are 0."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def ratios(self) -> dict[str, float]:
        """Return precision, recall and H-mean by name."""
        return {"precision": self.precision, "recall": self.recall, "hmean": self.hmean}

    def facts(self) -> dict[str, Any]:
        """Return the ratios and counts by name; whole counts are int."""
        facts: dict[str, Any] = self.ratios() | {"pictures": self.pictures}
        for name in ("truths", "detections", "found", "correct"):
            facts[name] = whole(getattr(self, name))
        facts["repaired"] = self.repaired
        if self.average_precision is not None:
            facts["average_precision"] = self.average_precision
        return facts


def whole(number: float) -> float | int:
    """Convert a whole number to int."""
    return int(number) if float(number).is_integer() else number


def summed(tallies: Sequence[Tally]) -> Score:
    """Return the score of several pictures, without average precision."""
    return Score(len(tallies), *(sum(column) for column in zip(*tallies, strict=True)))


def average_precision(scores: Floats, correct: Bools, truths: float) -> float:
    """Return the mean precision at each correct detection by falling score; missed truths are 0.

    scores, correct: (D,) of all scored detections, in file order, which breaks ties.
    """
    order = np.argsort(-scores, kind="stable")
    hits = correct[order]
    precisions = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precisions[hits].sum() / truths) if truths else 0.0


def ratio(part: Floats, whole: npt.ArrayLike) -> Floats:
    """Return part / whole, broadcast; 0 where the whole is 0."""
    whole = np.broadcast_to(whole, part.shape)
    result = np.zeros_like(part)
    np.divide(part, whole, out=result, where=whole > 0)
    return result
