"""Score maps kept on disk, so that a second protocol or other thresholds cost no network run."""

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from craftlite.data.sample import Sample
from craftlite.detector import Detector, Maps, chained
from craftlite.errors import CraftliteError
from craftlite.files import sha256_of, written_whole
from craftlite.progress import write_line

LIMIT = 4 * 2**30  # bytes; beyond it the maps that were not used for longest go


def default_folder() -> Path:
    """Where caches go on this system: `$XDG_CACHE_HOME` or `~/.cache`, in it craftlite/maps."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "craftlite" / "maps"


class MapCache:
    """The maps of one set of weights, by (weights, picture, long side).

    Args:
        folder: where all maps are kept; if it cannot be written to, one warning is given and
            nothing is kept.
        weights: SHA-256 of the weights' file.
    """

    def __init__(self, folder: Path, weights: str) -> None:
        self._root, self._folder = folder, folder / weights[:16]
        self._writes = True
        self._hashes: dict[Path, str] = {}

    def maps(self, sample: Sample, detector: Detector) -> tuple[Maps, float]:
        """A picture's maps, from disk or computed; and the milliseconds that computing took.

        Raises:
            DatasetError: the picture cannot be read.
        """
        path = self._folder / f"{self._hash(sample)[:32]}-{detector.long_side}.npz"
        kept = _read(path, detector)
        if kept is not None:
            return kept
        pixels = sample.pixels()
        start = time.perf_counter()
        maps = detector.maps(pixels)
        milliseconds = 1000 * (time.perf_counter() - start)
        self._keep(path, maps, milliseconds)
        return maps, milliseconds

    def _hash(self, sample: Sample) -> str:
        """The picture's hash; a search asks for it hundreds of times, and its file is read once."""
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
            write_line(f"warning: maps are not kept: {error}")

    def trim(self, limit: int = LIMIT) -> None:
        """Remove the files that were not used for longest until all take at most `limit` bytes."""
        files = [(file.stat(), file) for file in self._root.glob("*/*.npz")]
        total = sum(stat.st_size for stat, _ in files)
        for stat, file in sorted(files, key=lambda item: item[0].st_mtime):
            if total <= limit:
                return
            file.unlink(missing_ok=True)
            total -= stat.st_size


def _suffix(scale: int) -> str:
    """What follows the names of a scale's arrays in a file: nothing, then -1, -2 and so on."""
    return f"-{scale}" if scale else ""


def _read(path: Path, detector: Detector) -> tuple[Maps, float] | None:
    """What a file holds, or None where it is not there or damaged; marks it as used."""
    try:
        with np.load(path) as file:
            width, height = file["size"].tolist()
            maps = chained(
                Maps(file["region" + _suffix(scale)], file["affinity" + _suffix(scale)], fit)
                for scale, fit in enumerate(detector.fits((width, height)))
            )
            milliseconds = float(file["milliseconds"])
        if any(one.region.shape[::-1] != one.fit.map_size() for one in maps.scales()):
            return None  # kept by a version that scaled pictures by another rule
        os.utime(path)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return maps, milliseconds


def picture_hash(sample: Sample) -> str:
    """SHA-256 of a picture's file, or of its pixels."""
    if isinstance(sample.picture, Path):
        with suppress(OSError):
            if sample.picture.is_file():  # reading a pipe may wait for ever
                return sha256_of(sample.picture)
        return hashlib.sha256(os.fsencode(sample.picture)).hexdigest()  # pixels() will raise
    shape = str(sample.picture.shape).encode()
    return hashlib.sha256(shape + sample.picture.tobytes()).hexdigest()
