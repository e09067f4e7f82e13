"""Work on several pictures at once: how many threads for what, and results in order."""

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
WORKER = "craftlite-worker"  # how the names of the threads begin
AHEAD = 2  # jobs that are begun or wait, for each worker: a slow one then leaves no worker idle
PATIENCE = 2.0  # seconds: most pictures are done by then, and files that are being written


def cores() -> int:
    """The CPU cores that this process may use, by its affinity and its container's quota."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no control group, or one without a quota: "max"
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, -(-int(quota) // int(period)))
    return max(1, count)


def share_threads(
    workers: int | None, threads: int | None, pictures: int
) -> tuple[int, int | None]:
    """How many pictures to work on at once, and the threads that the network has for each.

    One thread each, for as many pictures as there are threads, is the fastest: what does not
    spread over threads, such as decoding, then overlaps with the network of another picture
    (docs/scale.md has the figures).

    Args:
        workers: pictures at once; None chooses.
        threads: for all of them together; None takes `cores`, and leaves a single worker's to the
            engine.
        pictures: how many there are; more workers would have nothing to do.
    """
    available = threads or cores()
    workers = workers or max(1, min(available, pictures))
    return workers, threads if workers == 1 else max(1, available // workers)


def in_order(jobs: Iterable[Callable[[], T]], workers: int) -> Generator[Future[T], None, None]:
    """Run jobs on threads, `workers` at a time, and yield them in their order, maybe unfinished.

    `jobs` is gone through by the calling thread, a few jobs ahead of what is yielded. A single
    worker is the calling thread itself. When the generator is closed, jobs that have not begun
    never will, and those that have get PATIENCE seconds to end.
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
    """Whether threads still work on what nobody waits for, such as very large pictures."""
    return any(thread.name.startswith(WORKER) for thread in threading.enumerate())


def _done(job: Callable[[], T]) -> Future[T]:
    """A job that this thread has run."""
    future: Future[T] = Future()
    try:
        future.set_result(job())
    except Exception as error:
        future.set_exception(error)
    return future
