"""Loading of a picture's bytes from any source; every failure is reported in one sentence."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt
from PIL import Image

from craftlite.errors import InputError, TooLargeError
from craftlite.image.download import download, is_url, url_name

Source: TypeAlias = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryIO
    | npt.NDArray[Any]
    | Image.Image
)

MAX_BYTES = 512 * 1024**2


def is_source(thing: object) -> TypeGuard[Source]:
    """Return whether an object is one picture rather than an iterable of several."""
    kinds = (str, os.PathLike, bytes, bytearray, memoryview, np.ndarray, Image.Image)
    return isinstance(thing, kinds) or hasattr(thing, "read") or not isinstance(thing, Iterable)


def source_name(source: object) -> str:
    """Return a source's name in messages: its path, its URL or a description of its kind.

    A URL is given without user name and password.
    """
    if isinstance(source, str | os.PathLike):
        return url_name(source) if is_url(source) else os.fspath(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return "the bytes given"
    return str(getattr(source, "name", "the stream given"))


def load(source: object, name: str, public_only: bool) -> bytes:
    """Return a source's bytes; a seekable stream is read from its start.

    Raises:
        InputError: the source does not exist, is empty or too large, or does not hold bytes.
    """
    try:
        if isinstance(source, bytes | bytearray | memoryview):
            data: object = source
        elif is_url(source):
            data = download(source, MAX_BYTES, public_only=public_only).getvalue()
        elif isinstance(source, str | os.PathLike):
            data = _read_file(Path(source))
        elif hasattr(source, "read"):
            data = _read_stream(source)
        else:
            raise InputError(f"a picture cannot be read from a {type(source).__name__}")
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file") from None
    except IsADirectoryError:
        raise InputError(f"{name}: is a folder, not a picture") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{name}: cannot be read ({reason})") from error
    if not isinstance(data, bytes | bytearray | memoryview):
        raise InputError(f"{name}: returns text; open it in binary mode")
    size = memoryview(data).nbytes
    if not size:
        raise InputError(f"{name}: the file is empty")
    if size > MAX_BYTES:
        limit = MAX_BYTES // 1024**2
        raise TooLargeError(f"{name}: is larger than the limit of {limit} MiB")
    return bytes(data)


def _read_stream(stream: Any) -> object:
    # A stream that has been written or partly read is not at its start; pipes cannot be rewound.
    with suppress(OSError, ValueError, AttributeError):
        stream.seek(0)
    return stream.read(MAX_BYTES + 1)


def _read_file(path: Path) -> bytes:
    """Return the bytes of a regular file; reading a pipe or a device might never end."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    if not stat.S_ISREG(mode):
        raise OSError("it is a pipe, a device or a socket, not a regular file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
