"""Find the words in any number of pictures on a cluster of Ray, as Parquet files (docs/ray.md).

    python -m tools.ray_detect photos --out words
    python -m tools.ray_detect s3://bucket/shards --out s3://bucket/words --address auto

The last line of stdout says how many pictures a second, and a core, that were. Starting it again
with the same options goes on where it was ended.
"""

import argparse
import os
import sys

from craftlite.cli import INTERRUPTED, missing_package
from craftlite.errors import ConfigError, CraftliteError, WeightsError

MIB = 1 << 20


def parse_arguments() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    source = "Folder, file or glob of pictures, WebDataset tars and Parquet files: path or address."
    add("source", metavar="SOURCE", help=source)
    add("--out", required=True, metavar="DIR", help="Folder for results: path or address.")
    cluster = "Address of a cluster, or auto for the one on this machine. Default: RAY_ADDRESS, or "
    add("--address", help=cluster + "a cluster of this machine alone, which ends with the run.")
    add(
        "--workers", type=int, metavar="N", help="Detectors. Default: as many as there is room for."
    )
    add("--cpus-per-worker", type=int, default=1, metavar="N", help="CPUs of each. Default: 1.")
    share = "GPUs of each; 0.25 lets four share one. Default: 0."
    add("--gpus-per-worker", type=float, default=0, metavar="X", help=share)
    count = "Pictures, or rows of a Parquet file, for each file of results. Default: 1000."
    add("--partition", type=int, default=1000, metavar="N", help=count)
    column = "Of Parquet files: bytes, addresses, or structs of bytes and path. Default: image."
    add("--column", default="image", metavar="NAME", help=column)
    names = "Of Parquet files: the pictures' names. Default: rows are numbered."
    add("--name-column", metavar="NAME", help=names)
    public = "Refuse http(s) addresses of other networks than the public internet."
    add("--public-only", action="store_true", help=public)
    add("--weights", default="craftlite-small", metavar="NAME|FILE", help="Weights to use.")
    add("--long-side", type=int, metavar="PIXELS", help="Pixels that longer sides are scaled to.")
    add("--polygons", action="store_true", help="Trace the outlines of curved words.")
    add("--characters", action="store_true", help="Find the characters of words, too.")
    add("--lines", action="store_true", help="Group the words into lines of text, too.")
    add("--min-score", type=float, default=0.0, metavar="S", help="Least score of a word, 0 to 1.")
    return parser.parse_args()


def connect(address: str | None, gpus: float) -> None:
    """Connect to a cluster, or start one of this machine that ends with this process."""
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray

    quiet = {"logging_level": "ERROR", "log_to_driver": False}
    if address is None:
        # Results are a few bytes for each partition: little has to be held.
        store = {"object_store_memory": 100 * MIB, "include_dashboard": False}
        ray.init(address="local", **store, **quiet)
        if gpus and "GPU" not in ray.cluster_resources():
            raise ConfigError(f"--gpus-per-worker {gpus:g}: Ray finds no GPU on this machine")
        return
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ConfigError(f"--address {address}: cannot be connected to ({reason})") from error


def run(args: argparse.Namespace) -> int:
    """Do the work and print a summary; 1 if pictures failed."""
    options = vars(args)
    address = options.pop("address") or os.environ.get("RAY_ADDRESS")
    connect(address, args.gpus_per_worker)
    import ray

    from craftlite.ray import detect

    try:
        done = detect(options.pop("source"), options.pop("out"), **options)
    finally:
        ray.shutdown()
    facts = [f"{done.pictures} pictures", f"{done.failed} failed"]
    facts.append(f"{done.partitions} partitions ({done.skipped} were there)")
    if done.pictures:
        cores = done.worker_seconds * args.cpus_per_worker / done.pictures
        facts += [f"{done.pictures / done.seconds:.2f} pictures/s in {done.seconds:.0f} s"]
        facts += [f"{cores:.3f} core seconds and {done.size / done.pictures:.0f} bytes a picture"]
    print(", ".join(facts))
    return 1 if done.failed else 0


def main() -> int:
    """The exit code: 0, 1 some pictures failed, 2 wrong usage, 130 interrupted."""
    try:
        return run(parse_arguments())
    except CraftliteError as error:
        print(f"ray_detect: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError | WeightsError) else 1
    except ModuleNotFoundError as error:
        print(f"ray_detect: {missing_package(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("ray_detect: interrupted; start it again to go on", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
