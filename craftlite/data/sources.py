"""Sources that samples are drawn from at random: datasets on disk or the generator."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from craftlite.data import SYNTH
from craftlite.data.annotations import first_lines, problem_lines
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.errors import DatasetError
from craftlite.synth.generator import Generator

_log = logging.getLogger("craftlite")
# Smaller and fuller than the pictures that `craftlite synth` writes, since only a crop is used.
SYNTH_SIZE = (448, 448)
SYNTH_WORDS = 24
MOST_CHECKED = 20_000  # picture headers read before a training begins, which takes seconds


class Source(Protocol):
    """A source of samples; the same state of the random generator gives the same sample."""

    def draw(self, rng: np.random.Generator) -> Sample:
        """Return one sample, chosen by `rng`."""


@dataclass(frozen=True)
class Listed:
    """Samples of a dataset on disk."""

    samples: Sequence[Sample]

    def draw(self, rng: np.random.Generator) -> Sample:
        """Return one of the samples, all equally likely."""
        return self.samples[int(rng.integers(len(self.samples)))]


@dataclass(frozen=True)
class Generated:
    """Samples generated without end."""

    generator: Generator

    def draw(self, rng: np.random.Generator) -> Sample:
        """Return a new sample."""
        return self.generator.sample(int(rng.integers(2**62)))


def open_source(name: str, folder: Path | None) -> Source:
    """Open the training split of the dataset `name`; for "synth", `folder` holds photographs.

    Raises:
        DatasetError: the dataset or the header of a picture cannot be read, or it has no word to
            learn from.
    """
    if name == SYNTH:
        made = Generator.from_folders(folder)
        return Generated(replace(made, size=SYNTH_SIZE, typical_words=SYNTH_WORDS))
    folder = folder or Path("data") / name
    dataset = read_dataset(name, folder, "train")
    for line in problem_lines(dataset.problems):
        _log.warning("%s: %s", name, line)
    samples = dataset.samples
    if not any(not word.ignore for sample in samples for word in sample.words):
        raise DatasetError(f"{folder}: no legible word among {len(samples)} pictures")
    check_pictures(samples)
    return Listed(samples)


def check_pictures(samples: Sequence[Sample]) -> None:
    """Open pictures without decoding them: all, or about MOST_CHECKED of them evenly spaced.

    Raises:
        DatasetError: some pictures cannot be opened; the message names the first of them.
    """
    step = -(-len(samples) // MOST_CHECKED) or 1
    with ThreadPoolExecutor() as pool:
        faults = [fault for fault in pool.map(_fault, samples[::step]) if fault]
    if faults:
        advice = "repair these pictures, or remove them together with their ground truth"
        raise DatasetError("\n".join([*first_lines(faults), advice]))


def _fault(sample: Sample) -> str | None:
    """Return why the picture of a sample cannot be opened, or None."""
    try:
        sample.size()
    except DatasetError as error:
        return str(error)
    return None
