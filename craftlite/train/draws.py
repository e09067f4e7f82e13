"""Reproducible random draws for a stream of training pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch


@contextmanager
def seeded(*numbers: int) -> Iterator[None]:
    """Make torch's random draws on the CPU depend only on `numbers` inside the block."""
    seed = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed records its traceback for CUDA, which takes half a picture's time.
        torch.default_generator.manual_seed(seed)
        yield


@lru_cache(maxsize=2)
def order(count: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """Return a permutation of the numbers below `count`, the same for each seed and epoch."""
    return np.random.default_rng((seed, epoch)).permutation(count)
