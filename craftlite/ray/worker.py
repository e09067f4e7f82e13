"""The worker of a cluster, which turns a partition's pictures into a Parquet file of words."""

import io
import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import cv2

from craftlite.detector import Detector
from craftlite.errors import CraftliteError, InputError
from craftlite.formats.parquet import schema, write_parquet
from craftlite.formats.record import Record, record
from craftlite.image.document import Document, Part, chosen_pages
from craftlite.image.read import open_document, read_scaled
from craftlite.postprocess import Thresholds
from craftlite.ray.shards import Partition, Source, read_pictures
from craftlite.ray.storage import Folder

DEATHS = 2  # number of processes that a picture may end before it is left out


def input_name(number: int) -> str:
    """Return the name of the file that lists a partition's pictures."""
    return f"_inputs/{number:07}.json"


def result_name(number: int) -> str:
    """Return the name of the file with a partition's words."""
    return f"part-{number:07}.parquet"


@dataclass(frozen=True, kw_only=True)
class Job:
    """The settings that determine the results.

    Attributes:
        source: where the pictures come from.
        detector: arguments of `Detector`.
        thresholds: None uses the thresholds of the weights.
        words: arguments of `Detector.words`.
        lines: whether rows also contain lines of text.
    """

    source: Source
    detector: dict[str, Any]
    thresholds: Thresholds | None = None
    words: dict[str, Any] = field(default_factory=dict)
    lines: bool = False

    def facts(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return cast(dict[str, Any], json.loads(json.dumps(asdict(self), default=str)))


@dataclass
class Done:
    """The outcome of a partition; all zero if its file already existed.

    Attributes:
        pictures, failed: number of rows, and of rows with an error.
        seconds: processing time.
        size: size of the file in bytes.
    """

    pictures: int = 0
    failed: int = 0
    seconds: float = 0.0
    size: int = 0


class Worker:
    """Processes partitions, one at a time, with its own detector.

    Args:
        job: the settings.
        out: the folder for results.
        threads: CPU threads.

    Raises:
        CraftliteError: as for `Detector`.
    """

    def __init__(self, job: Job, out: Folder, threads: int) -> None:
        cv2.setNumThreads(threads)
        self._job, self._out = job, out
        self._detector = Detector(threads=threads, **job.detector)

    def do(self, number: int) -> Done:
        """Process a partition unless its file exists.

        Raises:
            CraftliteError: the file cannot be written.
            OSError: the partition's list of pictures cannot be read.
        """
        done = Done()
        if self._out.has(result_name(number)):
            return done
        start = time.perf_counter()
        listed = json.loads(self._out.read(input_name(number)))
        attempt = _Attempt(self._out, number)
        content = io.BytesIO()
        pictures = self._records(Partition(**listed), attempt, done)
        write_parquet(content, pictures, schema(errors=True))
        done.seconds, done.size = time.perf_counter() - start, content.tell()
        self._out.write(result_name(number), content.getvalue())
        attempt.end()
        return done

    def _records(self, partition: Partition, attempt: "_Attempt", done: Done) -> Iterator[Record]:
        """Yield the rows of a partition and count them in `done`."""
        for place, (name, content) in enumerate(read_pictures(partition, self._job.source)):
            if attempt.is_deadly(place):
                content = InputError(f"{name}: ended the process that read it {DEATHS} times")
            for row in self._rows(name, content):
                done.pictures += 1
                done.failed += "error" in row
                yield row

    def _rows(self, name: str, content: bytes | InputError) -> Iterator[Record]:
        """Yield a picture's row, or one per page; any exception becomes the row's error."""
        try:
            if isinstance(content, InputError):
                raise content
            stream = io.BytesIO(content)
            stream.name = name  # for messages
            with closing(open_document(stream)) as document:
                for number in chosen_pages(document, None):
                    try:
                        yield self._record(name, document, number)
                    except Exception as error:
                        yield _failure(name, error, document.part(number))
        except Exception as error:
            yield _failure(name, error)

    def _record(self, name: str, document: Document, number: int) -> Record:
        picture, size = read_scaled(document, number, self._detector.scale)
        maps = self._detector.maps(picture, size)
        words = self._detector.words(maps, self._job.thresholds, **self._job.words)
        return record(name, words, document.part(number), with_lines=self._job.lines)


def _failure(name: str, error: Exception, part: Part | None = None) -> Record:
    known = isinstance(error, CraftliteError)
    reason = str(error) if known else f"{name}: {type(error).__name__}: {error}"
    return cast(Record, {"image": name, **(part or {}), "error": reason})


class _Attempt:
    """Identifies pictures that end the process, by recording the pictures that attempts started.

    The first attempt only records that it started. If another attempt follows, the process ended
    within the partition; it then records each picture before starting it. A picture recorded
    DEATHS times is deadly.
    """

    def __init__(self, out: Folder, number: int) -> None:
        self._out, self._name = out, f"_begun/{number:07}.json"
        self._careful = out.has(self._name)
        self._begun: list[int] = json.loads(out.read(self._name)) if self._careful else []
        if not self._careful:
            out.write(self._name, b"[]")

    def is_deadly(self, place: int) -> bool:
        """Return whether a picture, given by its index, ends processes; otherwise record it."""
        if self._begun.count(place) >= DEATHS:
            return True
        if self._careful:
            self._out.write(self._name, json.dumps([*self._begun, place]).encode())
        return False

    def end(self) -> None:
        """Remove the record of the attempt."""
        self._out.remove(self._name)
