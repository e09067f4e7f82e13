"""Reading direction of words: where reading starts, and whether letters are stacked.

A quad shows the line along which its word runs, but not the end at which it starts. A word that is
wider than high is read to the right. For a tall word, its pixels decide:

- Letters have more vertical strokes than horizontal ones. If most strokes cross a tall word, its
  letters lie on their side, and it is a rotated word. If most run along it, the letters are
  stacked, and it is a column of letters or a single letter.
- Ascenders outweigh descenders, so a rotated word is read so that the ascenders are on top. A
  single word is weak evidence, and capitals are none; so words on one line decide together, and the
  picture's other words count as well. Without evidence, tall words are read downwards.
- If nearly all words are rotated, the picture lies on its side: all of them are rotated the same
  way, and so are short words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Picture, Points, is_convex
from craftlite.words import Words

Floats = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.intp]

TALL = 1.5  # height to width ratio above which a word is not just a few wide letters
LEANING = 0.35  # sine of the angle to the vertical above which the angle shows where reading starts
LETTER = 1.5  # up to this height, relative to the picture's other words, a stack is a single letter
ON_SIDE = 3  # rotated words per wide word above which the whole picture is rotated
ROWS = 32  # height in pixels to which a word's crop is scaled for analysis
# The values below separated words rendered in 111 Latin fonts and one Chinese font.
PITCH = 0.85  # distance between letters in word widths; larger values are evidence for stacking
PITCH_WEIGHT = 1.2
OTHERS = 0.25  # weight of the picture's other tall words
DOWNWARDS = 0.01  # prior evidence for reading downwards


@dataclass(frozen=True)
class Reading:
    """Where N words start, judged by their quads; `turns` decides on the tall ones.

    Attributes:
        words: the words.
        quads: (N, 4, 2) clockwise from the corner where reading starts; tall words downwards.
        tall: (N,) whether each word is higher than wide by a factor of TALL.
        wide: (N,) whether each word is wider than high by the same factor.
    """

    words: Words
    quads: Points
    tall: Flags
    wide: Flags

    @classmethod
    def of(cls, words: Words) -> "Reading":
        """Return the reading of a picture's words, judged by their quads."""
        upright = _upright(_regular(words.quads))
        along, across = side_lengths(upright)
        tall = across > TALL * along
        quads = rolled_quads(upright, tall.astype(np.intp))
        return cls(words, quads, tall, along > TALL * across)

    def turns(self, crops: Sequence[Picture]) -> tuple[Whole, Flags]:
        """Return how the words are read, judged by their pixels.

        Args:
            crops: (H, W, 3) uint8 RGB of all words, cut by `quads`.

        Returns:
            The number of anticlockwise quarter turns (N,) after which the crops read from left to
            right, and which words (N,) are columns, whose crops become tall by that.
        """
        turns, columns = np.zeros(len(crops), np.intp), np.zeros(len(crops), np.bool_)
        numbers = np.flatnonzero(self.tall)
        if not len(numbers):
            return turns, columns
        looks = [_look(crops[number]) for number in numbers.tolist()]
        stacked = self._are_stacked(numbers, np.array([strokes for _, strokes in looks]))
        turns[numbers[stacked]] = -1
        columns[numbers[stacked]] = True
        columns &= ~self._letters()
        numbers = numbers[~stacked]
        ascenders = _ascenders(np.array([profile for profile, _ in looks])[~stacked])
        if len(numbers):
            on_side = len(numbers) > max(stacked.sum(), ON_SIDE * self.wide.sum())
            upwards = self._read_upwards(numbers, ascenders, on_side)
            turns[numbers] = np.where(upwards, 2, 0)
            if on_side:
                turns[~self.tall & ~self.wide] = -1 if upwards[0] else 1
        return turns, columns

    def _letters(self) -> Flags:
        """Return which words (N,) are single letters, if they turn out to be stacked."""
        if self.words.characters is not None:
            single = np.array([len(quads) < 2 for quads in self.words.characters], np.bool_)
            return self.tall & single
        if self.tall.all():
            return ~self.tall
        along, across = side_lengths(self.quads)
        return self.tall & (along < LETTER * np.median(across[~self.tall]))

    def _are_stacked(self, numbers: Whole, strokes: Floats) -> Flags:
        """Return which of the tall words have stacked letters."""
        evidence = -strokes
        if self.words.characters is not None:
            widths = np.maximum(side_lengths(self.quads)[1], 1)
            for place, number in enumerate(numbers.tolist()):
                centres = self.words.characters[number].mean(axis=1)
                if len(centres) > 1:
                    pitch = np.median(np.linalg.norm(np.diff(centres, axis=0), axis=1))
                    evidence[place] += PITCH_WEIGHT * (pitch / widths[number] - PITCH)
        return np.asarray(evidence + OTHERS * evidence.mean() > 0)

    def _read_upwards(self, numbers: Whole, ascenders: Floats, alike: bool) -> Flags:
        """Return which of the rotated words are read upwards; with `alike`, all of them or none."""
        quads = self.quads[numbers]
        ahead = quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]
        ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-6)
        if alike:
            up = ahead[:, 0].mean() if abs(ahead[:, 0].mean()) > LEANING else ascenders.sum()
            return np.full(len(numbers), up + DOWNWARDS < 0)
        centres, widths = quads.mean(axis=1), side_lengths(quads)[1]
        in_line = [
            ascenders[np.abs((centres - centre) @ (y, -x)) < np.maximum(widths, width) / 2].sum()
            for centre, (x, y), width in zip(centres, ahead, widths, strict=True)
        ]
        downwards = np.array(in_line) + ascenders.mean() + DOWNWARDS
        leaning = np.abs(ahead[:, 0]) > LEANING
        return np.asarray(np.where(leaning, ahead[:, 0] < 0, downwards < 0))


def side_lengths(quads: Points) -> tuple[Floats, Floats]:
    """Return the lengths (N,) in pixels of the first and of the second sides of quads (N, 4, 2).

    Each is the mean over the side and the opposite side.
    """
    sides = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    return (sides[:, 0] + sides[:, 2]) / 2, (sides[:, 1] + sides[:, 3]) / 2


def _regular(quads: Points) -> Points:
    """Replace quads (N, 4, 2) that no camera makes of a rectangle by minimum-area rectangles."""
    skew = np.linalg.norm(quads[:, 0] - quads[:, 1] + quads[:, 2] - quads[:, 3], axis=1)
    regular = quads.copy()
    strange = ~is_convex(quads) | (skew > np.minimum(*side_lengths(quads)) / 2)
    for number in np.flatnonzero(strange):
        regular[number] = cv2.boxPoints(cv2.minAreaRect(quads[number]))
    return regular


def _upright(quads: Points) -> Points:
    """Return quads (N, 4, 2) that start with the side that points most to the right."""
    sides = np.roll(quads, -1, axis=1) - quads
    lengths = np.maximum(np.linalg.norm(sides, axis=2), 1e-6)
    return rolled_quads(quads, (sides[..., 0] / lengths).argmax(axis=1))


def rolled_quads(quads: Points, starts: Whole) -> Points:
    """Return quads (N, 4, 2) that start from the given corners (N,), modulo 4."""
    places = (starts[:, None] + np.arange(4)) % 4
    return np.take_along_axis(quads, places[:, :, None], axis=1)


def _look(crop: Picture) -> tuple[Floats, float]:
    """Return the stroke strength in each row (ROWS,) of a crop, and a log ratio.

    The log ratio compares strokes that cross the rows with strokes along them.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    width = max(2, round(crop.shape[1] * ROWS / crop.shape[0]))
    grey = cv2.resize(grey, (width, ROWS), interpolation=cv2.INTER_AREA)
    profile = cv2.reduce(
        cv2.absdiff(grey[:, 1:], grey[:, :-1]), 1, cv2.REDUCE_SUM, None, cv2.CV_64F
    )
    along = cv2.norm(grey[1:], grey[:-1], cv2.NORM_L1)
    return np.asarray(profile[:, 0], np.float64), float(np.log((profile.sum() + 1) / (along + 1)))


def _ascenders(profiles: Floats) -> Floats:
    """Return how far strokes above the letters' body outweigh those below, -1..1 per word (N,).

    The body extends from the first to the last row with half the strokes of the fullest rows.
    """
    rows = np.pad(profiles, ((0, 0), (1, 1)))
    rows = rows[:, :-2] / 4 + rows[:, 1:-1] / 2 + rows[:, 2:] / 4
    level = np.sort(rows, axis=1)
    rows = np.maximum(rows - level[:, :3].mean(axis=1, keepdims=True), 0)
    body = rows > np.sort(rows, axis=1)[:, -4:-3] / 2
    above = np.cumsum(body, axis=1) == 0
    below = np.cumsum(body[:, ::-1], axis=1)[:, ::-1] == 0
    total = np.maximum(rows.sum(axis=1), 1e-6)
    return np.asarray(((above * rows).sum(axis=1) - (below * rows).sum(axis=1)) / total)
