"""A cache of score maps on disk, so that trying other protocols or thresholds is cheap."""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from craftlite.data.sample import Sample
from craftlite.detector import Detector, Maps, chained
from craftlite.errors import CraftliteError
from craftlite.files import sha256_of, written_whole
from craftlite.progress import write_line

LIMIT = 2**30  # bytes; above it, the least recently used maps are deleted
FILE = re.compile(r"[0-9a-f]{16}/[0-9a-f]{32}-\d+\.npz")
BEGAN = time.time()  # start of this process; maps used since then are kept


def default_folder() -> Path:
    """Return the cache folder: `craftlite/maps` in `$XDG_CACHE_HOME` or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "craftlite" / "maps"


class MapCache:
    """The maps of one set of weights, by (weights, picture, long side).

    Args:
        folder: the folder of all maps; if it is not writable, one warning is given and nothing is
            cached.
        weights: SHA-256 of the weights' file.
        limit: largest size in bytes of all maps, including those of other weights; see `trim`.
    """

    def __init__(self, folder: Path, weights: str, limit: int = LIMIT) -> None:
        self._root, self._folder, self._limit = folder, folder / weights[:16], limit
        self._writes, self._untrimmed = True, 0
        self._hashes: dict[Path, str] = {}

    def maps(self, sample: Sample, detector: Detector) -> tuple[Maps, float | None]:
        """Return a picture's maps, and the milliseconds to compute them, or None if cached.

        Raises:
            DatasetError: the picture cannot be read.
        """
        path = self._folder / f"{self._hash(sample)[:32]}-{detector.long_side}.npz"
        kept = _read(path, detector)
        if kept is not None:
            return kept, None
        pixels = sample.pixels()
        start = time.perf_counter()
        maps = detector.maps(pixels)
        milliseconds = 1000 * (time.perf_counter() - start)
        self._keep(path, maps, milliseconds)
        return maps, milliseconds

    def _hash(self, sample: Sample) -> str:
        """Hash the picture; the result is kept, because a search asks for it hundreds of times."""
        if not isinstance(sample.picture, Path):
            return picture_hash(sample)
        if sample.picture not in self._hashes:
            self._hashes[sample.picture] = picture_hash(sample)
        return self._hashes[sample.picture]

    def _keep(self, path: Path, maps: Maps, milliseconds: float) -> None:
        if not self._writes:
            return
        arrays = {
            name + _suffix(scale): getattr(one, name)
            for scale, one in enumerate(maps.scales())
            for name in ("region", "affinity")
        }
        try:
            with written_whole(path, durable=False) as unfinished, unfinished.open("wb") as file:
                np.savez(file, **arrays, size=maps.fit.size, milliseconds=milliseconds)
        except CraftliteError as error:
            self._writes = False
            write_line(f"warning: maps are not cached: {error}")
            return
        self._untrimmed += sum(array.nbytes for array in arrays.values())
        if self._untrimmed > self._limit / 16:
            trim(self._root, self._limit)
            self._untrimmed = 0


def trim(folder: Path, limit: int = LIMIT) -> int:
    """Delete the least recently used maps until all take at most `limit` bytes; return the rest.

    Maps used since this process began are kept, whatever their size: a search needs them again.
    The return value is the number of bytes left.
    """
    files = list(_files(folder))
    total = sum(stat.st_size for stat, _ in files)
    for stat, file in sorted(files, key=lambda item: item[0].st_mtime):
        if total <= limit or stat.st_mtime >= BEGAN:
            break
        file.unlink(missing_ok=True)
        total -= stat.st_size
    return total


def clear(folder: Path) -> int:
    """Delete all maps but no other files in the folder; return the number of bytes freed."""
    total = 0
    for stat, file in list(_files(folder)):
        file.unlink(missing_ok=True)
        total += stat.st_size
        with suppress(OSError):
            file.parent.rmdir()  # fails unless it is empty
    return total


def _files(folder: Path) -> Iterator[tuple[os.stat_result, Path]]:
    """Yield the files of maps, without other files in the folder."""
    for file in folder.glob("*/*.npz"):
        if FILE.fullmatch(f"{file.parent.name}/{file.name}"):
            with suppress(FileNotFoundError):  # another process has deleted it
                yield file.stat(), file


def _suffix(scale: int) -> str:
    """Return the suffix of the names of a scale's arrays in a file: "", "-1", "-2" and so on."""
    return f"-{scale}" if scale else ""


def _read(path: Path, detector: Detector) -> Maps | None:
    """Read maps and mark the file as used; None if it is missing or damaged."""
    try:
        with np.load(path) as file:
            width, height = file["size"].tolist()
            maps = chained(
                Maps(file["region" + _suffix(scale)], file["affinity" + _suffix(scale)], fit)
                for scale, fit in enumerate(detector.fits((width, height)))
            )
        if any(one.region.shape[::-1] != one.fit.map_size() for one in maps.scales()):
            return None  # written by a version that scaled pictures by another rule
        os.utime(path)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return maps


def picture_hash(sample: Sample) -> str:
    """Return the SHA-256 of a picture's file, or of its pixels."""
    if isinstance(sample.picture, Path):
        with suppress(OSError):
            if sample.picture.is_file():  # reading a pipe may block for ever
                return sha256_of(sample.picture)
        return hashlib.sha256(os.fsencode(sample.picture)).hexdigest()  # pixels() will raise
    shape = str(sample.picture.shape).encode()
    return hashlib.sha256(shape + sample.picture.tobytes()).hexdigest()
