"""Ctrl-C at any moment of a command is one line and exit code 130."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import matplotlib
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

PROGRAM = (
    "import sys; from craftlite.cli import main; print('ready', flush=True); "
    "sys.exit(main(sys.argv[1:]))"
)
SAMPLES = Path(__file__).parents[2] / "data" / "samples"
TRAIN = "--init none --steps 100000 --batch 2 --crop 64 --workers 0 --threads 1"
FONTS = str(Path(matplotlib.get_data_path()) / "fonts/ttf")
# Code that C calls, from which no exception comes out.
DESTRUCTOR = "type('Dying', (), {'__del__': lambda self: signal.raise_signal(signal.SIGINT)})()"
CALLBACK = f"""
import uharfbuzz as hb
functions = hb.DrawFuncs()
functions.set_move_to_func(lambda *_: signal.raise_signal(signal.SIGINT))
face = hb.Face(open({FONTS + "/DejaVuSans.ttf"!r}, "rb").read())
hb.Font(face).draw_glyph(36, functions)
"""


def interrupted(program: str, arguments: list[str], seconds: float) -> tuple[int, list[str]]:
    """Exit code and lines on stderr of a program that gets Ctrl-C so long after its first line.

    As at a prompt, the processes that it began get it too.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=120)
    return process.returncode, said.strip().splitlines()


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.4, 1.0, 2.0, 4.0])
def test_a_training_ends_in_one_line_whenever_it_comes(seconds: float, tmp_path: Path) -> None:
    options = ["--dataset", "quads", "--data", str(SAMPLES), *TRAIN.split()]
    arguments = ["train", *options, "--out", str(tmp_path / "out")]
    code, said = interrupted(PROGRAM, arguments, seconds)
    assert code == 130
    assert not any("Traceback" in line for line in said)
    assert said[-1].endswith("craftlite train: interrupted")


@pytest.mark.parametrize("seconds", [0.02, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 2.0])
def test_a_generation_ends_in_one_line_whenever_it_comes(seconds: float, tmp_path: Path) -> None:
    arguments = ["synth", "--count", "100000", "--workers", "2", "--out", str(tmp_path / "out")]
    code, said = interrupted(PROGRAM, arguments, seconds)
    assert code == 130
    *advice, last = said
    assert last == "craftlite synth: interrupted"
    assert all(line.startswith("interrupted; continue the run in") for line in advice)


@pytest.mark.parametrize("code", [DESTRUCTOR, CALLBACK], ids=["destructor", "callback"])
def test_an_interrupt_that_python_would_swallow_ends_the_process(code: str) -> None:
    body = f"import signal\nfrom craftlite.cli import interrupts_are_not_lost\nCODE = {code!r}\n"
    body += "with interrupts_are_not_lost('detect'):\n    exec(CODE)\n"
    run = subprocess.run(
        [sys.executable, "-c", body],
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert (run.returncode, run.stderr) == (130, "craftlite detect: interrupted\n")
