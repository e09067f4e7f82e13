"""Files written whole, their digests, and the machine's facts."""

import hashlib
import os
import platform
from pathlib import Path

from craftlite.errors import CraftliteError


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, making its folders: at any moment it holds all of the content or none of it.

    Raises:
        CraftliteError: it cannot be written.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    unfinished = path.with_name(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(data)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cpu_model() -> str:
    """What the processor calls itself, or its architecture where nothing tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def unwritable(path: Path, error: OSError) -> CraftliteError:
    """The error of a file that cannot be written, with the system's reason."""
    return CraftliteError(f"{path}: cannot be written ({error.strerror or error})")
