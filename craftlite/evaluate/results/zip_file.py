"""Reading a zip file of results, within limits."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from craftlite.data.files.lines import MOST_BYTES
from craftlite.errors import DatasetError

MOST_MEMBERS = 100_000
MOST_RATIO = 200  # unpacked to packed size: text of numbers shrinks to a third, never to a 200th
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yield base name and content of each wanted member, sorted by path.

    Raises:
        DatasetError: the file is damaged, encrypted, over a limit or has an unknown compression.
    """
    place = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if wanted(PurePosixPath(m.filename).name)]
            _check(members, path)
            for member in sorted(members, key=lambda member: member.filename):
                place = str(path / member.filename)
                content = _content(archive, member)
                yield PurePosixPath(member.filename).name, content
    except DatasetError:
        raise
    except Exception as error:  # zipfile raises undocumented errors for damaged files
        reason = str(error) or type(error).__name__
        raise DatasetError(f"{place}: cannot be unpacked ({reason}); pack it again") from error


def _check(members: Sequence[zipfile.ZipInfo], path: Path) -> None:
    unpacked = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS:
        found, limit = f"{len(members):,} files", f"{MOST_MEMBERS:,}"
    elif unpacked > MOST_BYTES:
        found, limit = f"{unpacked:,} bytes of results", f"{MOST_BYTES:,}"
    elif unpacked > MOST_RATIO * path.stat().st_size:
        found, limit = f"{unpacked:,} bytes of results", f"{MOST_RATIO} times its own size"
    else:
        return
    raise DatasetError(f"{path}: holds {found}, more than the limit of {limit}")


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.compress_type not in _METHODS:  # others can unpack without bound
        raise zipfile.BadZipFile("its method is not deflate")
    with archive.open(member) as file:
        # The limit keeps the unpacked size to what the archive's directory states.
        return file.read(member.file_size + 1)
