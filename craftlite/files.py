"""Atomic writing of files, file digests, and the processor's name."""

import errno
import hashlib
import os
import platform
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from craftlite.errors import CraftliteError

UNFINISHED = ".craftlite-{}.tmp"  # name of a file while it is being written
ABANDONED = 3600.0  # seconds after which an unfinished file counts as abandoned
_looked: dict[Path, float] = {}  # time of the last search for abandoned files in each folder


def write_whole(path: Path, content: str | bytes, durable: bool = True) -> None:
    """Write a file atomically and create its folders: it never holds only part of the content.

    durable: whether to flush the file to the disk, so that it survives a power failure. Not worth
    the time for thousands of files that can be regenerated.

    Raises:
        CraftliteError: the file cannot be written.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with written_whole(path, durable) as unfinished:
        unfinished.write_bytes(data)


@contextmanager
def written_whole(path: Path, durable: bool = True) -> Iterator[Path]:
    """Yield the name of a temporary file to write, which replaces `path` when the block succeeds.

    If the block raises, `path` is unchanged and the temporary file is removed; if the process is
    killed, a later process removes it. Folders and `durable` are handled as in `write_whole`.

    Raises:
        CraftliteError: the file cannot be written.
    """
    unfinished = path.with_name(UNFINISHED.format(secrets.token_hex(8)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path.parent)
        try:
            yield unfinished
            if durable:
                _sync(unfinished)
            unfinished.replace(path)
            if durable:
                _sync(path.parent)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def is_unfinished(path: Path) -> bool:
    """Return whether a file is an unfinished or abandoned file of `written_whole`."""
    return path.match(UNFINISHED.format("*"))


def _remove_abandoned(folder: Path) -> None:
    """Remove files of processes killed while writing to a folder; searches once an hour at most."""
    now = time.time()
    if now - _looked.get(folder, 0) < ABANDONED:
        return
    _looked[folder] = now
    for left in folder.glob(UNFINISHED.format("*")):
        with suppress(OSError):
            if now - left.stat().st_mtime > ABANDONED:
                left.unlink()


def _sync(path: Path) -> None:
    """Flush a file, or a folder's list of files, to the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # the file system does not support fsync
            raise
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits.

    Raises:
        OSError: the file cannot be read.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cpu_model() -> str:
    """Return the processor's name, or its architecture if the name is unknown."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def unwritable(path: Path, error: OSError) -> CraftliteError:
    """Return the error for a file that cannot be written, with the system's reason."""
    return CraftliteError(f"{path}: cannot be written ({error.strerror or error})")
