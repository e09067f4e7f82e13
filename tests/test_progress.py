"""What long work says where there is no terminal, and that a terminal has its bar."""

import fcntl
import gc
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from craftlite import progress
from craftlite.progress import Progress

COUNT = """
from craftlite.progress import Progress
with Progress(range(3), desc="reading", unit="picture") as bar:
    for number in bar:
        bar.write(f"number {number}")
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


def test_a_terminal_has_a_bar() -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    subprocess.run([sys.executable, "-c", COUNT], stdout=theirs, stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    assert "\r" in shown and "█" in shown and "number 1" in shown


def test_a_line_obeys_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    progress.write_line("a\nb\x1b[31m: is damaged")
    assert capsys.readouterr().err == "a\\nb\\x1b[31m: is damaged\n"
