"""Unpack what `tools/pack.py` wrote."""

import tarfile
from collections.abc import Sequence
from pathlib import Path

from craftlite.data.readers.own.words import FILE
from craftlite.errors import DatasetError
from craftlite.files import sha256_of, write_whole
from tools.packs.archive import LINES, MIX

UNPACKED = ".unpacked"  # folder of a file for each pack that is unpacked, named by its SHA-256


def unpack(packs: Sequence[Path], folder: Path) -> None:
    """Unpack packs into a folder, and write each dataset's `words.jsonl` from what is there.

    Packs that were unpacked there before are skipped, so that it can be called again when more
    have arrived.

    Raises:
        DatasetError: a pack is missing or not whole, or belongs to other packs than those before.
        CraftliteError: a file cannot be written.
    """
    for pack in packs:
        if not pack.is_file():
            raise DatasetError(f"{pack}: there is no such pack")
        marker = folder / UNPACKED / sha256_of(pack)
        if not marker.exists():
            _extract(pack, folder)
            write_whole(marker, f"{pack.name}\n")
    for parts in sorted(folder.glob(f"datasets/*/{LINES}")):
        lines = b"".join(path.read_bytes() for path in sorted(parts.glob("*.jsonl")))
        write_whole(parts.parent / FILE, lines)


def _extract(pack: Path, folder: Path) -> None:
    try:
        with tarfile.open(pack) as tar:
            last = tar.getmembers()[-1:]
            mix = tar.extractfile(MIX) if last and last[0].name == MIX else None
            if mix is None:
                raise DatasetError(f"{pack}: ends too early; fetch it again")
            there = folder / MIX
            if there.exists() and there.read_bytes() != mix.read():
                raise DatasetError(f"{pack}: belongs to other packs than {there}; use a new folder")
            tar.extraction_filter = getattr(tarfile, "data_filter", None)  # not in Python 3.11.3
            tar.extractall(folder)
    except tarfile.TarError as error:
        raise DatasetError(f"{pack}: cannot be unpacked ({error}); fetch it again") from error
