"""Ctrl-C at any moment of a training's start is one line and exit code 130."""

import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

PROGRAM = (
    "import sys; from craftlite.cli import main; print('ready', flush=True); "
    "sys.exit(main(sys.argv[1:]))"
)
TRAIN = "--init none --steps 100000 --batch 2 --crop 64 --workers 0 --threads 1"


def interrupted(arguments: list[str], seconds: float) -> tuple[int, str]:
    """Exit code and stderr of a command that gets Ctrl-C so long after its first line."""
    at_a_prompt = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=at_a_prompt,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    return process.returncode, said


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.4, 1.0, 2.0, 4.0])
def test_ctrl_c_is_one_line_whenever_it_comes(seconds: float, quads: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out")]
    options = ["--dataset", "quads", "--data", str(quads), *TRAIN.split()]
    code, said = interrupted(["train", *options, *out], seconds)
    assert code == 130
    assert "Traceback" not in said
    assert said.strip().splitlines()[-1].endswith("craftlite train: interrupted")
