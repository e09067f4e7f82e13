"""Jobs on threads, and the threads that each may use."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest

from craftlite.parallel import AHEAD, cores, in_order, share_threads


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_jobs_order_whichever_ends_first(workers: int) -> None:
    jobs = [partial(_after, 0.002 * (7 * number % 5), number) for number in range(20)]
    assert [job.result() for job in in_order(jobs, workers)] == list(range(20))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_job_that_fails_harms_no_other(workers: int) -> None:
    jobs: list[Callable[[], int]] = [partial(int, text) for text in ("1", "two", "3")]
    first, second, third = in_order(jobs, workers)
    assert (first.result(), third.result()) == (1, 3)
    assert isinstance(second.exception(), ValueError)


def test_jobs_are_worked_on_at_once() -> None:
    met = threading.Barrier(3, timeout=30)
    assert sorted(job.result() for job in in_order([met.wait] * 3, 3)) == [0, 1, 2]


def test_no_more_than_a_few_jobs_are_begun_ahead() -> None:
    asked = 0
    gate = threading.Event()

    def jobs() -> Iterator[Callable[[], bool]]:
        nonlocal asked
        for _ in range(1000):
            asked += 1
            yield partial(gate.wait, 30)

    with closing(in_order(jobs(), 2)) as results:
        next(results)
        assert asked == 2 * AHEAD + 1
        gate.set()


def test_jobs_that_have_not_begun_never_do_after_a_close() -> None:
    gate, begun = threading.Event(), list[int]()

    def job(number: int) -> None:
        begun.append(number)
        gate.wait(30)

    results = in_order((partial(job, number) for number in range(10)), 2)
    next(results)
    gate.set()
    results.close()
    count = len(begun)
    time.sleep(0.05)
    assert len(begun) == count < 10


@pytest.mark.parametrize(
    ("workers", "threads", "pictures", "expected"),
    [
        (None, 8, 100, (8, 1)),  # a worker for each thread
        (None, 8, 3, (3, 2)),  # or for each picture, which then share the threads
        (None, 8, 1, (1, 8)),
        (2, 8, 100, (2, 4)),
        (16, 8, 100, (16, 1)),
        (1, None, 100, (1, None)),  # the engine's own choice
    ],
)
def test_workers_share_the_threads(
    workers: int | None, threads: int | None, pictures: int, expected: tuple[int, int | None]
) -> None:
    assert share_threads(workers, threads, pictures) == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinities are Linux's")
def test_cores_are_those_that_the_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
        assert share_threads(None, None, 100) == (1, None)
    finally:
        os.sched_setaffinity(0, allowed)


def _after(seconds: float, number: int) -> int:
    time.sleep(seconds)
    return number
