"""One picture of a dataset with its ground truth, whatever the dataset."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from craftlite.errors import DatasetError
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


@dataclass(frozen=True)
class Sample:
    """One picture with its words; `picture` is a file, or the pixels (H, W, 3) uint8 RGB."""

    name: str
    picture: Path | npt.NDArray[np.uint8]
    words: tuple[Word, ...]

    def size(self) -> tuple[int, int]:
        """(width, height) of the stored picture, whatever its EXIF says, read from its header.

        Raises:
            DatasetError: the file is missing or its header is not that of a picture.
        """
        if not isinstance(self.picture, Path):
            return self.picture.shape[1], self.picture.shape[0]
        try:
            with Image.open(self.picture) as picture:
                return picture.size
        except (OSError, Image.DecompressionBombError) as error:
            raise DatasetError(f"{self.picture}: cannot be opened as a picture") from error

    def pixels(self) -> npt.NDArray[np.uint8]:
        """The picture as (H, W, 3) uint8 RGB, its EXIF orientation ignored.

        Ground truth is in stored pixels, so turning the picture would tear the two apart.

        Raises:
            DatasetError: the file is missing or is not a picture.
        """
        if not isinstance(self.picture, Path):
            return self.picture
        bgr = cv2.imread(str(self.picture), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if bgr is None:
            raise DatasetError(f"{self.picture}: cannot be read as a picture")
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
