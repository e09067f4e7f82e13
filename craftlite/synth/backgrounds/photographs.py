"""Crops of photographs: without text, or with text of their own and its annotated words."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import shapely

from craftlite.data.files.folder import PICTURE_SUFFIXES
from craftlite.data.mix import folders_of
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError
from craftlite.geometry import Matrix, Picture, repaired
from craftlite.synth.backgrounds.patterns import drawn_background
from craftlite.synth.typesetting.layout import moved_word

DRAWN = 0.15  # fraction of backgrounds that are drawn even if photographs are given
# Visible fraction of a word that the edge of a crop cuts: below WHOLE the word is don't-care, and
# below GONE it is dropped.
WHOLE, GONE = 0.98, 0.02


def find_photographs(folder: Path | None) -> tuple[Path, ...]:
    """Return every picture file under the folder, sorted; nothing if the folder is None.

    Raises:
        DatasetError: the folder does not exist or contains no picture.
    """
    if folder is None:
        return ()
    if not folder.is_dir():
        raise DatasetError(f"{folder}: not a folder; give one with photographs to write words on")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES)
    if not found:
        raise DatasetError(f"{folder}: holds no picture (.jpg, .png, ...) to write words on")
    return tuple(found)


def find_scenes(names: Sequence[str], folders: Sequence[Path]) -> tuple[Sample, ...]:
    """Return the training pictures of the datasets, each read from its folder (default: data/NAME).

    Raises:
        ConfigError: there are more folders than datasets, or a dataset is unknown.
        DatasetError: a dataset cannot be read, or contains no words.
    """
    scenes: list[Sample] = []
    for name, folder in zip(names, folders_of(names, folders), strict=True):
        samples = read_dataset(name, folder, "train").samples
        if not any(sample.words for sample in samples):
            raise DatasetError(f"{name}: no words among {len(samples)} pictures")
        scenes += samples
    return tuple(scenes)


def random_background(
    rng: np.random.Generator, photographs: tuple[Path, ...], size: tuple[int, int]
) -> Picture:
    """Return a background (height, width, 3) uint8 RGB: a crop of a photograph, or a drawn one."""
    if not photographs or rng.random() < DRAWN:
        return drawn_background(rng, size)
    path = photographs[int(rng.integers(len(photographs)))]
    part = random_part(rng, Sample(path.name, path, ()).pixels(), size)[0]
    return np.asarray(cv2.flip(part, 1), np.uint8) if rng.random() < 0.5 else part


def random_scene(
    rng: np.random.Generator, scenes: Sequence[Sample], size: tuple[int, int]
) -> tuple[Picture, list[Word]]:
    """Return a crop of a photograph, scaled to size (width, height), and its visible words."""
    sample = scenes[int(rng.integers(len(scenes)))]
    part, matrix = random_part(rng, sample.pixels(), size)
    seen = (_seen(word, matrix, size) for word in sample.words)
    return part, [word for word in seen if word is not None]


def random_part(
    rng: np.random.Generator, photo: Picture, size: tuple[int, int]
) -> tuple[Picture, Matrix]:
    """Return a random crop of a photograph, scaled to size (width, height).

    The matrix (3, 3) that comes with it maps points of the photograph to points of the crop.
    """
    room = photo.shape[1::-1]
    most = min(room[0] / size[0], room[1] / size[1])
    # Do not enlarge a small photograph much more than necessary.
    scale = most * rng.uniform(0.8 if most < 1 else 0.4, 1.0)
    width, height = (max(1, int(side * scale)) for side in size)
    left, top = int(rng.integers(room[0] - width + 1)), int(rng.integers(room[1] - height + 1))
    smooth = cv2.INTER_AREA if width > size[0] else cv2.INTER_CUBIC
    part = cv2.resize(photo[top : top + height, left : left + width], size, interpolation=smooth)
    matrix = np.diag([size[0] / width, size[1] / height, 1.0])
    matrix[:2, 2] = -left * matrix[0, 0], -top * matrix[1, 1]
    return np.asarray(part, np.uint8), matrix


def _seen(word: Word, matrix: Matrix, size: tuple[int, int]) -> Word | None:
    """Return the word in the crop, don't-care if the edge cuts it; None if it is outside."""
    moved = moved_word(word, matrix)
    whole = repaired(moved.polygon)
    inside = whole.intersection(shapely.box(0, 0, *size)).area / max(whole.area, 1e-6)
    if inside >= WHOLE:
        return moved
    shown = np.clip(moved.polygon, 0, np.array(size, np.float32))
    return Word(shown, word.text, ignore=True) if inside >= GONE else None
