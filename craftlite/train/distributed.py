"""Several processes that train one network together, as torchrun starts them, or one alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed


@dataclass(frozen=True)
class Group:
    """This process among those that train together.

    Attributes:
        device: where this process computes.
        rank: its number, from 0; number 0 alone writes files and reports.
        size: how many there are.
    """

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def any(self, here: bool) -> bool:
        """Whether something is so in any of the processes; all of them must ask together."""
        if self.size == 1:
            return here
        flag = torch.tensor([int(here)], device=self.device)
        distributed.all_reduce(flag, distributed.ReduceOp.MAX)
        return bool(flag.item())

    def first(self, value: int) -> int:
        """Give every process the leading one's value; all of them must call this together."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], device=self.device)
        distributed.broadcast(shared, 0)
        return int(shared.item())

    def wait(self) -> None:
        """Go on when all processes have come here."""
        if self.size > 1:
            distributed.barrier()


@contextmanager
def process_group() -> Iterator[Group]:
    """The group of torchrun's environment variables; without them, this process alone.

    Each process takes the GPU of its number on its host, or the CPU where there is none.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    cuda = torch.cuda.is_available()
    device = torch.device("cpu")
    if cuda:
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if size == 1:
        yield Group(device)
        return
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Group(device, distributed.get_rank(), size)
    finally:
        distributed.destroy_process_group()
