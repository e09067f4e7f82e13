"""What a detector found in one picture, as the protocols take it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from craftlite.geometry import Points
from craftlite.words import Words


@dataclass(frozen=True)
class Detections:
    """The words of one picture, in pixels of the stored picture.

    Attributes:
        quads: arrays (4, 2) float32; where only outlines are known, those (K, 2).
        outlines: arrays (K, 2) float32; where only quads are known, those.
        scores: (N,) in 0..1, or None where they are not known.
    """

    quads: Sequence[Points] = ()
    outlines: Sequence[Points] = ()
    scores: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.outlines)

    @classmethod
    def of(cls, words: Words) -> "Detections":
        """A model's words, rounded to whole pixels as the competitions' files have them."""
        return cls(
            list(np.rint(words.quads)),
            [np.rint(polygon) for polygon in words.polygons],
            words.scores,
        )
