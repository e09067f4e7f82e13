"""One picture of any dataset with its ground truth."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from craftlite.data.pictures import stored_pixels, stored_size
from craftlite.geometry import Points


@dataclass(frozen=True)
class Word:
    """One annotated word.

    Attributes:
        polygon: (K, 2) float32, K >= 3, pixels of the stored picture, clockwise from the corner
            where reading starts; a quad if the dataset has quads.
        text: its transcription, or None if it is readable but not transcribed.
        ignore: whether it is a don't-care region, neither text nor background.
        characters: (M, 4, 2) float32, M >= 1, character quads in reading order, or None if
            unknown.
        confidence: confidence in `characters`, 0..1; weak supervision lowers it.
    """

    polygon: Points
    text: str | None = None
    ignore: bool = False
    characters: Points | None = None
    confidence: float = 1.0


def letters_of(text: str | None) -> int:
    """Return the number of letters in a text, without white space; 0 for None."""
    return len("".join((text or "").split()))


@dataclass(frozen=True)
class Sample:
    """One picture with its words; `picture` is a file, or the pixels (H, W, 3) uint8 RGB."""

    name: str
    picture: Path | npt.NDArray[np.uint8]
    words: tuple[Word, ...]

    def size(self) -> tuple[int, int]:
        """Return (width, height) of the stored picture from its header, ignoring EXIF.

        Raises:
            DatasetError: the file is missing, or its header is not a supported picture's.
        """
        if isinstance(self.picture, Path):
            return stored_size(self.picture)
        return self.picture.shape[1], self.picture.shape[0]

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Return the picture as (H, W, 3) uint8 RGB, ignoring its EXIF orientation.

        Ground truth is in stored pixels, so a rotated picture would no longer match it.

        Raises:
            DatasetError: the file is missing, cannot be read as a picture, or is refused.
        """
        return stored_pixels(self.picture) if isinstance(self.picture, Path) else self.picture
