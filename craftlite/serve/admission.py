"""Admission control: how many pictures are processed in parallel, how many wait, and how long."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, TypeVar

from craftlite.errors import InputError
from craftlite.serve.errors import ApiError, busy, of_picture
from craftlite.serve.work import Analysis, Job

Result = TypeVar("Result")


class ClientGoneError(Exception):
    """The client has closed the connection, so no response is needed."""


class Admission:
    """Places for the pictures that run or wait; requests that exceed them are refused.

    A picture keeps its place until its thread has finished, even if its request has timed out,
    because a thread cannot be stopped.

    Args:
        workers: number of pictures processed in parallel.
        waiting: maximum number of waiting pictures.

    Attributes:
        places: total number of places.
        taken: number of places taken.
        running: number of pictures being processed.
    """

    def __init__(self, workers: int, waiting: int) -> None:
        self.places, self.taken, self.running = workers + waiting, 0, 0
        self._workers = asyncio.Semaphore(workers)
        self._threads = ThreadPoolExecutor(self.places, thread_name_prefix="craftlite")

    @property
    def waiting(self) -> int:
        """The number of pictures that wait for a worker or are being downloaded."""
        return self.taken - self.running

    def check(self, count: int = 1) -> None:
        """Raise an ApiError with status 429 unless `count` places are free."""
        if self.taken + count > self.places:
            raise busy("all places are taken; try again later")

    async def results(
        self, jobs: Sequence[Job], seconds: float, gone: Coroutine[Any, Any, None]
    ) -> list[Analysis | ApiError]:
        """Run jobs and return their results in order, with an error for each picture that failed.

        Args:
            jobs: one job for each picture.
            seconds: time limit, including waiting.
            gone: a coroutine that ends when the client has disconnected.

        Raises:
            ApiError: too few places are free, or the jobs timed out.
            ClientGoneError: the client has disconnected.
        """
        left = asyncio.create_task(gone)
        tasks: list[asyncio.Task[Analysis | ApiError]] = []
        try:
            self.check(len(jobs))
            tasks += [asyncio.create_task(self._result(job)) for job in jobs]
            self.taken += len(tasks)
            for task in tasks:
                task.add_done_callback(self._free)
            everything = asyncio.gather(*tasks)
            either: set[asyncio.Future[Any]] = {everything, left}
            await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if everything.done():
                return everything.result()
            everything.cancel()
            if left.done():
                raise ClientGoneError
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "timed_out",
                f"timed out after {seconds:g} s; try again later or with a smaller long_side",
                headers={"Retry-After": "1"},
            )
        finally:
            left.cancel()
            for task in tasks:
                task.cancel()

    def _free(self, task: "asyncio.Task[Analysis | ApiError]") -> None:
        self.taken -= 1
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not report it if nobody else does

    async def _result(self, job: Job) -> Analysis | ApiError:
        try:
            if job.picture.url is not None:
                job = await self._in_thread(job.fetched)
            async with self._workers:
                self.running += 1
                try:
                    return await self._in_thread(job.run)
                finally:
                    self.running -= 1
        except InputError as error:
            return of_picture(error)
        except ApiError as error:
            return error

    async def _in_thread(self, function: Callable[[], Result]) -> Result:
        """Run a function in a thread; a cancelled task ends only when its thread has finished."""
        done = asyncio.get_running_loop().run_in_executor(self._threads, function)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait({done})
            done.exception()  # retrieved here, as the request no longer waits for it
            raise
