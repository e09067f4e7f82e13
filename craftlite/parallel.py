"""Parallel work on several pictures: the division of threads, and results in order."""

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
WORKER = "craftlite-worker"  # prefix of the thread names
AHEAD = 2  # jobs running or waiting per worker, so that a slow job leaves no worker idle
PATIENCE = 2.0  # seconds in which most pictures, and files being written, are finished


def cores() -> int:
    """Return the number of CPU cores that the process's affinity and container quota allow."""
    affinity = getattr(os, "sched_getaffinity", None)  # only on Linux
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no control group, or no quota ("max")
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, -(-int(quota) // int(period)))
    return max(1, count)


def share_threads(
    workers: int | None, threads: int | None, pictures: int
) -> tuple[int, int | None]:
    """Return the number of pictures to process in parallel, and the network threads for each.

    One thread per picture, with as many pictures as threads, is the fastest: work that does not
    use several threads, such as decoding, then overlaps with the network of another picture
    (docs/scale.md has the figures).

    Args:
        workers: pictures to process in parallel; None chooses a number.
        threads: threads in total; None uses `cores`, and lets the engine choose for one worker.
        pictures: the number of pictures; more workers would be idle.
    """
    available = threads or cores()
    workers = workers or max(1, min(available, pictures))
    return workers, threads if workers == 1 else max(1, available // workers)


def in_order(jobs: Iterable[Callable[[], T]], workers: int) -> Generator[Future[T], None, None]:
    """Run jobs in `workers` threads, and yield their futures in order, possibly unfinished.

    The calling thread iterates over `jobs`, a few jobs ahead of those yielded. A single worker is
    the calling thread itself. When the generator is closed, jobs that have not started are
    cancelled, and running ones get PATIENCE seconds to finish.
    """
    if workers == 1:
        yield from map(_done, jobs)
        return
    begun: deque[Future[T]] = deque()
    pool = ThreadPoolExecutor(workers, WORKER)
    try:
        for job in jobs:
            begun.append(pool.submit(job))
            while begun and (len(begun) > AHEAD * workers or begun[0].done()):
                yield begun.popleft()
        while begun:
            yield begun.popleft()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        wait(begun, PATIENCE)


def workers_are_busy() -> bool:
    """Return whether threads still run jobs that nobody waits for, such as very large pictures."""
    return any(thread.name.startswith(WORKER) for thread in threading.enumerate())


def _done(job: Callable[[], T]) -> Future[T]:
    """Run a job in this thread and return its finished future."""
    future: Future[T] = Future()
    try:
        future.set_result(job())
    except Exception as error:
        future.set_exception(error)
    return future
