"""One split of a dataset: its pictures with their words, and what is odd in the ground truth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from craftlite.data.sample import Sample

# What can be odd in ground truth. All but the first are kept in the data and only told.
UNREADABLE = "cannot be read"
CROSSING = "the outline crosses itself"
NO_AREA = "the outline encloses no area"
ANTICLOCKWISE = "the outline runs anticlockwise, so it is turned"
NO_TEXT = "the text is empty, so it is unknown"
CHARACTERS = "the characters do not fit the text, so they are left out"
DUPLICATE = "the name is there twice, so the first is used"


class Problem(NamedTuple):
    """Something odd: where ("FILE:LINE", or "FILE: key" in JSON), what, and the words found."""

    where: str
    what: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.found}"


@dataclass(frozen=True)
class Dataset:
    """One split of a dataset.

    Attributes:
        samples: the pictures with their words, sorted by the numbers in their names; a sample's
            name is its picture's without folder and suffix, such as "img_1", and is there once.
        problems: everything odd in the ground truth, in the order of the files.
    """

    samples: Sequence[Sample]
    problems: Sequence[Problem]


def count_problems(problems: Iterable[Problem]) -> dict[str, int]:
    """How many there are of each kind, the commonest first."""
    counts: dict[str, int] = {}
    for problem in problems:
        counts[problem.what] = counts.get(problem.what, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
