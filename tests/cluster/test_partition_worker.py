"""A worker turns a partition's pictures into one Parquet file, whatever is wrong with them."""

import io
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image
from pyarrow import parquet as pq
from small_pictures import picture_bytes, write_pictures

from craftlite import Detector
from craftlite.errors import ConfigError, CraftliteError
from craftlite.formats.record import record
from craftlite.image.read import MAX_PIXELS
from craftlite.ray.shards import Partition, Source
from craftlite.ray.storage import Folder
from craftlite.ray.worker import Done, Job, Worker, input_name, result_name

LONG_SIDE = 160


def job(**options: object) -> Job:
    return Job(source=Source(address=""), detector={"long_side": LONG_SIDE}, **options)  # type: ignore[arg-type]


def work(out: Path, files: list[str], what: Job) -> tuple[Done, list[dict[str, object]]]:
    """What became of the files as partition 0, and the rows of its results."""
    folder = Folder(str(out))
    folder.write(input_name(0), json.dumps(asdict(Partition(files))).encode())
    done = Worker(what, folder, 1).do(0)
    return done, pq.read_table(out / result_name(0)).to_pylist()


def test_a_row_holds_what_the_detector_finds(tmp_path: Path) -> None:
    files = write_pictures(tmp_path, 3)
    done, rows = work(tmp_path / "out", files, job(lines=True, words={"characters": True}))
    assert (done.pictures, done.failed) == (3, 0) and done.seconds > 0
    assert done.size == (tmp_path / "out" / result_name(0)).stat().st_size
    detector = Detector(long_side=LONG_SIDE)
    for file, row in zip(files, rows, strict=True):
        words = detector(file, characters=True)
        assert len(words) == 1
        expected = record(file, words, with_lines=True)
        assert {key: value for key, value in row.items() if value is not None} == expected
    assert sorted(path.name for path in (tmp_path / "out/_begun").iterdir()) == []


def test_bad_pictures_are_rows_with_an_error(tmp_path: Path) -> None:
    [good] = write_pictures(tmp_path, 1)
    bad = [str(tmp_path / name) for name in ("none.jpg", "text.jpg", "cut.png", "huge.png")]
    Path(bad[1]).write_text("no picture")
    Path(bad[2]).write_bytes(picture_bytes()[:400])
    side = int(MAX_PIXELS**0.5) + 1
    Image.new("1", (side, side)).save(bad[3])
    done, rows = work(tmp_path / "out", [bad[0], bad[1], good, bad[2], bad[3]], job())
    assert (done.pictures, done.failed) == (5, 4)
    assert [row["image"] for row in rows] == [bad[0], bad[1], good, bad[2], bad[3]]
    assert rows[2]["error"] is None and len(rows[2]["words"]) == 1  # type: ignore[arg-type]
    for row, reason in zip(
        [*rows[:2], *rows[3:]],
        (
            "no such file",
            "not a picture",
            "damaged or cut short",
            "more than the limit of 150,000,000",
        ),
        strict=True,
    ):
        assert str(row["error"]).startswith(f"{row['image']}: ") and reason in str(row["error"])
        assert row["words"] is None and row["width"] is None


def test_each_page_is_a_row(tmp_path: Path) -> None:
    pages = [Image.open(io.BytesIO(picture_bytes(word))) for word in ("one", "two")]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    _, rows = work(tmp_path / "out", [str(tmp_path / "a.tif")], job())
    assert [(row["page"], len(row["words"])) for row in rows] == [(1, 1), (2, 1)]  # type: ignore[arg-type]


def test_a_finished_partition_is_left_alone(tmp_path: Path) -> None:
    files = write_pictures(tmp_path, 2)
    work(tmp_path / "out", files, job())
    before = (tmp_path / "out" / result_name(0)).stat()
    for file in files:
        Path(file).unlink()
    done, rows = work(tmp_path / "out", files, job())
    assert done == Done() and len(rows) == 2
    assert (tmp_path / "out" / result_name(0)).stat().st_mtime_ns == before.st_mtime_ns


def test_results_that_cannot_be_written_are_an_error(tmp_path: Path) -> None:
    files = write_pictures(tmp_path, 1)
    folder = Folder(str(tmp_path / "out"))
    folder.write(input_name(0), json.dumps(asdict(Partition(files))).encode())
    (tmp_path / "out/_begun").write_text("a file where a folder is needed")
    with pytest.raises(CraftliteError, match="cannot be written"):
        Worker(job(), folder, 1).do(0)


def test_wrong_options_of_the_detector_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="long side 5"):
        Worker(Job(source=Source(address=""), detector={"long_side": 5}), Folder(str(tmp_path)), 1)


DEADLY = '''
import os, sys
from craftlite import Detector
from craftlite.ray import worker
from craftlite.ray.shards import Source
from craftlite.ray.storage import Folder

class Deadly:
    """A network that takes its process with it when it sees red."""
    def __init__(self): self.network, self.source = Detector().runtime, "deadly"
    def __call__(self, pictures):
        if pictures[:, 0].mean() > pictures[:, 1].mean() + 1: os._exit(9)
        return self.network(pictures)

job = worker.Job(source=Source(address=""), detector={"weights": Deadly(), "long_side": 160})
print(worker.Worker(job, Folder(sys.argv[1]), 1).do(0))
'''


def test_a_picture_that_ends_its_process_becomes_a_row_with_an_error(tmp_path: Path) -> None:
    files = write_pictures(tmp_path, 5)
    for number in (1, 3):
        Image.new("RGB", (160, 96), "red").save(files[number])
    Folder(str(tmp_path / "out")).write(
        input_name(0), json.dumps(asdict(Partition(files))).encode()
    )
    command = [sys.executable, "-c", DEADLY, str(tmp_path / "out")]
    codes = [subprocess.run(command, capture_output=True).returncode for _ in range(6)]
    assert codes == [9, 9, 9, 9, 9, 0]  # once unnoted, then twice for each of the two
    rows = pq.read_table(tmp_path / "out" / result_name(0)).to_pylist()
    assert [row["image"] for row in rows] == files
    errors = [row["error"] for row in rows]
    assert [error is None for error in errors] == [True, False, True, False, True]
    assert "ended the process that read it 2 times" in errors[1]
