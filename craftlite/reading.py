"""Reading of text in pictures: a detector finds the words, and a recogniser reads them.

>>> from craftlite.reading import read
>>> for line in read("photo.jpg"):
...     print(line.text)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np

from craftlite.detector import Detector
from craftlite.geometry import Picture, Points
from craftlite.image import Source, read_image
from craftlite.reading_order import Line
from craftlite.recognisers import HEIGHT, Reading, Recogniser, open_recogniser
from craftlite.rectify import crops_and_angles
from craftlite.words import Words

SURE = 0.9  # score below which a line is read upside down too
TALL = 1.5  # height to width ratio above which a crop may be a column of letters
BETTER = 0.05  # gain in score that an upside-down reading needs


@dataclass(frozen=True, eq=False)
class TextWord:
    """A word and its text.

    Attributes:
        text: the text that the recogniser read.
        score: confidence of the recogniser, 0..1.
        quad: (4, 2) float32, pixels of the upright picture, clockwise.
    """

    text: str
    score: float
    quad: Points


@dataclass(frozen=True, eq=False)
class TextLine:
    """A line of text.

    Attributes:
        words: the words in reading order.
        polygon: (K, 2) float32, the line's outline in pixels of the upright picture.
        block: number of the block of lines that the line belongs to, from 0.
    """

    words: tuple[TextWord, ...]
    polygon: Points
    block: int

    @property
    def text(self) -> str:
        """The texts of the words, separated by spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def score(self) -> float:
        """The mean of the words' scores, 0..1."""
        return float(np.mean([word.score for word in self.words]))


def read(
    picture: Source, detector: Detector | None = None, recogniser: str | Recogniser = "rapidocr"
) -> list[TextLine]:
    """Return the lines of text in a picture, in reading order.

    Args:
        picture: anything that `read_image` reads.
        detector: None uses a detector with the default weights.
        recogniser: as for `read_words`.

    Raises:
        InputError: the picture cannot be read.
        ConfigError: the recogniser is not installed; the message says how to install it.
    """
    if isinstance(recogniser, str):
        recogniser = open_recogniser(recogniser)  # before any work, as it may be missing
    pixels = read_image(picture)
    words = (detector or _default_detector())(pixels, characters=True)
    return read_words(pixels, words, recogniser)


def read_words(
    picture: Picture, words: Words, recogniser: str | Recogniser = "rapidocr"
) -> list[TextLine]:
    """Return the lines of text formed by the words found in a picture, in reading order.

    A line that the recogniser is unsure of is also read upside down. Words in which it reads no
    text are left out.

    Args:
        picture: (H, W, 3) uint8 RGB, upright.
        words: the words that a detector found in the picture, with polygons, which are needed to
            read curved words, and characters, which show columns of upright letters.
        recogniser: "rapidocr", "tesseract" or a function from pictures of words, (H, W, 3) uint8
            RGB, to their readings.

    Raises:
        ConfigError: the recogniser is not installed, or fails.
    """
    recognise = open_recogniser(recogniser) if isinstance(recogniser, str) else recogniser
    lines = words.lines()
    views = _views(picture, words, lines)
    upright = dict(enumerate(_best(recognise, views)))
    doubtful = [i for line in lines if _is_doubtful(line, views, upright) for i in line.words]
    turned_views = [[np.rot90(view, 2) for view in views[i]] for i in doubtful]
    turned = dict(zip(doubtful, _best(recognise, turned_views), strict=True))
    found = []
    for line in lines:
        is_turned = _score(line.words, turned) > _score(line.words, upright) + BETTER
        readings, order = (turned, line.words[::-1]) if is_turned else (upright, line.words)
        read = tuple(
            TextWord(_closed_up(readings[i].text), readings[i].score, words.quads[i])
            for i in order
            if readings[i].text
        )
        if read:
            found.append((is_turned, TextLine(read, line.polygon, line.block)))
    return _in_order(found)


@cache
def _default_detector() -> Detector:
    return Detector()


def _views(picture: Picture, words: Words, lines: Sequence[Line]) -> list[list[Picture]]:
    """Return the crops of each word in every orientation in which it may have to be read."""
    crops, angles = crops_and_angles(words, picture, height=HEIGHT, polygons=True)
    views = [[crop] for crop in crops]
    for line in lines:
        for i in line.words:
            crop = crops[i]
            quarters = round((line.angle - float(angles[i])) / 90) % 4
            if quarters == 2:
                views[i] = [np.rot90(crop, 2)]
            elif quarters:  # a short word by itself does not show its direction
                views[i].append(np.rot90(crop, quarters))
                if len(crop) > TALL * crop.shape[1]:
                    views[i].append(_side_by_side(crop))
    return views


def _side_by_side(column: Picture) -> Picture:
    """Arrange the letters of a column in a row, as recognisers read only rows."""
    height, width = column.shape[:2]
    letters = np.array_split(column, max(1, round(height / width)))
    least = min(map(len, letters))
    return np.hstack([letter[:least] for letter in letters])


def _best(recognise: Recogniser, views: Sequence[Sequence[Picture]]) -> list[Reading]:
    """Return the reading with the highest score of each word; all views form one batch."""
    pictures = [np.ascontiguousarray(view) for word in views for view in word]
    readings = iter(recognise(pictures))
    return [max(islice(readings, len(word)), key=lambda one: one.score) for word in views]


def _is_doubtful(line: Line, views: list[list[Picture]], readings: dict[int, Reading]) -> bool:
    """Return whether a line may be upside down; a possible column may be, whatever its score."""
    return _score(line.words, readings) < SURE or any(len(views[i]) > 2 for i in line.words)


def _score(line: Iterable[int], readings: dict[int, Reading]) -> float:
    """Return the mean of the scores of a line's words; words without a reading count as 0."""
    return float(np.mean([readings[i].score if i in readings else 0.0 for i in line]))


def _closed_up(text: str) -> str:
    """Return a word's text without the spaces that recognisers insert in widely spaced letters."""
    letters = text.split()
    return "".join(letters) if len(letters) > 2 and max(map(len, letters)) == 1 else text


def _in_order(lines: Iterable[tuple[bool, TextLine]]) -> list[TextLine]:
    """Return lines in reading order; runs of upside-down lines were found in reverse order.

    A single letter may read the same either way, so it follows the line before it.
    """
    runs: list[tuple[bool, list[TextLine]]] = []
    for is_turned, line in lines:
        if runs and (runs[-1][0] == is_turned or len(line.text) == 1):
            runs[-1][1].append(line)
        else:
            runs.append((is_turned, [line]))
    return [line for is_turned, run in runs for line in (run[::-1] if is_turned else run)]
