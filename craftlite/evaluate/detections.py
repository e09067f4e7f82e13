"""The detections in one picture, in the form that the protocols need."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from craftlite.geometry import Points
from craftlite.words import Words


@dataclass(frozen=True)
class Detections:
    """The detected words of one picture, in pixels of the stored picture.

    Attributes:
        quads: arrays (4, 2) float32; if only outlines are known, these (K, 2).
        outlines: arrays (K, 2) float32; if only quads are known, these.
        scores: (N,) in 0..1, or None if unknown.
    """

    quads: Sequence[Points] = ()
    outlines: Sequence[Points] = ()
    scores: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.outlines)

    @classmethod
    def of(cls, words: Words) -> "Detections":
        """Round a model's words to whole pixels, as in the competitions' files."""
        return cls(
            list(np.rint(words.quads)),
            [np.rint(polygon) for polygon in words.polygons],
            words.scores,
        )
