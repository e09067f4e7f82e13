"""The processes that train one network together under torchrun, or a single process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed


@dataclass(frozen=True)
class Group:
    """This process within the group that trains together.

    Attributes:
        device: the device that this process computes on.
        rank: its number, from 0; only number 0 writes files and reports.
        size: number of processes.
    """

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def any(self, here: bool) -> bool:
        """Return whether a flag is set in any process; all of them must call this together."""
        if self.size == 1:
            return here
        flag = torch.tensor([int(here)], device=self.device)
        distributed.all_reduce(flag, distributed.ReduceOp.MAX)
        return bool(flag.item())

    def first(self, value: int) -> int:
        """Return the leading process's value; all processes must call this together."""
        if self.size == 1:
            return value
        shared = torch.tensor([value], device=self.device)
        distributed.broadcast(shared, 0)
        return int(shared.item())

    def wait(self) -> None:
        """Wait until all processes have called this."""
        if self.size > 1:
            distributed.barrier()


@contextmanager
def process_group() -> Iterator[Group]:
    """Set up the group given by torchrun's environment variables, or of this process alone.

    Each process uses the GPU with its local rank, or the CPU if there is no GPU.
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
