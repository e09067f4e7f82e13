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

GRACE = 60  # seconds


class Batch(NamedTuple):
    """Pictures (N, 3, S, S) float32 normalised; scores (N, 2, S/2, S/2); weight (N, S/2, S/2)."""

    pictures: Tensor
    scores: Tensor
    weight: Tensor


class Stream(Protocol):
    """An endless stream of samples for training; number k is the same whenever it is asked for."""

    def __getitem__(self, index: int) -> Any: ...

    def name(self, index: int) -> str:
        """What number `index` is made from, for a message."""

    def collate(self, samples: list[Any]) -> Any:
        """Samples put together as a batch."""


@dataclass(eq=False)
class Crops(Dataset[Batch]):
    """An endless stream; crop k depends on (seed, k) alone, so that it can be made again."""

    sources: Sequence[Source]
    shares: Sequence[float]
    crop: int
    seed: int
    how: Augmentation = field(default_factory=Augmentation)

    def draw(self, index: int) -> tuple[Sample, np.random.Generator]:
        """The sample that crop `index` is cut from, and the generator that cuts it."""
        rng = np.random.default_rng((self.seed, index))
        source = self.sources[rng.choice(len(self.sources), p=self.shares)]
        return source.draw(rng), rng

    def name(self, index: int) -> str:
        """The name of the sample that crop `index` is cut from."""
        return self.draw(index)[0].name

    collate = staticmethod(default_collate)

    def __getitem__(self, index: int) -> Batch:
        sample, rng = self.draw(index)
        picture, words = random_crop(rng, sample.pixels(), sample.words, self.crop, self.how)
        scores, weight = render_targets(words, (self.crop, self.crop))
        return Batch(*map(torch.from_numpy, (to_tensor(picture)[0], scores, weight)))


@dataclass(frozen=True)
class StepSampler:
    """Which crops of each step a process works through, part after part.

    Crop `batch` * step + k is the k-th of a step, whatever the number of processes and parts.
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
    """For each step its parts, the same whatever the number of workers.

    Raises:
        DatasetError: a sample cannot be used.
        CraftliteError: a worker died; the samples that were under way are named.
    """
    loaded = _load(stream, sampler, workers)
    ahead = iter(sampler)
    for _ in range(sampler.first, sampler.last):
        numbers = [next(ahead) for _ in range(sampler.parts)]
        try:
            parts = [next(loaded) for _ in numbers]
        except DatasetError as error:
            # From a worker it comes with that process's traceback in front.
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
        generator=torch.Generator(),  # its own: the random state of the training is left alone
    )
    threads = cv2.getNumThreads()
    # A worker has one thread, and stays off the cores that the network trains on. That is set
    # before the fork: OpenCV's pool, once it has worked here, cannot be taken down in a child.
    cv2.setNumThreads(1 if workers else threads)
    loaded: Iterator[Any] = iter(loader)
    cv2.setNumThreads(threads)
    return loaded


def _quiet_worker(worker: int) -> None:
    """A worker leaves Ctrl-C and SIGTERM, which schedulers send to all, to the trainer.

    The trainer finishes its step, saves, and sends its workers home; one that is forgotten goes
    by itself, GRACE seconds after a SIGTERM.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: signal.alarm(GRACE))
