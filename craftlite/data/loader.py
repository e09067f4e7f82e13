"""Batches for training: a seeded mix of datasets, cropped, augmented and rendered as maps."""

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from craftlite.data.augment import Augmentation, random_crop
from craftlite.data.readers import READERS, read_dataset
from craftlite.data.sample import Sample
from craftlite.data.targets import render_targets
from craftlite.errors import ConfigError, DatasetError
from craftlite.preprocess import to_tensor
from craftlite.synth.generator import Generator

SYNTH = "synth"
# Smaller and fuller than the pictures that are written to disk: a crop is all that is seen.
SYNTH_SIZE = (448, 448)
SYNTH_WORDS = 24


class Batch(NamedTuple):
    """Pictures (N, 3, S, S) float32 normalised; scores (N, 2, S/2, S/2); weight (N, S/2, S/2)."""

    pictures: Tensor
    scores: Tensor
    weight: Tensor


class Source(Protocol):
    """Where samples come from; the same generator state gives the same sample."""

    def draw(self, rng: np.random.Generator) -> Sample:
        """One sample, chosen by `rng`."""
        ...


@dataclass(frozen=True)
class Listed:
    """Samples of a dataset on disk."""

    samples: Sequence[Sample]

    def draw(self, rng: np.random.Generator) -> Sample:
        """Any of the samples, each as likely as the next."""
        return self.samples[int(rng.integers(len(self.samples)))]


@dataclass(frozen=True)
class Generated:
    """Samples without end."""

    generator: Generator

    def draw(self, rng: np.random.Generator) -> Sample:
        """A new sample."""
        return self.generator.sample(int(rng.integers(2**62)))


def open_source(name: str, folder: Path | None) -> Source:
    """The training split of the dataset `name`; for "synth", `folder` holds photographs.

    Raises:
        DatasetError: the dataset cannot be read, or holds no word to learn from.
    """
    if name == SYNTH:
        made = Generator.from_folders(folder, size=SYNTH_SIZE, typical_words=SYNTH_WORDS)
        return Generated(made)
    folder = folder or Path("data") / name
    samples = read_dataset(name, folder, "train").samples
    if not any(not word.ignore for sample in samples for word in sample.words):
        raise DatasetError(f"{folder}: no legible word among {len(samples)} pictures")
    return Listed(samples)


def parse_mix(datasets: Sequence[str]) -> tuple[list[str], list[float]]:
    """Names and shares (summing to 1) of NAME or NAME:WEIGHT entries.

    Raises:
        ConfigError: a name is unknown or a weight is not a positive number.
    """
    names, weights = [], []
    for entry in datasets:
        name, _, weight = entry.partition(":")
        known = [*READERS, SYNTH]
        if name not in known:
            raise ConfigError(f"--dataset {entry}: no such dataset; known: {', '.join(known)}")
        try:
            weights.append(float(weight or 1))
        except ValueError:
            weights.append(0.0)
        if not 0 < weights[-1] < float("inf"):
            raise ConfigError(f"--dataset {entry}: the weight after ':' must be a positive number")
        names.append(name)
    return names, [weight / sum(weights) for weight in weights]


class Crops(Dataset[Batch]):
    """An endless stream; crop k depends on (seed, k) alone, so that it can be made again."""

    def __init__(
        self,
        sources: Sequence[Source],
        shares: Sequence[float],
        crop: int,
        seed: int,
        how: Augmentation | None = None,
    ) -> None:
        self.sources, self.shares = sources, shares
        self.crop, self.seed, self.how = crop, seed, how or Augmentation()

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng((self.seed, index))
        source = self.sources[rng.choice(len(self.sources), p=self.shares)]
        sample = source.draw(rng)
        picture, words = random_crop(rng, sample.pixels(), sample.words, self.crop, self.how)
        scores, weight = render_targets(words, (self.crop, self.crop))
        return Batch(
            torch.from_numpy(to_tensor(picture)[0]),
            torch.from_numpy(scores),
            torch.from_numpy(weight),
        )


def batches(crops: Crops, first: int, last: int, batch: int, workers: int) -> Iterator[Batch]:
    """Batches number `first` to `last` - 1 of the stream, whatever the number of workers."""
    loader = DataLoader(
        crops,
        batch_size=batch,
        sampler=range(first * batch, last * batch),
        num_workers=workers,
        worker_init_fn=_quiet_worker,
        prefetch_factor=4 if workers else None,
        generator=torch.Generator(),  # its own: the random state of the training is left alone
    )
    threads = cv2.getNumThreads()
    # A worker has one thread, and stays off the cores that the network trains on. That is set
    # before the fork: OpenCV's pool, once it has worked here, cannot be taken down in a child.
    cv2.setNumThreads(1 if workers else threads)
    stream: Iterator[Batch] = iter(loader)
    cv2.setNumThreads(threads)
    return stream


def _quiet_worker(worker: int) -> None:
    """A worker leaves Ctrl-C to the trainer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
