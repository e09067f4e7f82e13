"""Photographs with text of their own: a part of one, with the words that it shows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import shapely

from craftlite.data.mix import folders_of
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError
from craftlite.geometry import Matrix, Picture, repaired, transform
from craftlite.synth.backgrounds.photographs import random_part, scaled_part
from craftlite.synth.legibility import least_height

# A word that the edge cuts is don't-care where less of it shows, and forgotten where next to
# nothing does.
WHOLE, GONE = 0.98, 0.02


def find_scenes(names: Sequence[str], folders: Sequence[Path]) -> tuple[Sample, ...]:
    """The training pictures of datasets, each in its folder, by default data/NAME.

    Raises:
        ConfigError: there are more folders than datasets, or a dataset is unknown.
        DatasetError: a dataset cannot be read, or has no words.
    """
    scenes: list[Sample] = []
    for name, folder in zip(names, folders_of(names, folders), strict=True):
        samples = read_dataset(name, folder, "train").samples
        if not any(sample.words for sample in samples):
            raise DatasetError(f"{name}: no words among {len(samples)} pictures")
        scenes += samples
    return tuple(scenes)


def random_scene(
    rng: np.random.Generator, scenes: Sequence[Sample], size: tuple[int, int]
) -> tuple[Picture, list[Word]]:
    """Part of a photograph in the wanted (width, height), and the words that can be seen there."""
    sample = scenes[int(rng.integers(len(scenes)))]
    photo = sample.pixels()
    part = random_part(rng, (photo.shape[1], photo.shape[0]), size)
    matrix = np.diag([size[0] / part.width, size[1] / part.height, 1.0])
    matrix[:2, 2] = -part.left * matrix[0, 0], -part.top * matrix[1, 1]
    seen = (_seen(word, matrix, size) for word in sample.words)
    return scaled_part(photo, part, size), [word for word in seen if word is not None]


def _seen(word: Word, matrix: Matrix, size: tuple[int, int]) -> Word | None:
    """A word in the part, don't-care where the edge cuts it; None where it is not there."""
    polygon = transform(word.polygon, matrix)
    whole = repaired(polygon)
    inside = whole.intersection(shapely.box(0, 0, *size)).area / max(whole.area, 1e-6)
    if inside < GONE:
        return None
    characters = None if word.characters is None else transform(word.characters, matrix)
    if inside >= WHOLE:
        return replace(word, polygon=polygon, characters=characters)
    edge = np.array(size, np.float32)
    return Word(np.clip(polygon, 0, edge), word.text, ignore=True)


def mark_small(words: Sequence[Word], softness: float) -> tuple[Word, ...]:
    """The words, don't-care where they are too low to be read in so soft a picture."""
    least = least_height(softness)
    return tuple(
        replace(word, ignore=True) if min(cv2.minAreaRect(word.polygon)[1]) < least else word
        for word in words
    )
