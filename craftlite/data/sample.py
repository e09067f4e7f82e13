"""One picture of a dataset with its ground truth, whatever the dataset."""

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
            where reading starts; a quad where the dataset has quads.
        text: its transcription, or None where it is readable but not transcribed.
        ignore: a don't-care region: neither text nor background.
        characters: (M, 4, 2) float32, M >= 1, character quads in reading order, or None where
            unknown.
        confidence: how sure `characters` are, 0..1; weak supervision lowers it.
    """

    polygon: Points
    text: str | None = None
    ignore: bool = False
    characters: Points | None = None
    confidence: float = 1.0


def letters_of(text: str | None) -> int:
    """How many letters a text has, white space left out; 0 where there is none."""
    return len("".join((text or "").split()))


@dataclass(frozen=True)
class Sample:
    """One picture with its words; `picture` is a file, or the pixels (H, W, 3) uint8 RGB."""

    name: str
    picture: Path | npt.NDArray[np.uint8]
    words: tuple[Word, ...]

    def size(self) -> tuple[int, int]:
        """(width, height) of the stored picture, whatever its EXIF says, read from its header.

        Raises:
            DatasetError: the file is missing, or its header is not that of a picture that is read.
        """
        if isinstance(self.picture, Path):
            return stored_size(self.picture)
        return self.picture.shape[1], self.picture.shape[0]

    def pixels(self) -> npt.NDArray[np.uint8]:
        """The picture as (H, W, 3) uint8 RGB, its EXIF orientation ignored.

        Ground truth is in stored pixels, so turning the picture would tear the two apart.

        Raises:
            DatasetError: the file is missing, or cannot or must not be read as a picture.
        """
        return stored_pixels(self.picture) if isinstance(self.picture, Path) else self.picture
