"""Batches for training: a seeded mix of datasets, cropped, augmented and rendered as maps."""

import signal
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from craftlite.data.augment import Augmentation, random_crop
from craftlite.data.sources import Source
from craftlite.data.targets import render_targets
from craftlite.preprocess import to_tensor


class Batch(NamedTuple):
    """Pictures (N, 3, S, S) float32 normalised; scores (N, 2, S/2, S/2); weight (N, S/2, S/2)."""

    pictures: Tensor
    scores: Tensor
    weight: Tensor


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
