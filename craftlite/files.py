"""Files written whole, their digests, and the machine's facts."""

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

UNFINISHED = ".craftlite-{}.tmp"  # the name of a file until it is whole
ABANDONED = 3600.0  # seconds after which an unfinished file is nobody's
_looked: dict[Path, float] = {}  # when unfinished files were last looked for in a folder


def write_whole(path: Path, content: str | bytes, durable: bool = True) -> None:
    """Write a file, making its folders: at any moment it holds all of the content or none of it.

    durable: whether it is on the disk when this returns, so that not even a power failure loses it;
    for thousands of files that can be made again, that takes longer than it is worth.

    Raises:
        CraftliteError: it cannot be written.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with written_whole(path, durable) as unfinished:
        unfinished.write_bytes(data)


@contextmanager
def written_whole(path: Path, durable: bool = True) -> Iterator[Path]:
    """Give the name of an unfinished file to write; it becomes `path` where the block ends well.

    Where the block raises, `path` stays as it was and the unfinished file is removed; where the
    process is killed, a later one removes it. Folders and `durable` are as for `write_whole`.

    Raises:
        CraftliteError: it cannot be written.
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
    """Whether a file is one that `written_whole` has not finished, or never will."""
    return path.match(UNFINISHED.format("*"))


def _remove_abandoned(folder: Path) -> None:
    """Remove what processes that were killed while writing left in a folder; looks once an hour."""
    now = time.time()
    if now - _looked.get(folder, 0) < ABANDONED:
        return
    _looked[folder] = now
    for left in folder.glob(UNFINISHED.format("*")):
        with suppress(OSError):
            if now - left.stat().st_mtime > ABANDONED:
                left.unlink()


def _sync(path: Path) -> None:
    """Have the system write a file, or a folder's list of files, to the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # the file system keeps no such promise
            raise
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cpu_model() -> str:
    """The processor's name, or its architecture where the name is unknown."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def unwritable(path: Path, error: OSError) -> CraftliteError:
    """The error of a file that cannot be written, with the system's reason."""
    return CraftliteError(f"{path}: cannot be written ({error.strerror or error})")
