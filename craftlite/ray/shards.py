"""Pictures in folders, WebDataset tars and Parquet files: partitioning and reading."""

import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from pathlib import PurePosixPath
from typing import Any, BinaryIO, TypeAlias

from fsspec.core import has_magic
from pyarrow.parquet import ParquetFile

from craftlite.errors import ConfigError, InputError
from craftlite.image.download import is_url
from craftlite.image.source import MAX_BYTES, load
from craftlite.inputs import SUFFIXES, unread_line
from craftlite.parallel import in_order
from craftlite.progress import write_line
from craftlite.ray.storage import address_of, filesystem

TARS = (".tar", ".tar.gz", ".tgz")
WAITS = (1.0, 5.0)  # seconds to wait before failed storage is retried
THREADS = 8  # number of threads that fetch pictures and list shards
ROWS = 16  # rows of a Parquet file with pictures that are in memory together

# A picture's name, and its bytes, its address or an error.
Named: TypeAlias = tuple[str, bytes | str | InputError]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where pictures come from.

    Attributes:
        address: a file, folder or glob, as a path or as an address that fsspec opens.
        column: column of Parquet files with bytes, addresses, or structs of `bytes` and `path`.
        name_column: column of Parquet files with the pictures' names; None numbers the rows.
        public_only: as for `read_image`, for http(s) addresses in Parquet files.
    """

    address: str
    column: str = "image"
    name_column: str | None = None
    public_only: bool = False


@dataclass(frozen=True)
class Partition:
    """Pictures that are processed together: loose files, or pictures of one shard.

    Attributes:
        files: addresses of pictures, or of one shard.
        groups: the first row group of a Parquet file and the one after the last; None for all.
    """

    files: list[str]
    groups: tuple[int, int] | None = None


def find_partitions(source: Source, count: int) -> Iterator[Partition]:
    """Yield the partitions of a source: `count` loose pictures or Parquet rows each, or a tar.

    The numbers of other files are reported on stderr.

    Raises:
        InputError: the source cannot be listed, or holds no pictures.
        ConfigError: a Parquet file lacks a column.
    """
    loose, shards, unread = _list(source.address)
    if unread:
        write_line(unread_line(unread))
    if not loose and not shards:
        raise InputError(f"{source.address}: holds no picture, tar or Parquet file")
    yield from (Partition(loose[first : first + count]) for first in range(0, len(loose), count))
    with ThreadPoolExecutor(THREADS) as pool:
        for partitions in pool.map(partial(_partitions_of, source=source, count=count), shards):
            yield from partitions


def _list(address: str) -> tuple[list[str], list[str], list[str]]:
    """Return the sorted addresses of pictures, of shards and of other files, except hidden ones."""
    files, path = filesystem(address)
    try:
        if has_magic(path) and not files.exists(path):
            found, start = files.glob(path), ""
        elif files.isfile(path):
            found, start = [path], path
        else:
            # fsspec's `find` silently skips folders that cannot be listed.
            folders = files.walk(path, on_error="raise")
            found = [f"{folder}/{name}" for folder, _, names in folders for name in names]
            start = path
    except (OSError, ValueError) as error:
        raise InputError(f"{address}: cannot be listed ({error})") from error
    loose: list[str] = []
    shards: list[str] = []
    unread: list[str] = []
    for one in sorted(found):
        if any(part.startswith(".") for part in PurePosixPath(one.removeprefix(start)).parts):
            continue
        name = one.lower()
        picture = PurePosixPath(name).suffix in SUFFIXES
        kind = loose if picture else shards if name.endswith((*TARS, ".parquet")) else unread
        kind.append(address_of(files, one))
    return loose, shards, unread


def _partitions_of(shard: str, source: Source, count: int) -> list[Partition]:
    """Return a tar as one partition; join a Parquet file's row groups up to `count` rows each."""
    if not shard.lower().endswith(".parquet"):
        return [Partition([shard])]
    try:
        with _opened(shard) as file:
            footer = ParquetFile(file)
    except (OSError, ValueError):
        return [Partition([shard])]  # the error is reported in a row of the results
    for column in filter(None, (source.column, source.name_column)):
        if column not in (names := footer.schema_arrow.names):
            raise ConfigError(f"{shard}: has no column {column}, only {', '.join(names)}")
    ends, rows = [0], 0
    for group in range(footer.num_row_groups):
        rows += footer.metadata.row_group(group).num_rows
        if rows >= count or group == footer.num_row_groups - 1:
            ends.append(group + 1)
            rows = 0
    return [Partition([shard], groups) for groups in pairwise(ends)]


def read_pictures(partition: Partition, source: Source) -> Iterator[tuple[str, bytes | InputError]]:
    """Yield each picture's name, and its bytes or an error, in a reproducible order.

    Some pictures are fetched in advance. If a tar or Parquet file is damaged, its own name comes
    last, with an error.
    """
    named = _named(partition, source)
    jobs = (partial(_fetched, one, source.public_only) for one in named)
    return (fetched.result() for fetched in in_order(jobs, THREADS))


def _named(partition: Partition, source: Source) -> Iterator[Named]:
    [shard, *_] = files = partition.files
    if shard.lower().endswith(".parquet"):
        return _patiently(shard, lambda: _rows(shard, partition.groups, source))
    if shard.lower().endswith(TARS):
        return _patiently(shard, lambda: _members(shard))
    return ((file, file) for file in files)


def _fetched(named: Named, public_only: bool) -> tuple[str, bytes | InputError]:
    name, source = named
    if isinstance(source, InputError):
        return name, source

    def fetch() -> Iterator[tuple[str, bytes]]:
        content: bytes | str = source
        if is_url(content) and not content.startswith(("http://", "https://")):
            with _opened(content) as file:
                content = file.read(MAX_BYTES + 1)
        yield name, load(content, name, public_only)

    [(_, content)] = _patiently(name, fetch)
    return name, content


def _patiently(name: str, begin: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """Yield from an iterator; after a temporary failure of the storage, restart and continue."""
    given = 0
    for wait in (*WAITS, None):
        try:
            for one in islice(begin(), given, None):
                yield one
                given += 1
            return
        except InputError as error:
            yield name, error
            return
        except Exception as error:  # tarfile and pyarrow raise various errors for damaged files
            if wait is None or not _may_pass(error):
                after = f" after {given} pictures" if given else ""
                reason = str(error) or type(error).__name__
                yield name, InputError(f"{name}: cannot be read{after} ({reason})")
                return
        time.sleep(wait)


def _may_pass(error: Exception) -> bool:
    lasting = (FileNotFoundError, PermissionError, IsADirectoryError)
    return isinstance(error, OSError) and not isinstance(error, lasting)


@contextmanager
def _opened(address: str) -> Iterator[BinaryIO]:
    files, path = filesystem(address)
    with files.open(path, "rb") as file:
        yield file


class _Member(tarfile.TarInfo):
    """A member of a tar; by default, tarfile treats a damaged header as the end of the tar."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> "_Member":
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"damaged or cut short: {error}") from error


def _members(shard: str) -> Iterator[Named]:
    """Yield the pictures of a tar, named TAR#MEMBER."""
    with _opened(shard) as file, tarfile.open(fileobj=file, mode="r|*", tarinfo=_Member) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
                content = archive.extractfile(member)
                if content is not None:
                    yield f"{shard}#{member.name}", content.read(MAX_BYTES + 1)


def _rows(shard: str, groups: tuple[int, int] | None, source: Source) -> Iterator[Named]:
    """Yield the pictures of a Parquet file, named SHARD#ROW or by their name or address."""
    columns = [column for column in (source.column, source.name_column) if column is not None]
    with _opened(shard) as file:
        table = ParquetFile(file)
        chosen = range(*(groups or (0, table.num_row_groups)))
        number = sum(table.metadata.row_group(group).num_rows for group in range(chosen.start))
        for batch in table.iter_batches(ROWS, row_groups=chosen, columns=columns):
            for row in batch.to_pylist():
                yield _row(row, f"{shard}#{number}", shard, source)
                number += 1


def _row(row: dict[str, Any], name: str, shard: str, source: Source) -> Named:
    value = row[source.column]
    if isinstance(value, dict):
        value = value["bytes"] if value.get("bytes") is not None else value.get("path")
    if isinstance(value, str):
        # A relative path is relative to the Parquet file's folder.
        whole = is_url(value) or value.startswith("/")
        name = value = value if whole else f"{shard.rpartition('/')[0]}/{value}"
    if source.name_column is not None:
        name = str(row[source.name_column])
    return name, InputError(f"{name}: the row holds no picture") if value is None else value
