"""Batches for training: a seeded mix of datasets, cropped, augmented and rendered as maps."""

import signal
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from craftlite.data.augment import Augmentation, random_crop
from craftlite.data.sample import Sample
from craftlite.data.sources import Source
from craftlite.data.targets import render_targets
from craftlite.errors import CraftliteError, DatasetError
from craftlite.preprocess import to_tensor

GRACE = 60  # seconds until a worker that received SIGTERM exits


class Batch(NamedTuple):
    """Normalised pictures (N, 3, S, S), scores (N, 2, S/2, S/2), weight (N, S/2, S/2); float32."""

    pictures: Tensor
    scores: Tensor
    weight: Tensor


class Stream(Protocol):
    """An endless stream of training samples; sample k is the same each time it is read."""

    def __getitem__(self, index: int) -> Any: ...

    def name(self, index: int) -> str:
        """Describe the source of sample `index`, for a message."""

    def collate(self, samples: list[Any]) -> Any:
        """Combine samples into a batch."""


@dataclass(eq=False)
class Crops(Dataset[Batch]):
    """An endless stream of crops; crop k depends only on (seed, k), so it is reproducible."""

    sources: Sequence[Source]
    shares: Sequence[float]
    crop: int
    seed: int
    how: Augmentation = field(default_factory=Augmentation)

    def draw(self, index: int) -> tuple[Sample, np.random.Generator]:
        """Return the sample that crop `index` is cut from, and the random generator to use."""
        rng = np.random.default_rng((self.seed, index))
        source = self.sources[rng.choice(len(self.sources), p=self.shares)]
        return source.draw(rng), rng

    def name(self, index: int) -> str:
        """Return the name of the sample that crop `index` is cut from."""
        return self.draw(index)[0].name

    collate = staticmethod(default_collate)

    def __getitem__(self, index: int) -> Batch:
        sample, rng = self.draw(index)
        picture, words = random_crop(rng, sample.pixels(), sample.words, self.crop, self.how)
        scores, weight = render_targets(words, (self.crop, self.crop))
        return Batch(*map(torch.from_numpy, (to_tensor(picture)[0], scores, weight)))


@dataclass(frozen=True)
class StepSampler:
    """Yields the crop numbers that a process works through in each step, part after part.

    Crop `batch` * step + k is the k-th of a step, regardless of the number of processes and parts.
    """

    first: int
    last: int
    batch: int
    parts: int = 1
    rank: int = 0
    size: int = 1

    def __len__(self) -> int:
        return (self.last - self.first) * self.parts

    def __iter__(self) -> Iterator[range]:
        own, part = self.batch // self.size, self.batch // self.size // self.parts
        for step in range(self.first, self.last):
            start = step * self.batch + self.rank * own
            yield from (range(k, k + part) for k in range(start, start + own, part))


def batches(stream: Stream, sampler: StepSampler, workers: int) -> Generator[list[Any], None, None]:
    """Yield the parts of each step; they do not depend on the number of workers.

    Raises:
        DatasetError: a sample cannot be used.
        CraftliteError: a worker died; the message names the samples being processed.
    """
    loaded = _load(stream, sampler, workers)
    ahead = iter(sampler)
    for _ in range(sampler.first, sampler.last):
        numbers = [next(ahead) for _ in range(sampler.parts)]
        try:
            parts = [next(loaded) for _ in numbers]
        except DatasetError as error:
            # If raised in a worker, the message begins with that process's traceback.
            raise DatasetError(str(error).rpartition("DatasetError: ")[2].strip()) from None
        except RuntimeError as error:
            names = ", ".join(stream.name(k) for part in numbers for k in part)
            reason = str(error).splitlines()[0]
            raise CraftliteError(f"{reason} Samples in flight: {names}") from error
        yield parts


def _load(stream: Stream, sampler: StepSampler, workers: int) -> Iterator[Any]:
    loader: DataLoader[Any] = DataLoader(
        stream,  # type: ignore[arg-type]
        batch_sampler=sampler,  # type: ignore[arg-type]
        num_workers=workers,
        collate_fn=stream.collate,
        worker_init_fn=_quiet_worker,
        prefetch_factor=4 if workers else None,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # leaves the random state of the training untouched
    )
    threads = cv2.getNumThreads()
    # Each worker uses one thread, to keep off the cores that the network trains on. This is set
    # before forking: a child cannot shut down an OpenCV thread pool that was already in use.
    cv2.setNumThreads(1 if workers else threads)
    loaded: Iterator[Any] = iter(loader)
    cv2.setNumThreads(threads)
    return loaded


def _quiet_worker(worker: int) -> None:
    """Make a worker leave Ctrl-C and SIGTERM, which schedulers send to all, to the main process.

    The main process finishes its step, saves, and stops its workers. A worker that is left behind
    exits by itself, GRACE seconds after a SIGTERM.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: signal.alarm(GRACE))
