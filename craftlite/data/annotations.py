"""One split of a dataset: its pictures with their words, and the problems of its ground truth."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from shapely import Polygon

from craftlite.data.sample import Sample, Word, letters_of
from craftlite.errors import DatasetError
from craftlite.geometry import Points, clockwise, clockwise_quads, repaired

# Problems that ground truth can have. The word is kept unchanged unless the text says otherwise.
UNREADABLE = "cannot be read"
CROSSING = "the outline crosses itself"
NO_AREA = "the outline encloses no area"
ANTICLOCKWISE = "the outline runs anticlockwise, so it is turned"
NO_TEXT = "the text is empty, so it is unknown, and the word is learnt and scored all the same"
LINE_WITHOUT_TEXT = "8 numbers without a text, which other lines have, so it is unknown"
TEXT_OF_NUMBERS = (
    "the text begins with numbers, so the line could be an outline of more points; "
    "put the text in double quotes to settle it"
)
MANY_NUMBERS = "more than 8 numbers, so they are taken as an outline of more than 4 points"
CHARACTERS = "the characters do not fit the text, so they are left out"
WORDS = "the text has another number of words than there are outlines, so it is left out"
DUPLICATE = "the name is there twice, so the first is used"
GIF = "GIF is not read, so the picture is left out"
TURNED = "EXIF says to turn the picture, but ground truth is taken to be in stored pixels"
# Problems of the user's own labels.
HULL = "the outline has several parts, so the hull around them is taken"
MASK = "a mask is not read, so the box around it is taken"
SHAPE = "the shape does not outline a word, so it is left out"
PAGE = "pages and video frames are not read, so the words are left out"
SIZE = "the picture has another size than its label says"
OUTSIDE = "the outline lies outside of the picture"
UNLABELLED = "no label names the picture, so it is left out; an empty one means: no words"
OTHER_FILE = "the file holds no labels of this format, so it is left out"
COLUMNS = "columns of other names are not read"
CLASS = "all words have one label, so it is taken for a class and the texts are unknown"
CLASSES = "the labels are of several classes, all of which are taken for words"
NO_BOX = "the box encloses no area, so the object is left out"
# Problems of all words together; wrong corners put characters across the reading direction.
SHORT_SIDE = "most quads begin along their short side; list corners from where reading starts"
OTHER_CORNER = "most quads do not begin at the top left; list corners from where reading starts"
CONFIDENCES = "all texts are or end in numbers from 0 to 1, as confidences are; remove them"

FEWEST_TEXTS = 5  # minimum number of texts to judge whether all are confidences
FEWEST_QUADS, ELONGATED = 20, 1.5  # to judge where quads begin: minimum number, long / short side
LONGEST_FOUND = 200  # characters of the offending text that a message repeats
PLACES_SHOWN = 10  # places that a message lists
MOST_POINTS = 500  # of an outline
MOST_CROSSINGS = 100  # annotators cross a handful; the time to repair grows with its square


class Annotation(NamedTuple):
    """A word as annotated in the ground truth; points are (x, y) in pixels, float32."""

    outline: Points  # (K, 2), K >= 3
    text: str | None  # None if the dataset has no texts, "" if the text is empty
    ignore: bool = False  # a don't-care region, whose text and characters are not used
    characters: Points | None = None  # (M, 4, 2)
    confidence: float = 1.0  # of the characters, 0..1: below 1 their number need not match the text
    doubt: str | None = None  # the kind of problem found while reading, if any


class Problem(NamedTuple):
    """A problem of the ground truth: its place, its kind, and the offending content."""

    where: str  # "FILE:LINE", or "FILE: key" in JSON
    what: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.found}"


@dataclass(frozen=True)
class Dataset:
    """One split of a dataset.

    Attributes:
        samples: the pictures with their words, sorted by the numbers in their names (SynthText's
            in the order of its file). A sample's name is its picture's without folder and suffix,
            such as "img_1", or with the folder if another picture has the same name.
        problems: problems of the ground truth, in the order of the files.
    """

    samples: Sequence[Sample]
    problems: Sequence[Problem]


def count_problems(problems: Iterable[Problem]) -> dict[str, int]:
    """Return the number of problems of each kind, the commonest first."""
    return dict(Counter(problem.what for problem in problems).most_common())


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """Return a sentence for each kind of problem: the kind, its count, and its first place."""
    first = {problem.what: problem.where for problem in reversed(problems)}
    counts = count_problems(problems)
    return [f"{what}: {count}, the first at {first[what]}" for what, count in counts.items()]


def first_lines(lines: Sequence[str]) -> list[str]:
    """Return the first PLACES_SHOWN lines of a message, and how many more there are."""
    more = len(lines) - PLACES_SHOWN
    return [*lines[:PLACES_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def corner_problems(where: str, samples: Iterable[Sample]) -> list[Problem]:
    """Report whether most legible quads begin along their short side, or not at the top left.

    Fewer than FEWEST_QUADS quads are not judged. The first check counts only ELONGATED quads.
    Vertical text correctly begins along its short side, so a minority of such quads is accepted.
    """
    quads = [w.polygon for s in samples for w in s.words if len(w.polygon) == 4 and not w.ignore]
    if len(quads) < FEWEST_QUADS:
        return []
    corners = np.stack(quads)
    sides = np.hypot(*np.moveaxis(corners[:, 1:3] - corners[:, :2], 2, 0))
    elongated = sides[sides.max(axis=1) > ELONGATED * sides.min(axis=1)]
    shares = {
        SHORT_SIDE: float((elongated[:, 0] < elongated[:, 1]).mean()) if len(elongated) else 0.0,
        OTHER_CORNER: float((corners.sum(axis=2).argmin(axis=1) != 0).mean()),
    }
    return [
        Problem(where, what, f"{share:.0%} do") for what, share in shares.items() if share > 0.5
    ]


def text_problems(where: str, samples: Iterable[Sample]) -> list[Problem]:
    """Report whether all texts of a dataset, at least FEWEST_TEXTS, are or end in confidences."""
    texts = (word.text for sample in samples for word in sample.words if word.text)
    count = 0
    for text in texts:
        if not re.fullmatch(r"(.*,)?\s*(0?\.\d+|1\.0+)", text):
            return []
        count += 1
    return [Problem(where, CONFIDENCES, f"{count} texts")] if count >= FEWEST_TEXTS else []


class UnreadableError(DatasetError):
    """A place in the ground truth that cannot be read, with the content found and expected."""

    def __init__(self, where: str, found: object, expected: object) -> None:
        try:
            shown = repr(found)
        except RecursionError:
            shown = f"a very deeply nested {type(found).__name__}"
        if len(shown) > LONGEST_FOUND:
            shown = shown[:LONGEST_FOUND] + "..."
        self.problem = Problem(where, UNREADABLE, f"found {shown}, expected {expected}")
        super().__init__(f"{where}: {self.problem.found}")


def check_outline(outline: Points, where: str) -> Points:
    """Return the outline (K, 2) unchanged, or refuse one that would take minutes to repair.

    Raises:
        UnreadableError: the outline has more than MOST_POINTS points or MOST_CROSSINGS crossings.
    """
    if len(outline) > MOST_POINTS:
        expected = f"an outline of at most {MOST_POINTS}; leave out points that lie close together"
        raise UnreadableError(where, f"{len(outline)} points", expected)
    possible = len(outline) * (len(outline) - 3) // 2
    if possible > MOST_CROSSINGS and (found := _crossings(outline)) > MOST_CROSSINGS:
        expected = f"at most {MOST_CROSSINGS}; give the points in the order of the outline"
        raise UnreadableError(where, f"an outline that crosses itself {found} times", expected)
    return outline


def _crossings(outline: Points) -> int:
    """Return the number of pairs of non-adjacent sides that touch."""
    sides = shapely.linestrings(np.stack([outline, np.roll(outline, -1, axis=0)], axis=1))
    pairs = len(shapely.STRtree(sides).query(sides, predicate="intersects").T)
    # The tree pairs each side with itself and its two neighbours, and finds other pairs twice.
    return (pairs - 3 * len(sides)) // 2


class IssueLog:
    """Collects the problems of a dataset while its words are read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, where: str, what: str, found: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(where, what, found))

    @contextmanager
    def catching(self) -> Iterator[None]:
        """Record an UnreadableError raised in the block, and continue after the block."""
        try:
            yield
        except UnreadableError as error:
            self.problems.append(error.problem)

    def word(self, where: str, annotation: Annotation) -> Word:
        """Return the word of an annotation at `where`, and record each of its problems.

        The outline and characters are reordered to run clockwise, keeping their first corners.
        Known characters are left out if their number differs from the text's, ignoring white space.

        Raises:
            UnreadableError: see `check_outline`.
        """
        outline, text, ignore, characters, confidence, doubt = annotation
        check_outline(outline, where)
        polygon = clockwise(outline)
        flaws = [doubt] if doubt else []
        if polygon is not outline:
            flaws.append(ANTICLOCKWISE)
        if not Polygon(polygon).is_valid:
            flaws.append(CROSSING if repaired(polygon).area > 0 else NO_AREA)
        if ignore:
            text = characters = None
        if text == "":
            flaws.append(NO_TEXT)
            text = None
        letters = letters_of(text)
        if characters is not None and confidence == 1 and letters not in (0, len(characters)):
            flaws.append(CHARACTERS)
            characters = None
        if characters is not None:
            characters = clockwise_quads(characters) if len(characters) else None
        for what in flaws:
            self.note(where, what, f"{repr(text) if text else 'a word'} at {corners(outline)}")
        return Word(polygon, text, ignore, characters, 1.0 if characters is None else confidence)


def is_unicode(text: str) -> bool:
    """Return whether a text can be encoded as UTF-8, that is, has no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def corners(outline: Points) -> str:
    """Format an outline (K, 2) for a message."""
    return " ".join(f"({x:g}, {y:g})" for x, y in outline.tolist())
