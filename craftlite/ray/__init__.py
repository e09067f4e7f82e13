"""Words in any number of pictures, on a cluster of Ray.

A job's pictures are listed once and cut into numbered partitions. Each becomes one Parquet file,
named by the partition's number and written whole or not at all. A worker skips a partition whose
file exists, and makes it from the start otherwise. So every picture is in the results exactly once,
whatever process, node or cluster ends, and whenever.

Ray Data hands the numbers of the partitions to a pool of actors, each with a detector, and repeats
what a lost actor had. The actors read and write the files themselves: Ray Data's own writer names
files by chance, and may leave those of a task that ended half-way beside those of its repetition.
"""

import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import ray
import ray.data
from numpy.typing import NDArray

from craftlite.detector import default_weights
from craftlite.errors import ConfigError, CraftliteError
from craftlite.files import sha256_of
from craftlite.postprocess import Thresholds
from craftlite.progress import Progress, write_line
from craftlite.ray.shards import Source, find_partitions
from craftlite.ray.storage import Folder, absolute
from craftlite.ray.worker import Done, Job, Worker, input_name
from craftlite.weights import find_weights

JOB = "_job.json"
MOST_TASKS = 100_000  # that Ray gets; with more partitions, a task has several
PATIENCE = 20.0  # seconds to wait for a worker before that is reported
LISTERS = 16  # threads that write lists of pictures


@dataclass(kw_only=True)
class Summary:
    """What a run did.

    Attributes:
        pictures: rows written: one a picture, or a page of a document.
        failed: those of them that have an error in place of words.
        partitions, skipped: files of results, and those of them that were there before.
        seconds: from the first partition that was handed out to the last.
        worker_seconds: the sum of what each partition took its worker.
        size: bytes of the files written.
    """

    partitions: int
    pictures: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    worker_seconds: float = 0.0
    size: int = 0


def detect(
    source: str,
    out: str,
    *,
    partition: int = 1000,
    column: str = "image",
    name_column: str | None = None,
    public_only: bool = False,
    workers: int | None = None,
    cpus_per_worker: int = 1,
    gpus_per_worker: float = 0,
    thresholds: Thresholds | None = None,
    polygons: bool = False,
    characters: bool = False,
    lines: bool = False,
    min_score: float = 0,
    **detector: Any,
) -> Summary:
    """Find the words in all pictures of a source, as Parquet files in a folder.

    Starts Ray on this machine unless the program has called `ray.init`. To resume a run that ended
    early, call this again with the same arguments; the numbers of workers, CPUs and GPUs may
    differ.

    Args:
        source: a folder, file or glob of pictures, WebDataset tars and Parquet files: a path that
            all nodes share, or an address that fsspec opens, such as s3://bucket/folder.
        out: the folder for results, likewise a path or an address.
        partition: how many loose pictures, or rows of a Parquet file, go into one file of results;
            a tar always gives one file.
        column: of Parquet files: bytes, addresses, or structs of bytes and path.
        name_column: of Parquet files: the names of the pictures; None numbers the rows.
        public_only: as of `read_image`, for http(s) addresses in Parquet files.
        workers: processes with a detector each; None takes as many as the cluster has room for.
        cpus_per_worker: threads of each, too.
        gpus_per_worker: 0.25 lets four workers share a GPU; 0 runs on the CPU.
        thresholds, polygons, characters, min_score: as of `Detector.words`.
        lines: also group the words into lines of text.
        detector: as of `Detector`, such as weights="craftlite-small-int8" or long_side=1280.

    Raises:
        ConfigError: an argument is wrong, or out holds another job.
        WeightsError: the weights cannot be used.
        InputError: the source cannot be listed, or holds no pictures.
        CraftliteError: results cannot be written, or Ray fails.
    """
    if partition < 1 or cpus_per_worker < 1 or gpus_per_worker < 0:
        raise ConfigError("partition and cpus_per_worker must be 1 or more, gpus_per_worker 0")
    job = Job(
        source=Source(
            address=absolute(source),
            column=column,
            name_column=name_column,
            public_only=public_only,
        ),
        detector={"device": "cuda" if gpus_per_worker else "cpu", **detector},
        thresholds=thresholds,
        words={"polygons": polygons, "characters": characters, "min_score": min_score},
        lines=lines,
    )
    folder = Folder(absolute(out))
    pool = _Pool(workers, cpus_per_worker, gpus_per_worker)
    try:
        digest = pool.check(job, folder)
        summary = Summary(partitions=_claim(folder, job, partition, digest))
        _work(pool, job, folder, summary)
    except ray.exceptions.RayError as error:
        raise _plain(error) from error
    return summary


def _claim(out: Folder, job: Job, count: int, digest: str) -> int:
    """List the pictures, unless a run before has; returns the number of partitions.

    The file with the job's facts comes last: where it is, the lists are complete.
    """
    facts = job.facts() | {"partition": count, "weights_sha256": digest}
    present = out.names()
    if JOB in present:
        known = json.loads(out.read(JOB))
        for key, value in facts.items():
            if known.get(key) != value:
                raise ConfigError(
                    f"{out.address}: holds results with {key} {known.get(key)}, not {value}; go on "
                    "with the same options, or choose another folder"
                )
        return int(known["partitions"])
    if others := sorted(set(present) - {"_inputs"}):
        raise ConfigError(
            f"{out.address}: holds {others[0]}, but no {JOB} of an earlier run; choose a folder "
            "that is empty"
        )
    partitions = find_partitions(job.source, count)
    number = 0
    with ThreadPoolExecutor(LISTERS) as pool:
        listed = ((input_name(n), json.dumps(asdict(p))) for n, p in enumerate(partitions))
        for _ in pool.map(lambda one: out.write(one[0], one[1].encode()), listed):
            number += 1
    out.write(JOB, json.dumps(facts | {"partitions": number}, indent=1).encode())
    return number


@dataclass(frozen=True)
class _Pool:
    """How many workers to have, and what each needs of its node."""

    workers: int | None
    cpus: int
    gpus: float

    def check(self, job: Job, out: Folder) -> str:
        """Make a detector on a node, to see early whether it can be; returns its weights' digest.

        Raises:
            CraftliteError: it cannot be.
        """
        if not ray.is_initialized():
            ray.init(include_dashboard=False, log_to_driver=False)
        task = ray.remote(_weights_digest).options(num_cpus=self.cpus, num_gpus=self.gpus)
        answer = task.remote(job, out, self.cpus)
        if not ray.wait([answer], timeout=PATIENCE)[0]:
            needs = f"{self.cpus} CPUs and {self.gpus:g} GPUs"
            write_line(f"waiting for a node with {needs} to spare; see what `ray status` shows")
        digest: str = ray.get(answer)
        return digest


def _weights_digest(job: Job, out: Folder, threads: int) -> str:
    Worker(job, out, threads)
    made = job.detector
    weights = made.get("weights") or default_weights(made.get("engine"), made["device"])
    return sha256_of(find_weights(weights).file)


class _Actor:
    """A worker as Ray Data calls it: from numbers of partitions to what became of them."""

    def __init__(self, job: Job, out: Folder, threads: int) -> None:
        self._worker = Worker(job, out, threads)

    def __call__(self, batch: dict[str, NDArray[Any]]) -> Iterator[dict[str, list[Any]]]:
        for number in batch["number"].tolist():
            try:
                done, error = self._worker.do(number), ""
            except (CraftliteError, OSError) as problem:
                done, error = Done(), str(problem)
            yield {key: [value] for key, value in {**asdict(done), "error": error}.items()}


def _work(pool: _Pool, job: Job, out: Folder, summary: Summary) -> None:
    """Have all partitions worked on, and count."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    numbers = np.arange(summary.partitions)
    found = ray.data.from_items(
        [{"number": number} for number in numbers.tolist()],
        override_num_blocks=min(len(numbers), MOST_TASKS),
    ).map_batches(
        _Actor,
        fn_constructor_args=(job, out, pool.cpus),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=pool.workers),
        num_cpus=pool.cpus,
        num_gpus=pool.gpus or None,
    )
    progress = Progress(total=summary.partitions, unit="partition", leave=False)
    start = time.monotonic()
    for done in found.iter_rows():
        if done["error"]:
            raise CraftliteError(f"{done['error']}; what is finished is kept: start again")
        summary.pictures += done["pictures"]
        summary.failed += done["failed"]
        summary.skipped += done["size"] == 0
        summary.worker_seconds += done["seconds"]
        summary.size += done["size"]
        summary.seconds = time.monotonic() - start
        progress.update()
    progress.close()


def _plain(error: Exception) -> CraftliteError:
    """What is behind an error of Ray's, in a sentence."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, CraftliteError):
        return cause
    last = str(error).strip().splitlines()[-1]
    return CraftliteError(f"Ray: {type(error).__name__}: {last}")
