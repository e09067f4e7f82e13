"""How many pictures are worked on at a time, how many wait, and for how long."""

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
    """The client has closed the connection; nobody sees an answer."""


class Admission:
    """A place for each picture that is worked on or waits; of more, requests are refused.

    A picture keeps its place until its thread has finished, even if its request has timed out,
    because a thread cannot be stopped.

    Args:
        workers, waiting: how many pictures are worked on at a time, and how many wait at most.

    Attributes:
        places: for pictures in all.
        taken: places that are taken.
        running: pictures that are being worked on.
    """

    def __init__(self, workers: int, waiting: int) -> None:
        self.places, self.taken, self.running = workers + waiting, 0, 0
        self._workers = asyncio.Semaphore(workers)
        self._threads = ThreadPoolExecutor(self.places, thread_name_prefix="craftlite")

    @property
    def waiting(self) -> int:
        """Pictures that wait for a worker, or for what is fetched for them."""
        return self.taken - self.running

    def check(self, count: int = 1) -> None:
        """Raise ApiError 429 unless there is room for so many pictures."""
        if self.taken + count > self.places:
            raise busy("all places are taken; try again later")

    async def results(
        self, jobs: Sequence[Job], seconds: float, gone: Coroutine[Any, Any, None]
    ) -> list[Analysis | ApiError]:
        """The results of jobs, in their order; the error of a picture is in its place.

        Args:
            jobs: one for each picture.
            seconds: that they may take, with waiting.
            gone: ends when the client has gone away.

        Raises:
            ApiError: there is no room, or the time is over.
            ClientGoneError: the client is gone.
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
                f"no result within {seconds:g} s; try again later, or with a smaller long_side",
                headers={"Retry-After": "1"},
            )
        finally:
            left.cancel()
            for task in tasks:
                task.cancel()

    def _free(self, task: "asyncio.Task[Analysis | ApiError]") -> None:
        self.taken -= 1
        if not task.cancelled():
            task.exception()  # seen here, where its request has given up

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
        """What a function returns; a task that is cancelled ends with its thread, not before it."""
        done = asyncio.get_running_loop().run_in_executor(self._threads, function)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait({done})
            done.exception()  # seen here, for its request has given up
            raise
