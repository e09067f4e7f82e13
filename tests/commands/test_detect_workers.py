"""`craftlite detect` on several pictures at once: the same results in the same order."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from craftlite.errors import ConfigError


def picture(width: int, bars: int) -> Image.Image:
    """A black picture with so many white bars, which stand for words."""
    pixels = np.zeros((64, width), np.uint8)
    for number in range(bars):
        pixels[8 + 20 * number : 20 + 20 * number, 10 : width - 10] = 255
    return Image.fromarray(pixels)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of pictures of several sizes, two files of several, and two that are broken."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(9):
        picture(64 + 32 * (number * 5 % 4), number % 3).save(folder / f"{number}.png")
    pages = [picture(96, bars) for bars in (2, 0, 1)]
    for name in ("3b.tif", "6b.gif"):
        pages[0].save(folder / name, save_all=True, append_images=pages[1:])
    (folder / "2b.png").write_bytes(b"no picture")
    whole = (folder / "5.png").read_bytes()
    (folder / "5b.png").write_bytes(whole[: len(whole) - 30])
    return folder


def test_workers_change_neither_results_nor_order_nor_messages(
    run: Callable[..., int], pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = []
    for workers in ("1", "2", "5", "auto"):
        assert run("pictures", "--workers", workers) == 1
        out, err = capsys.readouterr()
        *complaints, summary = err.splitlines()
        outcomes.append((out, complaints, summary.rpartition(",")[0]))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    out, complaints, summary = outcomes[0]
    names = [json.loads(line)["image"].rpartition("/")[2] for line in out.splitlines()]
    assert names == [
        *("0.png", "1.png", "2.png", "3.png", "3b.tif", "3b.tif", "3b.tif", "4.png", "5.png"),
        *("6.png", "6b.gif", "7.png", "8.png"),
    ]
    assert ["2b.png" in complaints[0], "5b.png" in complaints[1]] == [True, True]
    assert summary == "15 pictures, 2 failed"


def test_pages_of_one_file_are_worked_on_at_once(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *others = [picture(96, number % 3) for number in range(12)]
    first.save("scan.tif", save_all=True, append_images=others)
    assert run("scan.tif", "--workers", "3") == 0
    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [(entry["page"], len(entry["words"])) for entry in entries]
    assert found == [(page, (page - 1) % 3) for page in range(1, 13)]


@pytest.mark.parametrize("workers", ["0", "-1", "two", "1.5", "1000"])
def test_wrong_numbers_of_workers(run: Callable[..., int], workers: str) -> None:
    with pytest.raises(ConfigError, match=r"--workers .*: expected auto, or a number from 1"):
        run("a.png", f"--workers={workers}")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_killed_run_is_resumed_without_loss(network: Path, tmp_path: Path, form: str) -> None:
    folder, out = tmp_path / "pictures", tmp_path / "found"
    folder.mkdir()
    for number in range(300):
        picture(96, 1 + number % 2).save(folder / f"{number:03}.png")
    options = ["--out", out, "--format", form, "--weights", network, "--workers", "3"]
    command = [sys.executable, "-m", "craftlite.cli", "detect", folder, *options]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    begun = out / ("010.json" if form == "json" else "results.jsonl")
    while process.poll() is None and not (begun.exists() and begun.stat().st_size):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    resumed = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert resumed.returncode == 0
    if form == "json":
        records = [json.loads(file.read_text()) for file in sorted(out.glob("*.json"))]
    else:
        records = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
        assert [record["image"] for record in records] == sorted(
            record["image"] for record in records
        )
    assert len(records) == len({record["image"] for record in records}) == 300
    assert [len(record["words"]) for record in records] == [1, 2] * 150
