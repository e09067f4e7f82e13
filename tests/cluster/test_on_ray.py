"""Jobs on a real cluster of Ray of this machine alone."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import ray
from pyarrow import parquet as pq
from small_pictures import picture_bytes, write_pictures

from craftlite.errors import ConfigError, InputError
from craftlite.ray import detect

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STORE = 100 << 20  # bytes
OPTIONS = {"long_side": 160, "partition": 4}


@pytest.fixture(scope="module")
def one_node() -> Iterator[None]:
    """Two CPUs, and a GPU that is there in name alone."""
    ray.init(
        address="local",
        num_cpus=2,
        num_gpus=1,
        object_store_memory=STORE,
        include_dashboard=False,
        log_to_driver=False,
    )
    yield
    ray.shutdown()


def images(out: Path) -> Counter[str]:
    """How often each picture is in the results."""
    return Counter(pq.read_table(out, columns=["image"])["image"].to_pylist())


def test_a_job_is_restarted_where_files_are_missing(one_node: None, tmp_path: Path) -> None:
    files = write_pictures(tmp_path / "photos", 10)
    Path(files[3]).write_text("no picture")
    source, out = str(tmp_path / "photos"), tmp_path / "out"
    first = detect(source, str(out), workers=2, **OPTIONS)
    assert (first.pictures, first.failed, first.partitions, first.skipped) == (10, 1, 3, 0)
    assert images(out) == Counter(files)
    rows = pq.read_table(out).to_pylist()
    assert [row["image"] for row in rows if row["error"]] == [files[3]]

    parts = sorted(out.glob("part-*.parquet"))
    before = {part: part.stat().st_mtime_ns for part in parts}
    parts[1].unlink()
    write_pictures(tmp_path / "photos/later", 1)  # which the list of the first run lacks
    second = detect(source, str(out), **OPTIONS)
    assert (second.pictures, second.failed, second.partitions, second.skipped) == (4, 0, 3, 2)
    after = {part: part.stat().st_mtime_ns for part in parts}
    assert [after[part] == before[part] for part in parts] == [True, False, True]
    assert images(out) == Counter(files)


def test_another_job_in_the_same_folder_is_refused(one_node: None, tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", 1)
    source, out = str(tmp_path / "photos"), str(tmp_path / "out")
    detect(source, out, **OPTIONS)
    for other in ({"long_side": 192}, {"polygons": True}, {"weights": "craftlite-small-int8"}):
        with pytest.raises(ConfigError, match=r"out: holds results with .*choose another folder"):
            detect(source, out, **OPTIONS | other)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="holds results with source"):
        detect(f"{source}/*.png", out, **OPTIONS)
    with pytest.raises(ConfigError, match=r"photos: holds 000\.png, but no _job\.json"):
        detect(source, source, **OPTIONS)


def test_errors_of_a_worker_are_sentences(one_node: None, tmp_path: Path) -> None:
    source, out = str(tmp_path), str(tmp_path / "out")
    with pytest.raises(ConfigError, match=r"^long side 5: must be at least 32 pixels$"):
        detect(source, out, long_side=5)
    with pytest.raises(ConfigError, match=r"^--device cuda: the installed ONNX Runtime has "):
        detect(source, out, gpus_per_worker=0.5)
    with pytest.raises(InputError, match="holds no picture, tar or Parquet file"):
        detect(source, out)
    assert not (tmp_path / "out/_job.json").exists()


def test_pictures_in_a_parquet_file(one_node: None, tmp_path: Path) -> None:
    table = pa.table({"jpg": [picture_bytes()] * 9, "key": [f"k{n}" for n in range(9)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=2)
    out = tmp_path / "out"
    done = detect(str(tmp_path / "a.parquet"), str(out), column="jpg", name_column="key", **OPTIONS)
    assert (done.pictures, done.failed, done.partitions) == (9, 0, 3)
    assert images(out) == Counter(table["key"].to_pylist())


def test_the_command_starts_a_cluster_of_its_own(tmp_path: Path) -> None:
    files = write_pictures(tmp_path / "photos", 3)
    Path(files[2]).write_text("no picture")
    command = [sys.executable, "-m", "tools.ray_detect", "photos", "--out", "out", "--long-side"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "160"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    [line] = done.stdout.splitlines()[-1:]
    assert line.startswith("3 pictures, 1 failed, 1 partitions (0 were there), ")
    assert "core seconds" in line and "bytes a picture" in line
    assert images(tmp_path / "out") == Counter(files)
    wrong = subprocess.run(
        [*command, "192"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines()[-1].startswith("ray_detect: ")
