"""What long work writes where there is no terminal, that a terminal has its bar, and summaries."""

import fcntl
import gc
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from craftlite import progress
from craftlite.progress import Progress

COUNT = """
from craftlite.progress import Progress
with Progress(range(3), desc="reading", unit="picture") as bar:
    for number in bar:
        bar.write(f"number {number}")
"""
TRAIN = """
from craftlite import progress
progress.SECONDS = 0.05
with progress.Progress(initial=1907, unit="step") as bar:
    bar.total = 6000
    bar.refresh()
    for step in range(8):
        time.sleep(0.02)
        bar.update()
        bar.set_postfix(loss=f"{0.5 / (step + 1):.4f}")
        progress.write_line(f"step {step}")
    bar.write_summary()
"""


def test_without_a_terminal_progress_is_lines_as_time_passes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    for _ in Progress(range(3), desc="reading", unit="picture"):
        pass
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("reading: 100% 3/3 [") and "picture/s" in lines[-1]
    assert any(" 1/3 " in line for line in lines)


def test_short_work_writes_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(Progress(range(3), unit="picture")) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_a_bar_that_was_never_set_up_is_removed_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    ignored: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    # As Ctrl-C between the two halves of making an object leaves it.
    Progress.__new__(Progress)
    gc.collect()
    assert ignored == []


def test_messages_between_are_lines_of_their_own() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["number 0", "number 1", "number 2"]
    assert done.stderr == ""


def test_a_file_gets_whole_lines_with_the_loss_whatever_moves_the_bar(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as file:
        program = f"import time, tqdm\ntqdm.tqdm.monitor_interval = 0.01\n{TRAIN}"
        subprocess.run([sys.executable, "-c", program], stderr=file, check=True)
    raw = log.read_bytes()
    assert b"\r" not in raw and b"\x1b" not in raw
    *lines, last = raw.decode().splitlines()
    assert last.startswith("8 steps, ")
    bars = [line for line in lines if not line.startswith("step ")]
    assert bars and all("/6000 [" in line for line in bars)
    assert "loss=0." in bars[-1]


@pytest.mark.parametrize(
    ("desc", "initial", "count", "parts", "text"),
    [
        ("", 0, None, {}, "2 pictures, "),
        ("small", 10, None, {"failed": 1, "skipped": 0}, "small: 2 pictures, 1 failed, "),
        ("", 0, 1, {"from_the_cache": 1}, "1 picture, 1 from the cache, "),
    ],
)
def test_a_summary_has_what_was_done_here(
    capsys: pytest.CaptureFixture[str],
    desc: str,
    initial: int,
    count: int | None,
    parts: dict[str, int],
    text: str,
) -> None:
    bar = Progress(total=20, desc=desc, unit="picture", initial=initial)
    bar.update(2)
    bar.write_summary(count, **parts)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(text)
    assert line.endswith((" pictures/s", " s/picture"))
    assert line.count(", ") == text.count(", ")


def test_nothing_done_has_no_pace(capsys: pytest.CaptureFixture[str]) -> None:
    Progress(range(3), unit="picture", disable=True).write_summary(0, skipped=3)
    assert capsys.readouterr().err == "0 pictures, 3 skipped\n"


def test_slow_work_has_seconds_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progress(total=1, unit="picture")
    time.sleep(1.1)
    bar.write_summary(1)
    assert re.fullmatch(r"1 picture, \d+\.\d s/picture\n", capsys.readouterr().err)


def on_a_terminal(program: str) -> str:
    """What a program writes to a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    subprocess.run([sys.executable, "-c", program], stdout=theirs, stderr=theirs, check=True)
    os.close(theirs)
    return os.read(ours, 100_000).decode()


def test_a_terminal_has_a_bar() -> None:
    shown = on_a_terminal(COUNT)
    assert "\r" in shown and "█" in shown and "number 1" in shown


def test_a_summary_takes_the_place_of_the_bar() -> None:
    shown = on_a_terminal(COUNT.replace("3),", "3), leave=False,") + "bar.write_summary()")
    *_, blank, last = shown.splitlines()
    assert blank.strip() == ""
    assert last.startswith("reading: 3 pictures, ")


def test_a_line_obeys_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    progress.write_line("a\nb\x1b[31m: is damaged")
    assert capsys.readouterr().err == "a\\nb\\x1b[31m: is damaged\n"
