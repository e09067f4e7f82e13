"""A straightened word: a strip of fixed height cut from its picture, and the mapping back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Sample
from craftlite.data.word_geometry import reading_outline
from craftlite.geometry import Picture, Points, edges, extent, points_along
from craftlite.preprocess import MAP_STRIDE, MEAN, STRIDE

HEIGHT = 64  # height of a strip in pixels, TEXT of it for the word: a frequent height in training
TEXT = 40
MARGIN = 12  # minimum margin around the word, in pixels
SHORTEST, LONGEST = 4, 1600  # limits of a word's length in its strip, in pixels; others are scaled
SMALLEST = 2.0  # minimum length and height of a word in pixels; smaller words are skipped
BATCH_PIXELS = 2**19  # pixels of the strips that go through a network together
FINEST = 4  # largest number of samples per pixel along each side when a word is shrunk


@dataclass(frozen=True)
class Strip:
    """The position of a word in its strip: upright, reading to the right, with a margin around it.

    Attributes:
        outline: (2k, 2) float32, the word in the picture: k points along the reading direction,
            then k back. A line through equal fractions of both edges is a column of the strip.
        length: distance in the strip from the word's start to its end, in pixels.
    """

    outline: Points
    length: int

    @classmethod
    def of(cls, outline: Points) -> "Strip":
        """Return the strip of an outline (2k, 2) from `reading_outline`."""
        length, height = extent(outline)
        natural = TEXT * length / max(height, 1.0)
        return cls(outline, round(min(max(natural, SHORTEST), LONGEST)))

    @property
    def width(self) -> int:
        """Width in pixels, a multiple of 32 like HEIGHT, so that the strip needs no padding."""
        return -(-(self.length + 2 * MARGIN) // STRIDE) * STRIDE

    @property
    def start(self) -> float:
        """The position in the strip where the word starts, in pixels from the left edge."""
        return (self.width - self.length) / 2

    def cut(self, picture: Picture) -> Picture:
        """Cut the strip (HEIGHT, width, 3) uint8 from a picture; outside is the mean colour."""
        fine = min(max(round(extent(self.outline)[1] / TEXT), 1), FINEST)
        columns, rows = ((np.arange(size * fine) + 0.5) / fine for size in (self.width, HEIGHT))
        upper, lower = self._edge_points((columns - self.start) / self.length)
        across = ((rows - (HEIGHT - TEXT) / 2) / TEXT).astype(np.float32)[:, None, None]
        places = upper + across * (lower - upper)
        pixels = cv2.remap(
            picture,
            *(places[..., 0], places[..., 1], cv2.INTER_LINEAR),
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=MEAN.tolist(),
        )
        small = cv2.resize(pixels, (self.width, HEIGHT), interpolation=cv2.INTER_AREA)
        return small.astype(np.uint8, copy=False)

    def on_map(self, score: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the word's part of a strip's map (HEIGHT / 2, width / 2), as a view."""
        top, bottom = ((HEIGHT + side * TEXT) // 2 // MAP_STRIDE for side in (-1, 1))
        first = int(self.start // MAP_STRIDE)
        return score[top:bottom, first : score.shape[1] - first]

    def quads(self, spans: npt.NDArray[np.floating]) -> Points:
        """Return quads (M, 4, 2) in the picture for spans (M, 2) of start and end in `on_map`.

        They are as high as the word, and do not extend beyond its ends.
        """
        first = int(self.start // MAP_STRIDE)
        shares = ((spans + first) * MAP_STRIDE - self.start) / self.length
        starts, ends = np.clip(shares, 0, 1).T
        (upper, lower), (upper_end, lower_end) = self._edge_points(starts), self._edge_points(ends)
        return np.stack([upper, upper_end, lower_end, lower], axis=1)

    def _edge_points(self, shares: npt.NDArray[np.floating]) -> tuple[Points, Points]:
        upper, lower = (points_along(edge, shares) for edge in edges(self.outline))
        return upper, lower


class Cut(NamedTuple):
    """A word's strip and its pixels; it is word `place` of sample `sample`."""

    sample: int
    place: int
    strip: Strip
    pixels: Picture


def cut_strips(samples: Iterable[Sample]) -> Iterator[list[Cut]]:
    """Yield all legible words with unknown characters, in lists of strips of equal width.

    Raises:
        DatasetError: a picture cannot be read.
    """
    waiting: dict[int, list[Cut]] = {}
    for cut in _cuts(samples):
        batch = waiting.setdefault(cut.strip.width, [])
        batch.append(cut)
        if (len(batch) + 1) * HEIGHT * cut.strip.width > BATCH_PIXELS:
            yield waiting.pop(cut.strip.width)
    yield from waiting.values()


def _cuts(samples: Iterable[Sample]) -> Iterator[Cut]:
    for number, sample in enumerate(samples):
        unknown = {
            place: reading_outline(word)
            for place, word in enumerate(sample.words)
            if not word.ignore and word.characters is None
        }
        seen = {k: outline for k, outline in unknown.items() if min(extent(outline)) >= SMALLEST}
        if seen:
            pixels = sample.pixels()
            for place, outline in seen.items():
                strip = Strip.of(outline)
                yield Cut(number, place, strip, strip.cut(pixels))
