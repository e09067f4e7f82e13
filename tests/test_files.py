"""Files are whole or absent, whoever else writes there and whoever died while writing."""

import os
import threading
import time
from pathlib import Path

import pytest

from craftlite import files
from craftlite.errors import CraftliteError
from craftlite.files import ABANDONED, UNFINISHED, write_whole, written_whole


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    write_whole(path, "one")
    write_whole(path, b"two", durable=False)
    assert path.read_text() == "two"
    assert list(path.parent.iterdir()) == [path]
    (tmp_path / "taken").mkdir()
    for unwritable in (tmp_path / "taken", path / "below", tmp_path / ("x" * 300)):
        with pytest.raises(CraftliteError, match="cannot be written"):
            write_whole(unwritable, "three")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deep", "taken"]


def test_threads_that_write_into_one_folder_do_not_meet(tmp_path: Path) -> None:
    contents = {f"{number}.txt": str(number) * 50_000 for number in range(8)}

    def write(name: str) -> None:
        for _ in range(20):
            write_whole(tmp_path / name, contents[name], durable=False)

    threads = [threading.Thread(target=write, args=(name,)) for name in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == contents


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(
    tmp_path: Path,
) -> None:
    old, new = (tmp_path / UNFINISHED.format(name) for name in ("old", "new"))
    for path in (old, new):
        path.write_text("half a fi")
    long_ago = time.time() - ABANDONED - 60
    os.utime(old, (long_ago, long_ago))
    write_whole(tmp_path / "file.txt", "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [new.name, "file.txt"]


def test_a_long_run_removes_what_others_leave_in_the_meantime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "file.txt", "one")
    left = tmp_path / UNFINISHED.format("left")
    left.write_text("half a fi")
    later = time.time() + ABANDONED + 60
    monkeypatch.setattr(files.time, "time", lambda: later)
    write_whole(tmp_path / "file.txt", "two")
    assert list(tmp_path.iterdir()) == [tmp_path / "file.txt"]


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_whole(path, "one")

    def fail() -> None:
        with written_whole(path) as unfinished:
            unfinished.write_text("half a fi")
            raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        fail()
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"file.txt": "one"}


def test_a_disk_that_fills_while_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.txt"
    write_whole(path, "one")
    # The unfinished file's name leads to a device that is always full.
    monkeypatch.setattr(files.secrets, "token_hex", lambda count: "full")
    (tmp_path / UNFINISHED.format("full")).symlink_to("/dev/full")
    with pytest.raises(CraftliteError, match=r"file\.txt: cannot be written .*[Nn]o space"):
        write_whole(path, "two")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"file.txt": "one"}
