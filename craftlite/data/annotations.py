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

# The problems that ground truth can have. The word is kept as it is, unless the text says more.
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
# Of labels of one's own.
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
# Of all words together: characters would be looked for across the reading direction.
SHORT_SIDE = "most quads begin along their short side; list corners from where reading starts"
OTHER_CORNER = "most quads do not begin at the top left; list corners from where reading starts"
CONFIDENCES = "all texts are or end in numbers from 0 to 1, as confidences are; remove them"

FEWEST_TEXTS = 5  # to judge whether all are confidences
FEWEST_QUADS, ELONGATED = 20, 1.5  # to judge where quads begin: how many, and longer side / shorter
LONGEST_FOUND = 200  # characters of what was found that a message repeats
PLACES_SHOWN = 10  # of all that a message could list
MOST_POINTS = 500  # of an outline
MOST_CROSSINGS = 100  # annotators cross a handful; repair takes the square of their number


class Annotation(NamedTuple):
    """A word as the ground truth has it; points are (x, y) in pixels, float32."""

    outline: Points  # (K, 2), K >= 3
    text: str | None  # None where the dataset has no texts, "" where it is empty
    ignore: bool = False  # a don't-care region, whose text and characters are of no use
    characters: Points | None = None  # (M, 4, 2)
    confidence: float = 1.0  # of the characters, 0..1: below 1 their number need not fit the text
    doubt: str | None = None  # the kind of problem that reading has shown already


class Problem(NamedTuple):
    """A problem of the ground truth: its place, its kind, and what was found there."""

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
            in the order of its file); a sample's name is its picture's without folder and suffix,
            such as "img_1", with its folder too where another picture has the same name.
        problems: problems of the ground truth, in the order of the files.
    """

    samples: Sequence[Sample]
    problems: Sequence[Problem]


def count_problems(problems: Iterable[Problem]) -> dict[str, int]:
    """How many there are of each kind, the commonest first."""
    return dict(Counter(problem.what for problem in problems).most_common())


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """A sentence for each kind of problem: what, how often, and where first."""
    first = {problem.what: problem.where for problem in reversed(problems)}
    counts = count_problems(problems)
    return [f"{what}: {count}, the first at {first[what]}" for what, count in counts.items()]


def first_lines(lines: Sequence[str]) -> list[str]:
    """The first PLACES_SHOWN lines of a message, and how many more there are."""
    more = len(lines) - PLACES_SHOWN
    return [*lines[:PLACES_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def corner_problems(where: str, samples: Iterable[Sample]) -> list[Problem]:
    """Whether most legible quads of a dataset begin along their short side, or not at the top left.

    Fewer than FEWEST_QUADS are no evidence. For the first only ELONGATED quads count; vertical text
    rightly begins along its short side, so that a few such quads are no problem.
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
    """Whether all texts of a dataset, FEWEST_TEXTS or more, are or end in confidences."""
    texts = (word.text for sample in samples for word in sample.words if word.text)
    count = 0
    for text in texts:
        if not re.fullmatch(r"(.*,)?\s*(0?\.\d+|1\.0+)", text):
            return []
        count += 1
    return [Problem(where, CONFIDENCES, f"{count} texts")] if count >= FEWEST_TEXTS else []


class UnreadableError(DatasetError):
    """A place in ground truth that cannot be read: what was found there, and what expected."""

    def __init__(self, where: str, found: object, expected: object) -> None:
        try:
            shown = repr(found)
        except RecursionError:
            shown = f"a {type(found).__name__} that is nested very deeply"
        if len(shown) > LONGEST_FOUND:
            shown = shown[:LONGEST_FOUND] + "..."
        self.problem = Problem(where, UNREADABLE, f"found {shown}, expected {expected}")
        super().__init__(f"{where}: {self.problem.found}")


def check_outline(outline: Points, where: str) -> Points:
    """The outline (K, 2) itself: repairing one that crosses itself often would take minutes.

    Raises:
        UnreadableError: it has more than MOST_POINTS or MOST_CROSSINGS.
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
    """How many pairs of sides that are not neighbours touch."""
    sides = shapely.linestrings(np.stack([outline, np.roll(outline, -1, axis=0)], axis=1))
    pairs = len(shapely.STRtree(sides).query(sides, predicate="intersects").T)
    # The tree finds each side with itself and with its two neighbours, and every other pair twice.
    return (pairs - 3 * len(sides)) // 2


class IssueLog:
    """Gathers the problems of a dataset while its words are read."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, where: str, what: str, found: str) -> None:
        """Adds one problem."""
        self.problems.append(Problem(where, what, found))

    @contextmanager
    def catching(self) -> Iterator[None]:
        """An UnreadableError inside is noted and ends the block; what comes after goes on."""
        try:
            yield
        except UnreadableError as error:
            self.problems.append(error.problem)

    def word(self, where: str, annotation: Annotation) -> Word:
        """The word of an annotation at `where`, with a note on each of its problems.

        Its outline and characters are turned to run clockwise, their first corners kept. Known
        characters are left out where the text has another number of them, white space not counted.

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
    """Whether UTF-8 can write a text: it cannot write a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def corners(outline: Points) -> str:
    """An outline (K, 2) as a message shows it."""
    return " ".join(f"({x:g}, {y:g})" for x, y in outline.tolist())
