"""Detection of words in any number of pictures, on a Ray cluster.

A job's pictures are listed once and divided into numbered partitions. Each becomes one Parquet
file, named by the partition's number and written atomically. A worker skips a partition whose file
exists, and otherwise processes it from the start. So every picture is in the results exactly once,
whichever process, node or cluster ends, and whenever.

Ray Data passes the partition numbers to a pool of actors, each with a detector, and repeats the
work of a lost actor. The actors read and write the files themselves: Ray Data's own writer uses
random file names, and may leave the files of an interrupted task beside those of its repetition.
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
MOST_TASKS = 100_000  # maximum number of Ray tasks; more partitions share tasks
PATIENCE = 20.0  # seconds without a free node before the wait is reported
LISTERS = 16  # threads that write lists of pictures


@dataclass(kw_only=True)
class Summary:
    """The outcome of a run.

    Attributes:
        partitions, skipped: number of result files, and of those that already existed.
        pictures: number of rows written, one per picture or page of a document.
        failed: number of rows with an error instead of words.
        seconds: elapsed time from the start of the work to the last partition.
        worker_seconds: sum of the workers' processing times.
        size: total size in bytes of the files written.
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
    """Find the words in all pictures of a source, and write them to Parquet files in a folder.

    Starts Ray on the local machine unless the program has called `ray.init`. To resume an
    interrupted run, call this again with the same arguments; the numbers of workers, CPUs and GPUs
    may differ.

    Args:
        source: a folder, file or glob of pictures, WebDataset tars and Parquet files: a path that
            all nodes share, or an address that fsspec opens, such as s3://bucket/folder.
        out: the folder for results, also a path or an address.
        partition: number of loose pictures, or of rows of a Parquet file, per result file; each
            tar gives one result file.
        column: column of Parquet files with bytes, addresses, or structs of bytes and path.
        name_column: column of Parquet files with the pictures' names; None numbers the rows.
        public_only: as for `read_image`, for http(s) addresses in Parquet files.
        workers: number of processes, each with a detector; None uses as many as fit the cluster.
        cpus_per_worker: CPUs, and also threads, of each worker.
        gpus_per_worker: 0.25 lets four workers share a GPU; 0 runs on the CPU.
        thresholds, polygons, characters, min_score: as for `Detector.words`.
        lines: also group the words into lines of text.
        detector: arguments of `Detector`, such as weights="craftlite-small-int8" or long_side=1280.

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
    """List the pictures unless an earlier run has done so; return the number of partitions.

    The file with the job's settings is written last, so that the lists are complete if it exists.
    """
    facts = job.facts() | {"partition": count, "weights_sha256": digest}
    present = out.names()
    if JOB in present:
        known = json.loads(out.read(JOB))
        for key, value in facts.items():
            if known.get(key) != value:
                raise ConfigError(
                    f"{out.address}: holds results with {key} {known.get(key)}, not {value}; "
                    "continue with the same options, or choose another folder"
                )
        return int(known["partitions"])
    if others := sorted(set(present) - {"_inputs"}):
        raise ConfigError(
            f"{out.address}: holds {others[0]}, but no {JOB} of an earlier run; choose an empty "
            "folder"
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
    """The number of workers, and the resources of each."""

    workers: int | None
    cpus: int
    gpus: float

    def check(self, job: Job, out: Folder) -> str:
        """Create a detector on a node, to detect errors early; return its weights' digest.

        Raises:
            CraftliteError: the detector cannot be created.
        """
        if not ray.is_initialized():
            ray.init(include_dashboard=False, log_to_driver=False)
        task = ray.remote(_weights_digest).options(num_cpus=self.cpus, num_gpus=self.gpus)
        answer = task.remote(job, out, self.cpus)
        if not ray.wait([answer], timeout=PATIENCE)[0]:
            needs = f"{self.cpus} CPUs and {self.gpus:g} GPUs"
            write_line(f"waiting for a node with {needs} available; check with `ray status`")
        digest: str = ray.get(answer)
        return digest


def _weights_digest(job: Job, out: Folder, threads: int) -> str:
    Worker(job, out, threads)
    made = job.detector
    weights = made.get("weights") or default_weights(made.get("engine"), made["device"])
    return sha256_of(find_weights(weights).file)


class _Actor:
    """A worker with the interface of Ray Data: maps partition numbers to outcomes."""

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
    """Process all partitions, and add up their outcomes."""
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
            raise CraftliteError(f"{done['error']}; finished results are kept: start again")
        summary.pictures += done["pictures"]
        summary.failed += done["failed"]
        summary.skipped += done["size"] == 0
        summary.worker_seconds += done["seconds"]
        summary.size += done["size"]
        summary.seconds = time.monotonic() - start
        progress.update()
    progress.close()


def _plain(error: Exception) -> CraftliteError:
    """Return the cause of a Ray error as a CraftliteError with one sentence."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, CraftliteError):
        return cause
    last = str(error).strip().splitlines()[-1]
    return CraftliteError(f"Ray: {type(error).__name__}: {last}")
