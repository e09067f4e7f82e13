"""Annotations of hundreds of thousands of pictures, in a few arrays that processes can share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from craftlite.data.annotations import CROSSING, NO_AREA
from craftlite.data.sample import Sample
from craftlite.geometry import Points

CHUNK = 100_000  # quads processed at a time


class Texts:
    """Many texts in one byte string; reading them does not write to its memory pages."""

    def __init__(self, texts: Iterable[str]) -> None:
        encoded = [text.encode() for text in texts]
        self._ends = np.cumsum([0, *map(len, encoded)])
        self._bytes = b"".join(encoded)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode()

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))


class Quads:
    """The quads of all pictures: `all` (N, 4, 2) float32, and `counts` (P,) for each picture."""

    def __init__(self, all_quads: Points, counts: Sequence[int]) -> None:
        self.all = all_quads
        self.counts = np.array(counts, np.int64)
        self._ends = np.cumsum([0, *counts])

    def __getitem__(self, picture: int) -> Points:
        quads: Points = self.all[self._ends[picture] : self._ends[picture + 1]]
        return quads

    def place(self, quad: int) -> tuple[int, int]:
        """Return the picture that a quad of `all` belongs to, and its number there."""
        picture = int(np.searchsorted(self._ends, quad, side="right")) - 1
        return picture, quad - int(self._ends[picture])

    def turn_clockwise(self) -> list[int]:
        """Reverse anticlockwise quads, keeping their first corner; return their numbers."""
        turned: list[int] = []
        for start, quads in self._chunks():
            (x, y), (u, v) = np.moveaxis(quads, -1, 0), np.moveaxis(np.roll(quads, -1, 1), -1, 0)
            wrong = np.flatnonzero((x * v - y * u).sum(axis=1, dtype=np.float64) < 0)
            quads[wrong] = quads[wrong][:, [0, 3, 2, 1]]
            turned += (start + wrong).tolist()
        return turned

    def invalid(self) -> Iterator[tuple[int, str]]:
        """Yield the quads that cross themselves or have no area, each with the kind of problem."""
        for start, quads in self._chunks():
            outlines = shapely.polygons(quads)
            for i in np.flatnonzero(~shapely.is_valid(outlines)).tolist():
                area = shapely.area(shapely.make_valid(outlines[i]))
                yield start + i, CROSSING if area > 0 else NO_AREA

    def _chunks(self) -> Iterator[tuple[int, Points]]:
        for start in range(0, len(self.all), CHUNK):
            yield start, self.all[start : start + CHUNK]


class LazySamples(Sequence[Sample]):
    """Samples made on demand: `make` returns the sample of one entry."""

    def __init__(self, make: Callable[[int], Sample], entries: npt.NDArray[np.int64]) -> None:
        self._make, self._entries = make, entries

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int | slice) -> Any:
        """Return one sample, or the sequence of samples in a slice."""
        if isinstance(index, slice):
            return LazySamples(self._make, self._entries[index])
        return self._make(int(self._entries[index]))
