"""Which way words are read: where reading starts, and whether their letters are stacked.

A quad shows along which line its word runs, not from which end. A word that runs rather across than
up is read to the right. Of a tall one, what its pixels show decides:

- Letters have more upright strokes than level ones. Where the strokes cross the tall word, its
  letters lie on their side: it is a turned word. Where they run along it, letters are stacked, and
  it is a column of them, or a single one.
- Ascenders outweigh descenders: a turned word is read so that they are above. A single word shows
  this badly, and capitals not at all; so words of one line decide together, and the picture's other
  words count as well. Where nothing shows it, tall words are read downwards.
- Where nearly all words are turned, the picture lies on its side: they are turned alike, and so are
  short words.
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

TALL = 1.5  # a word so many times as high as it is wide is not one of a few wide letters
LEANING = 0.35  # sine of the angle to the vertical from which on it shows where reading starts
LETTER = 1.5  # stacked letters up to so many times as high as the picture's other words are one
ON_SIDE = 3  # turned words for each wide one, from which on the whole picture is turned
ROWS = 32  # that a word's pixels are looked at in
# From here on the numbers are those that parted words rendered in 111 Latin faces and one Chinese.
PITCH = 0.85  # from a letter to the next, in widths of the word; more of it is for stacked letters
PITCH_WEIGHT = 1.2
OTHERS = 0.25  # the weight of the picture's other tall words
DOWNWARDS = 0.01  # what is for reading downwards before anything is seen


@dataclass(frozen=True)
class Reading:
    """Where N words begin, as their quads show it; `turns` decides on the tall ones.

    Attributes:
        quads: (N, 4, 2) from the corner where reading starts, clockwise; tall words downwards.
        tall: (N,) which words are tall.
        wide: (N,) which words are so much wider than high.
    """

    words: Words
    quads: Points
    tall: Flags
    wide: Flags

    @classmethod
    def of(cls, words: Words) -> "Reading":
        """What the quads of a picture's words show."""
        upright = _upright(_regular(words.quads))
        along, across = side_lengths(upright)
        tall = across > TALL * along
        quads = rolled_quads(upright, tall.astype(np.intp))
        return cls(words, quads, tall, along > TALL * across)

    def turns(self, crops: Sequence[Picture]) -> tuple[Whole, Flags]:
        """How the words are read, as their pixels show it.

        Args:
            crops: (H, W, 3) uint8 RGB of all words, cut by `quads`.

        Returns:
            The quarter turns (N,), anticlockwise, after which the crops read from left to right;
            and which (N,) words are columns, whose crops become tall by that.
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
        """Which (N,) tall words are one letter each, if their letters turn out to be stacked."""
        if self.words.characters is not None:
            single = np.array([len(quads) < 2 for quads in self.words.characters], np.bool_)
            return self.tall & single
        if self.tall.all():
            return ~self.tall
        along, across = side_lengths(self.quads)
        return self.tall & (along < LETTER * np.median(across[~self.tall]))

    def _are_stacked(self, numbers: Whole, strokes: Floats) -> Flags:
        """Which of the tall words have stacked letters."""
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
        """Which of the turned words are read upwards; alike: all of them or none."""
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
    """Lengths (N,) in pixels of the first sides of quads (N, 4, 2), and of the second ones.

    A side's length is the mean of its own and of that across.
    """
    sides = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    return (sides[:, 0] + sides[:, 2]) / 2, (sides[:, 1] + sides[:, 3]) / 2


def _regular(quads: Points) -> Points:
    """Quads (N, 4, 2), with least rectangles in the place of those that no camera makes of one."""
    skew = np.linalg.norm(quads[:, 0] - quads[:, 1] + quads[:, 2] - quads[:, 3], axis=1)
    regular = quads.copy()
    strange = ~is_convex(quads) | (skew > np.minimum(*side_lengths(quads)) / 2)
    for number in np.flatnonzero(strange):
        regular[number] = cv2.boxPoints(cv2.minAreaRect(quads[number]))
    return regular


def _upright(quads: Points) -> Points:
    """Quads (N, 4, 2) from the corner whose side points to the right the most."""
    sides = np.roll(quads, -1, axis=1) - quads
    lengths = np.maximum(np.linalg.norm(sides, axis=2), 1e-6)
    return rolled_quads(quads, (sides[..., 0] / lengths).argmax(axis=1))


def rolled_quads(quads: Points, starts: Whole) -> Points:
    """Quads (N, 4, 2), each from its corner of the number (N,) modulo 4."""
    places = (starts[:, None] + np.arange(4)) % 4
    return np.take_along_axis(quads, places[:, :, None], axis=1)


def _look(crop: Picture) -> tuple[Floats, float]:
    """Strokes across each row (ROWS,) of a crop; and how far they outweigh those along, a log."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    width = max(2, round(crop.shape[1] * ROWS / crop.shape[0]))
    grey = cv2.resize(grey, (width, ROWS), interpolation=cv2.INTER_AREA)
    profile = cv2.reduce(
        cv2.absdiff(grey[:, 1:], grey[:, :-1]), 1, cv2.REDUCE_SUM, None, cv2.CV_64F
    )
    along = cv2.norm(grey[1:], grey[:-1], cv2.NORM_L1)
    return np.asarray(profile[:, 0], np.float64), float(np.log((profile.sum() + 1) / (along + 1)))


def _ascenders(profiles: Floats) -> Floats:
    """How far strokes above the body of the letters outweigh those below, -1..1 for each word (N,).

    The body is what lies between the first and the last row with half the strokes of the fullest.
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
