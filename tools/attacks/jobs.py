"""Commands that can be stopped and continued, and how they run undisturbed."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import matplotlib

from tools.attacks.pictures import sound_pictures
from tools.attacks.worker import Broken

ROOT = Path(__file__).parents[2]
# A command says "ready" when it is ours: what comes before is Python's own start.
PROGRAM = (
    "import sys; from craftlite.cli import main; print('ready', flush=True); "
    "sys.exit(main(sys.argv[1:]))"
)
SECONDS = 240.0  # that a command may take
COMMAND_SECONDS = 5 * SECONDS  # that a case of several commands may take
# When the first case of a command comes: those that take longest wait until others have had a turn.
AFTER = {"detect": 0.5, "synth": 1.0, "train": 3.0}
DETECT = ("--long-side", "160", "--threads", "1")
SYNTH = ("--count", "5", "--size", "128x96", "--seed", "1", "--workers", "1")
TRAIN = (
    *("--init", "none", "--steps", "12", "--batch", "2", "--crop", "64", "--workers", "0"),
    *("--threads", "1", "--save-every", "3", "--log-every", "1", "--warmup", "1"),
)


class Job(NamedTuple):
    """A command that writes to a folder.

    Attributes:
        name: what it is called in a finding.
        arguments: all but --out and --resume, where the inputs are in a folder.
        growing: files that grow line by line; the last line may be cut.
        settled: patterns of files that are from the start what they are in the end.
        same: patterns of files that are in the end the same as after an undisturbed run.
        resumes_from: the file without which there is nothing to continue, or "".
    """

    name: str
    arguments: Callable[[Path], list[str]]
    growing: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    same: tuple[str, ...] = ("**/*",)
    resumes_from: str = ""


class Undisturbed(NamedTuple):
    """What an undisturbed run left, the seconds that it took, and until its first file."""

    folder: Path
    seconds: float
    first: float


def _detect(form: str, inputs: Path) -> list[str]:
    return ["detect", str(inputs / "pictures"), "--format", form, "--overlay", *DETECT]


def _synth(inputs: Path) -> list[str]:
    fonts = Path(matplotlib.get_data_path()) / "fonts/ttf"
    return ["synth", "--fonts", str(fonts), *SYNTH]


def _train(inputs: Path) -> list[str]:
    return ["train", "--dataset", "words", "--data", str(inputs / "words"), *TRAIN]


JOBS = {
    "detect": [
        Job("detect json", partial(_detect, "json"), settled=("**/*",)),
        Job("detect icdar", partial(_detect, "icdar"), settled=("**/*",)),
        Job("detect jsonl", partial(_detect, "jsonl"), ("results.jsonl",), ("overlay/*",)),
        Job("detect csv", partial(_detect, "csv"), ("results.jsonl",), ("overlay/*",)),
        Job("detect coco", partial(_detect, "coco"), ("results.jsonl",), ("overlay/*",)),
    ],
    "synth": [Job("synth", _synth, settled=("images/**/*", "words.jsonl", "gt.mat"))],
    "train": [
        Job(
            *("train", _train, ("log.jsonl",)),
            same=("weights.safetensors",),
            resumes_from="checkpoint.pt",
        )
    ],
}


def inputs_in(shared: Path) -> Path:
    """The folder of the jobs' inputs, which is made once."""
    inputs = shared / "inputs"
    if not inputs.exists():
        making = shared / "inputs-unfinished"
        shutil.rmtree(making, ignore_errors=True)
        (making / "pictures/sub").mkdir(parents=True)
        for number, name in enumerate(("plain.jpg", "plain.png", "alpha.png", "plain.bmp")):
            for folder in ("pictures", "pictures/sub"):
                (making / folder / f"{number}-{name}").write_bytes(sound_pictures()[name])
        quad = [[4, 4], [80, 4], [80, 44], [4, 44]]
        line = {"image": "0.jpg", "words": [{"quad": quad, "text": "words"}]}
        (making / "words").mkdir()
        (making / "words/0.jpg").write_bytes(sound_pictures()["plain.jpg"])
        (making / "words/words.jsonl").write_text(json.dumps(line) + "\n")
        making.rename(inputs)
    return inputs


def undisturbed(job: Job, shared: Path) -> Undisturbed:
    """An undisturbed run of a job, made once.

    Raises:
        Broken: it fails.
    """
    folder = shared / f"undisturbed-{job.name}"
    facts = folder / "facts.json"
    if not facts.exists():
        shutil.rmtree(folder, ignore_errors=True)
        process = start(job, shared, folder / "out")
        begun = time.monotonic()
        wait_for_a_file(process, folder / "out")
        first = time.monotonic() - begun
        code, said = ended(process)
        if code:
            raise Broken(f"{job.name}: an undisturbed run ends with {code}\n{said}")
        facts.write_text(json.dumps([time.monotonic() - begun, first]))
    return Undisturbed(folder / "out", *json.loads(facts.read_text()))


def start(
    job: Job, shared: Path, out: Path, *, resume: bool = False, largest: int | None = None
) -> "subprocess.Popen[str]":
    """Start a job; returns when it says that it is ready.

    largest: bytes that each of its files may have, as on a disk that has no room for more.
    """

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

    arguments = [*job.arguments(inputs_in(shared)), "--out", str(out)]
    if resume and (out / job.resumes_from).exists():
        arguments.append("--resume")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def wait_for_a_file(process: "subprocess.Popen[str]", out: Path) -> None:
    """Wait until a job has written something, or has ended."""
    while process.poll() is None and not any(p.is_file() for p in out.rglob("*")):
        time.sleep(0.005)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Exit code and stderr of a job.

    Raises:
        Broken: it does not end.
    """
    try:
        _, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        _, said = process.communicate()
        raise Broken(f"a command does not end within {SECONDS} seconds\n{said}") from None
    return process.returncode, said
