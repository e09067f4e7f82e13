"""The benchmark of batches runs the command itself, on links to pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools import bench_batches


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of two small pictures."""
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((32, 48), np.uint8)).save(tmp_path / name)
    return tmp_path


def test_combinations_are_compared_with_the_first(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--count", "3", "--runs", "1", "--weights", "craftlite-small", "--long-side", "64"]
    bench_batches.main(["--data", str(pictures), *options])
    machine, one, two = map(json.loads, capsys.readouterr().out.splitlines())
    assert machine["cores"] >= 1
    assert one["options"] == "--weights craftlite-small --workers 1 --long-side 64"
    assert one["times_the_first"] == 1 and two["pictures_a_second"] > 0


def test_memory_is_looked_at_while_the_command_runs(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench_batches.main(["--data", str(pictures), "--memory", "5", "--long-side", "64"])
    row = json.loads(capsys.readouterr().out.splitlines()[1])
    assert len(row["megabytes_at_each_tenth"]) == 9


def test_a_run_that_fails_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds no picture"):
        bench_batches.run(tmp_path, [])
