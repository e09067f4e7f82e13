"""Write files into tar packs of a limited size, a new one where the last has no room."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from craftlite.data.readers.own.words import FILE
from craftlite.errors import DatasetError

MIX = "mix.json"
LINES = FILE + ".d"  # folder of the lines that came with each pack
MIB = 2**20
END = 2 * tarfile.BLOCKSIZE  # of a tar file


@dataclass
class Pack:
    """A pack that is being written: how many bytes it has, and the lines that go to its end."""

    number: int
    unfinished: Path
    tar: tarfile.TarFile
    stored: int = 0
    pictures: int = 0
    lines: dict[str, bytes] = field(default_factory=dict)  # by dataset


class PackWriter:
    """Writes packs of `limit` bytes at most into a folder; each ends with `mix`."""

    def __init__(self, out: Path, limit: int, mix: bytes) -> None:
        self.out, self.limit, self.mix = out, limit, mix
        self.written: list[tuple[Path, int]] = []  # with how many pictures each has
        out.mkdir(parents=True, exist_ok=True)
        self._pack = self._begin()

    def add(self, path: str, content: bytes, dataset: str = "", line: bytes = b"") -> None:
        """Add a file; a picture comes with the name of its dataset and its line.

        Raises:
            DatasetError: it is too large for any pack.
        """
        if not self._append(path, content, dataset, line):
            if self._pack.stored:
                self.finish()
                self._pack = self._begin()
                if self._append(path, content, dataset, line):
                    return
            raise DatasetError(
                f"{path}: {len(content) / MIB:.1f} MiB do not fit into a pack; "
                "raise --max-mib or leave the file out"
            )

    def finish(self) -> None:
        """End the pack that is being written, and give it its name."""
        pack = self._pack
        for dataset, text in pack.lines.items():
            _add_to_tar(pack.tar, lines_path(dataset, pack.number), text)
        _add_to_tar(pack.tar, MIX, self.mix)  # the last one: a pack without it is not whole
        pack.tar.close()
        path = self.out / f"pack-{pack.number:03d}.tar"
        pack.unfinished.replace(path)
        self.written.append((path, pack.pictures))

    def remove_all(self) -> None:
        """Remove everything that was written: some of the packs would look like all."""
        self._pack.tar.close()
        for path in (self._pack.unfinished, *(path for path, _ in self.written)):
            path.unlink(missing_ok=True)

    def _begin(self) -> Pack:
        number = len(self.written) + 1
        unfinished = self.out / f".{number:03d}.tmp"
        return Pack(number, unfinished, tarfile.open(unfinished, "w"))

    def _append(self, path: str, content: bytes, dataset: str, line: bytes) -> bool:
        """Add a file to the last pack if it has room; returns whether it had."""
        pack = self._pack
        lines = pack.lines | ({dataset: pack.lines.get(dataset, b"") + line} if dataset else {})
        stored = pack.stored + stored_size(path, len(content))
        if stored + self._tail(lines) > self.limit:
            return False
        _add_to_tar(pack.tar, path, content)
        pack.stored, pack.lines = stored, lines
        pack.pictures += bool(dataset)
        return True

    def _tail(self, lines: dict[str, bytes]) -> int:
        """Bytes of what follows the pictures if the pack ends with these lines."""
        sizes = [
            stored_size(lines_path(dataset, self._pack.number), len(text))
            for dataset, text in lines.items()
        ]
        # tarfile fills its last record, and END comes before that.
        return sum(sizes) + stored_size(MIX, len(self.mix)) + END + tarfile.RECORDSIZE


@contextmanager
def write_packs(out: Path, limit: int, mix: bytes) -> Iterator[PackWriter]:
    """Packs that are finished at the end of the block, or all removed if it fails."""
    packs = PackWriter(out, limit, mix)
    try:
        yield packs
        packs.finish()
    except BaseException:
        packs.remove_all()
        raise


def lines_path(dataset: str, number: int) -> str:
    """The path, in a pack, of the lines of `words.jsonl` for its pictures of a dataset."""
    return f"datasets/{dataset}/{LINES}/{number:03d}.jsonl"


def stored_size(path: str, size: int) -> int:
    """Bytes that a file takes in a tar file."""
    return len(tarfile.TarInfo(path).tobuf()) + -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _add_to_tar(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a file so that the same content gives the same bytes."""
    member = tarfile.TarInfo(name)  # its time, owner and mode are fixed
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
