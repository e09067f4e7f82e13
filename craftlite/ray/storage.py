"""Access to files through fsspec: on disk, s3://, gs:// and others."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.arrow import ArrowFSWrapper
from fsspec.implementations.local import LocalFileSystem
from pyarrow.fs import FileSystem

from craftlite.errors import ConfigError, CraftliteError
from craftlite.files import write_whole
from craftlite.image.download import is_url


def filesystem(address: str) -> tuple[AbstractFileSystem, str]:
    """Return the file system of an address or path, and the path in it, which is made absolute.

    If fsspec lacks a package for it (s3fs for s3://, gcsfs for gs://), pyarrow opens it.

    Raises:
        ConfigError: neither supports the address.
    """
    if not is_url(address):
        return LocalFileSystem(), absolute(address)
    try:
        try:
            found, path = url_to_fs(address)
        except ImportError:
            inner, path = FileSystem.from_uri(address)
            found = ArrowFSWrapper(inner)
    except (ValueError, ImportError) as error:
        raise ConfigError(f"{address}: cannot be opened ({error})") from error
    return found, path


def absolute(address: str) -> str:
    """Return an address unchanged, or a path made absolute."""
    return address if is_url(address) else os.path.abspath(address)  # noqa: PTH100 (keeps links)


def address_of(files: AbstractFileSystem, path: str) -> str:
    """Return a file's address for `filesystem`: its path on disk, or its address elsewhere."""
    return path if isinstance(files, LocalFileSystem) else str(files.unstrip_protocol(path))


@dataclass(frozen=True)
class Folder:
    """A folder for results, whose files are written atomically.

    Attributes:
        address: an absolute path or an address.
    """

    address: str

    @cached_property
    def _place(self) -> tuple[AbstractFileSystem, str]:
        return filesystem(self.address)

    def _path(self, name: str) -> str:
        return f"{self._place[1].rstrip('/')}/{name}"

    def has(self, name: str) -> bool:
        """Return whether a file exists; some storage may return an outdated answer for a while."""
        files, _ = self._place
        files.invalidate_cache()
        return bool(files.exists(self._path(name)))

    def names(self) -> list[str]:
        """Return the names of the files and folders in it; none if it does not exist."""
        files, path = self._place
        try:
            return [entry.rstrip("/").rpartition("/")[2] for entry in files.ls(path, detail=False)]
        except FileNotFoundError:
            return []

    def read(self, name: str) -> bytes:
        """Return the content of a file; raises OSError."""
        content: bytes = self._place[0].cat_file(self._path(name))
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file atomically, replacing one of the same name.

        Raises:
            CraftliteError: the file cannot be written.
        """
        files, path = self._place[0], self._path(name)
        if isinstance(files, LocalFileSystem):
            write_whole(Path(path), content)
            return
        folder, _, last = path.rpartition("/")
        unfinished = f"{folder}/.{last}.{secrets.token_hex(8)}.tmp"
        try:
            files.makedirs(folder, exist_ok=True)
            files.pipe_file(unfinished, content)
            files.mv(unfinished, path)
        except OSError as error:
            raise CraftliteError(f"{self.address}/{name}: cannot be written ({error})") from error

    def remove(self, name: str) -> None:
        """Remove a file if it exists."""
        with suppress(FileNotFoundError):
            self._place[0].rm_file(self._path(name))
