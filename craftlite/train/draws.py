"""What a stream of training pictures draws by chance, each time the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch


@contextmanager
def seeded(*numbers: int) -> Iterator[None]:
    """What torch draws on the CPU inside depends on these whole numbers alone."""
    seed = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed would note the call and its traceback for CUDA: half a picture's time.
        torch.default_generator.manual_seed(seed)
        yield


@lru_cache(maxsize=2)
def order(count: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """The numbers below `count` in an epoch's order."""
    return np.random.default_rng((seed, epoch)).permutation(count)
