"""Pictures are found and read in folders, tars and Parquet files, on disk and by address."""

import io
import tarfile
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from pyarrow import parquet as pq
from small_pictures import picture_bytes, write_pictures

from craftlite.errors import ConfigError, InputError
from craftlite.image import read_image
from craftlite.ray import shards
from craftlite.ray.shards import Partition, Source, find_partitions, read_pictures


def found(source: Source, count: int = 1000) -> list[tuple[str, bytes | InputError]]:
    """All pictures of a source, from all partitions."""
    partitions = find_partitions(source, count)
    return [one for partition in partitions for one in read_pictures(partition, source)]


def names(source: Source, count: int = 1000) -> list[str]:
    """The names of all pictures, every one of which can be read."""
    pictures = found(source, count)
    for _, content in pictures:
        assert not isinstance(content, InputError)
        assert read_image(content).shape == (96, 160, 3)
    return [name for name, _ in pictures]


def write_tar(path: Path, members: dict[str, bytes], mode: str = "w") -> None:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            facts = tarfile.TarInfo(name)
            facts.size = len(content)
            archive.addfile(facts, io.BytesIO(content))


def test_a_folder_is_cut_into_partitions_without_hidden_and_other_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write_pictures(tmp_path / "photos", 5)
    paths += write_pictures(tmp_path / "photos/sub", 1)
    write_pictures(tmp_path / "photos/.hidden", 1)
    (tmp_path / "photos/._000.png").write_bytes(b"a file manager's")
    (tmp_path / "photos/notes.txt").write_text("no picture")
    source = Source(address=str(tmp_path / "photos"))
    assert [len(p.files) for p in find_partitions(source, 4)] == [4, 2]
    assert names(source, 4) == paths
    assert "skipped: 1 .txt" in capsys.readouterr().err
    assert names(Source(address=str(tmp_path / "photos/*.png"))) == paths[:5]
    assert names(Source(address=paths[2])) == [paths[2]]
    assert names(Source(address=f"file://{tmp_path}/photos/sub")) == paths[5:]


def test_a_source_without_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: holds no picture, tar or Parquet file"):
        found(Source(address=str(tmp_path / "empty")))
    with pytest.raises(InputError, match=r"missing: cannot be listed \(.*No such file"):
        found(Source(address=str(tmp_path / "missing")))


def test_an_unknown_kind_of_address_is_an_error() -> None:
    with pytest.raises(ConfigError, match="nowhere://bucket: cannot be opened"):
        found(Source(address="nowhere://bucket"))


def test_addresses_of_other_storage_are_read() -> None:
    files: MemoryFileSystem = fsspec.filesystem("memory")
    files.pipe_file("/bucket/a.png", picture_bytes())
    files.pipe_file("/bucket/sub/b.png", picture_bytes())
    expected = ["memory://bucket/a.png", "memory://bucket/sub/b.png"]
    assert [name.replace(":///", "://") for name in names(Source(address="memory://bucket"))] == (
        expected
    )


def test_a_missing_picture_is_an_error_of_its_own(tmp_path: Path) -> None:
    here, gone = write_pictures(tmp_path, 2)
    Path(gone).unlink()
    partition = Partition([gone, here, "memory://bucket/gone.png"])
    lost, read, other = read_pictures(partition, Source(address=""))
    assert isinstance(lost[1], InputError) and "no such file" in str(lost[1])
    assert isinstance(read[1], bytes)
    assert isinstance(other[1], InputError) and "bucket/gone.png" in str(other[1])


@pytest.mark.parametrize(("suffix", "mode"), [(".tar", "w"), (".tar.gz", "w:gz"), (".tgz", "w:gz")])
def test_pictures_of_a_tar(tmp_path: Path, suffix: str, mode: str) -> None:
    tar = tmp_path / f"shard{suffix}"
    members = {"a.png": picture_bytes(), "a.json": b"{}", "b.jpg": picture_bytes(form="JPEG")}
    write_tar(tar, members | {".c.png": b"hidden"}, mode)
    assert names(Source(address=str(tmp_path))) == [f"{tar}#a.png", f"{tar}#b.jpg"]


@pytest.mark.parametrize("damage", ["member", "header", "end", "empty"])
def test_a_damaged_tar_gives_what_is_before_the_damage_and_an_error(
    tmp_path: Path, damage: str
) -> None:
    tar = tmp_path / "shard.tar"
    write_tar(tar, {f"{name}.png": picture_bytes() for name in "abc"})
    size = 512 + (len(picture_bytes()) + 511) // 512 * 512  # of a member with its header
    content = bytearray(tar.read_bytes())
    if damage == "header":
        content[2 * size + 10] ^= 0xFF
    else:
        del content[{"member": 2 * size + 700, "end": 3 * size, "empty": 0}[damage] :]
    tar.write_bytes(content)
    *pictures, (name, error) = found(Source(address=str(tar)))
    count = {"empty": 0, "end": 3}.get(damage, 2)
    assert [name for name, _ in pictures] == [f"{tar}#{name}.png" for name in "abc"[:count]]
    assert name == str(tar) and isinstance(error, InputError)
    assert (f"cannot be read after {count} pictures" if count else "cannot be read") in str(error)


def write_parquet(path: Path, group: int, **columns: list[object]) -> Source:
    pq.write_table(pa.table(columns), path, row_group_size=group)
    return Source(address=str(path))


def test_bytes_of_a_parquet_file_by_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "shard.parquet"
    source = write_parquet(path, 3, image=[picture_bytes()] * 20)
    groups = [partition.groups for partition in find_partitions(source, 5)]
    assert groups == [(0, 2), (2, 4), (4, 6), (6, 7)]
    assert names(source, 5) == [f"{path}#{row}" for row in range(20)]
    assert names(source) == [f"{path}#{row}" for row in range(20)]


def test_structs_and_names_of_a_parquet_file(tmp_path: Path) -> None:
    [path] = write_pictures(tmp_path, 1)
    structs: list[object] = [{"bytes": picture_bytes(), "path": "x"}, {"bytes": None, "path": path}]
    write_parquet(tmp_path / "a.parquet", 9, jpg=structs, key=["one", "two"])
    address = str(tmp_path / "a.parquet")
    assert names(Source(address=address, column="jpg", name_column="key")) == ["one", "two"]


def test_addresses_in_a_parquet_file(tmp_path: Path) -> None:
    first, second = write_pictures(tmp_path / "photos", 2)
    fsspec.filesystem("memory").pipe_file("/bucket/a.png", picture_bytes())
    values = [first, "photos/001.png", "memory://bucket/a.png", None, "nowhere/x.png"]
    source = write_parquet(tmp_path / "list.parquet", 9, image=values)
    one, two, three, null, missing = found(source)
    assert [one[0], two[0], three[0]] == [first, second, "memory://bucket/a.png"]
    assert all(isinstance(content, bytes) for _, content in (one, two, three))
    assert "list.parquet#3: the row holds no picture" in str(null[1])
    assert f"{tmp_path}/nowhere/x.png: there is no such file" in str(missing[1])


def test_a_parquet_file_without_the_column_names_those_it_has(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "a.parquet", 9, jpg=[b""], key=["one"])
    with pytest.raises(ConfigError, match=r"a\.parquet: has no column image, only jpg, key"):
        found(source)


def test_a_damaged_parquet_file_is_an_error_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "WAITS", (0.0, 0.0))
    (tmp_path / "bad.parquet").write_bytes(b"no Parquet")
    write_parquet(tmp_path / "good.parquet", 9, image=[picture_bytes()])
    bad, good = found(Source(address=str(tmp_path)))
    assert isinstance(bad[1], InputError) and bad[0].endswith("bad.parquet")
    assert isinstance(good[1], bytes)


class Flaky(MemoryFileSystem):
    """Memory that fails so many times, in the middle of a file."""

    protocol = "flaky"
    failures = 0

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(MemoryFileSystem._strip_protocol(path.replace("flaky://", "memory://")))

    def _open(self, path: str, mode: str = "rb", **options: object) -> object:
        file = super()._open(path, mode, **options)
        return _Broken(file.getvalue()) if mode == "rb" and _fails() else file


class _Broken(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        wanted = len(self.getvalue()) if size is None or size < 0 else size
        if self.tell() + wanted > len(self.getvalue()) // 2:
            raise TimeoutError("no answer")
        return super().read(size)


def _fails() -> bool:
    Flaky.failures -= 1
    return Flaky.failures >= 0


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> MemoryFileSystem:
    monkeypatch.setattr(shards, "WAITS", (0.0, 0.0))
    fsspec.register_implementation("flaky", Flaky, clobber=True)
    return fsspec.filesystem("flaky")


@pytest.mark.parametrize("failures", [1, 2])
def test_storage_that_fails_for_a_while_loses_nothing(
    flaky: MemoryFileSystem, tmp_path: Path, failures: int
) -> None:
    write_tar(tmp_path / "b.tar", {f"{n:02}.png": picture_bytes() for n in range(30)})
    flaky.pipe_file("/flaky/a.png", picture_bytes())
    flaky.pipe_file("/flaky/b.tar", (tmp_path / "b.tar").read_bytes())
    source = Source(address="flaky://flaky")
    whole = names(source)
    assert len(whole) == 31
    for partition in find_partitions(source, 9):
        Flaky.failures = failures
        read = list(read_pictures(partition, source))
        assert Flaky.failures < 0
        assert all(isinstance(content, bytes) for _, content in read)
        assert [name for name, _ in read] == (whole[:1] if len(read) == 1 else whole[1:])


def test_storage_that_keeps_failing_is_an_error_of_the_picture(flaky: MemoryFileSystem) -> None:
    flaky.pipe_file("/bucket/a.png", picture_bytes())
    Flaky.failures = 3
    [(name, error)] = read_pictures(Partition(["flaky://bucket/a.png"]), Source(address=""))
    assert name == "flaky://bucket/a.png"
    assert str(error) == "flaky://bucket/a.png: cannot be read (no answer)"
