"""The result of a detection, shared by the API, the command line, the demo and the evaluation."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from craftlite.geometry import Points
from craftlite.reading_order import Line, find_lines


@dataclass(frozen=True)
class Words:
    """The words found in one picture; N of them, in the order of their components.

    Attributes:
        quads: (N, 4, 2) float32, pixels of the upright picture, clockwise.
        polygons: N arrays (K, 2) float32; a word without a curved outline has its quad here.
        scores: (N,) float32 in 0..1, the mean region score inside the word's component.
        size: (width, height) of the picture in pixels.
        characters: N arrays (M, 4, 2) float32 of character quads, or None where not asked for.

    Raises:
        ValueError: the arrays do not agree in length or shape.
    """

    quads: Points
    polygons: tuple[Points, ...]
    scores: npt.NDArray[np.float32]
    size: tuple[int, int]
    characters: tuple[Points, ...] | None = None

    def __post_init__(self) -> None:
        n = len(self.scores)
        if self.quads.shape != (n, 4, 2) or len(self.polygons) != n:
            raise ValueError(
                f"{n} scores, {len(self.polygons)} polygons and quads of shape {self.quads.shape}"
            )
        if self.characters is not None and len(self.characters) != n:
            raise ValueError(f"{n} words, but characters of {len(self.characters)}")

    def __len__(self) -> int:
        return len(self.scores)

    def lines(self) -> tuple[Line, ...]:
        """The lines of text that the words make, in reading order; every word is in one of them."""
        return find_lines(self.quads, self.polygons)
