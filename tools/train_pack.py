"""Train on packs within a time limit, on a machine without internet, and write small files.

    python tools/train_pack.py pack-*.tar --minutes 60 --out OUT -- --batch 64 --crop 512

This tool unpacks the packs of `tools/pack.py`, generates pictures with text for a fraction of the
time, trains from the packed weights on all pictures, and searches for thresholds on the validation
split. Options after `--` are passed to `craftlite train`. The machine needs Python, torch, NumPy,
OpenCV, Pillow, SciPy and PyYAML; the packs can contain the other packages as wheels.

The averaged weights are written to OUT, also during the training, together with `run.tar`, which
contains the log, the curves and the card. The unpacked data and the generated pictures stay in
--work; another run with the same --work, possibly with more packs, reuses them.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
GENERATED = "generated"
RUN = "run"
WEIGHTS = ("best.safetensors", "weights.safetensors")
# Side of the generated pictures in pixels, and typical number of words per 640x640 pixels.
SIDE, TYPICAL_WORDS = 640, 20
LOOK = 20.0  # seconds between checks of the running training
KILL = 15.0  # seconds a training may overrun before it is killed


@dataclass(frozen=True)
class Job:
    """The settings of a run; the deadline is a time of `time.monotonic`."""

    packs: Sequence[Path]
    work: Path
    out: Path
    deadline: float
    generate: float
    tune: float
    synth: float
    settings: Sequence[str]

    def left(self) -> float:
        """Return the seconds until the deadline."""
        return self.deadline - time.monotonic()


def install_wheels(packs: Sequence[Path], site: Path) -> None:
    """Install the packs' wheels into a folder on the path of this process and its children."""
    wheels = site / "wheels"
    for pack in packs:
        with tarfile.open(pack) as tar:
            members = [member for member in tar if member.name.startswith("wheels/")]
            tar.extraction_filter = getattr(tarfile, "data_filter", None)  # not in Python 3.11.3
            tar.extractall(site, members=members)
    found = sorted(wheels.glob("*.whl"))
    fresh = [wheel for wheel in found if not wheel.with_suffix(".installed").exists()]
    if fresh:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
        subprocess.run([*pip, "--upgrade", "--target", str(site), *map(str, fresh)], check=True)
        for wheel in fresh:
            wheel.with_suffix(".installed").touch()
    places = [str(site), str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    sys.path[:0] = places[:2]


def generate(data: Path, seconds: float) -> int:
    """Generate pictures for some seconds, adding to existing ones; return how many there are."""
    folder = data / GENERATED
    lines = folder / "words.jsonl"
    there = lines.read_text("utf-8").splitlines() if lines.is_file() else []
    workers = max(1, (os.cpu_count() or 2) - 1)
    until = time.time() + seconds
    # Continue after the highest number; gaps left by the workers of earlier runs are not filled.
    first = 1 + max((int(Path(json.loads(line)["image"]).stem) for line in there), default=-1)
    jobs = [(data, first + worker, workers, until) for worker in range(workers)]
    with get_context("spawn").Pool(workers) as pool:
        made = [line for part in pool.map(_make, jobs, chunksize=1) for line in part]
    from craftlite.files import write_whole

    folder.mkdir(parents=True, exist_ok=True)
    write_whole(lines, "".join(line + "\n" for line in [*there, *made]))
    return len(there) + len(made)


def _make(job: tuple[Path, int, int, float]) -> list[str]:
    """Make every `step`-th picture until time is up, at least one; return their JSON lines."""
    import cv2

    from craftlite.synth.generator import Generator
    from craftlite.synth.writer import JPEG_QUALITY, word_record

    data, first, step, until = job
    cv2.setNumThreads(1)
    folders = [
        folder if folder.is_dir() else None for folder in (data / "backgrounds", data / "fonts")
    ]
    packed = sorted(file.parent for file in (data / "datasets").glob("*/words.jsonl"))
    generator = replace(
        Generator.from_folders(*folders, datasets=["words"] * len(packed), data=packed),
        size=(SIDE, SIDE),
        typical_words=TYPICAL_WORDS,
    )
    images = data / GENERATED / "images"
    images.mkdir(parents=True, exist_ok=True)
    lines = []
    for number in count(first, step):
        sample = generator.sample(number)
        bgr = cv2.cvtColor(sample.pixels(), cv2.COLOR_RGB2BGR)
        path = images / f"{number}.jpg"
        cv2.imwrite(str(path), bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        words = [word_record(word) for word in sample.words]
        lines.append(json.dumps({"image": f"images/{path.name}", "words": words}))
        if time.time() >= until:
            return lines
    raise AssertionError("counting ends")


def dataset_options(data: Path, synth: float) -> list[str]:
    """Return the options of `craftlite train` for the packed datasets and the generated one.

    synth: weight of the generated pictures, as a fraction of the total weight.
    """
    mix: dict[str, Any] = json.loads((data / "mix.json").read_text("utf-8"))
    parts = [(data / "datasets" / part["name"], part["weight"]) for part in mix["datasets"]]
    total = sum(weight for _, weight in parts)
    if (data / GENERATED / "words.jsonl").is_file():
        parts.append((data / GENERATED, total * synth / (1 - synth)))
    options = []
    for folder, weight in parts:
        options += ["--dataset", f"words:{weight:g}", "--data", str(folder)]
    start = data / "start.safetensors"
    return [*options, "--init", str(start) if start.is_file() else "backbone"]


def train(job: Job) -> bool:
    """Train until only the time for tuning is left; copy weights to OUT while training."""
    run, data = job.work / RUN, job.work / "data"
    shutil.rmtree(run, ignore_errors=True)
    seconds = job.left() * (1 - job.tune)
    command = [
        *(sys.executable, "-m", "craftlite.cli", "train", "--out", str(run)),
        *("--minutes", f"{seconds / 60:.3f}", "--tune-pictures", "0"),
        *(*dataset_options(data, job.synth), *job.settings),
    ]
    print("+", " ".join(command), flush=True)
    stop = time.monotonic() + seconds + KILL
    with subprocess.Popen(command) as process:
        while process.poll() is None and time.monotonic() < stop:
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK)
            hand_out(run, job.out)
        if process.poll() is None:
            print("the training took too long and was stopped", file=sys.stderr)
            process.kill()
    hand_out(run, job.out)
    return process.returncode == 0


def hand_out(run: Path, out: Path) -> None:
    """Copy the weights of a run, and its small files as one `run.tar`, to the output folder."""
    out.mkdir(parents=True, exist_ok=True)
    for name in WEIGHTS:
        if (run / name).is_file():
            shutil.copyfile(run / name, out / f".{name}")
            (out / f".{name}").replace(out / name)
    if not run.is_dir():
        return
    with tarfile.open(out / ".run.tar", "w") as tar:
        for path in sorted(run.iterdir()):
            if path.is_file() and path.suffix not in (".pt", ".safetensors", ".onnx", ".tmp"):
                tar.add(path, f"run/{path.name}")
    (out / ".run.tar").replace(out / "run.tar")


def tune(job: Job) -> None:
    """Search for thresholds in the remaining time; they are written beside the weights."""
    mix = json.loads((job.work / "data" / "mix.json").read_text("utf-8"))
    run = job.work / RUN
    # ONNX is faster on a CPU; fall back to the torch weights if it could not be exported.
    names = ("weights.onnx", *WEIGHTS)
    weights = next((run / name for name in names if (run / name).is_file()), None)
    if weights is None or job.left() <= 0:
        return
    command = [
        *(sys.executable, "-m", "craftlite.cli", "eval", "--dataset", "words", "--split", "val"),
        *("--data", str(job.work / "data" / "datasets" / mix["datasets"][0]["name"])),
        *("--weights", str(weights), "--tune", "--cache"),
        str(job.work / "maps"),
    ]
    try:
        subprocess.run(command, timeout=job.left(), check=False)
    except subprocess.TimeoutExpired:
        again = " ".join(["python", *command[1:]])
        print(f"the threshold search timed out; repeat: {again}", file=sys.stderr)
    hand_out(run, job.out)


def parse_arguments(argv: Sequence[str]) -> Job:
    """Parse the command line."""
    own, settings = list(argv), []
    if "--" in own:
        place = own.index("--")
        own, settings = own[:place], own[place + 1 :]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("packs", nargs="+", type=Path, metavar="PACK", help="Files written by tools/pack.py.")
    minutes = "Total time in minutes."
    add("--minutes", type=float, required=True, metavar="M", help=minutes)
    add("--out", type=Path, required=True, metavar="DIR", help="Folder for weights and log.")
    add("--work", type=Path, default=Path("work"), metavar="DIR", help="Folder for data.")
    generate = "Fraction of the time for generating pictures. Default: 0.15."
    add("--generate", type=float, default=0.15, metavar="SHARE", help=generate)
    tune = "Fraction of the time for finding thresholds. Default: 0.1."
    add("--tune", type=float, default=0.1, metavar="SHARE", help=tune)
    synth = "Fraction of crops from generated pictures. Default: 0.3."
    add("--synth", type=float, default=0.3, metavar="SHARE", help=synth)
    args = parser.parse_args(own)
    deadline = time.monotonic() + 60 * args.minutes
    shares = args.generate, args.tune, args.synth
    return Job(args.packs, args.work, args.out, deadline, *shares, settings)


def main(argv: Sequence[str]) -> int:
    """Unpack, generate, train and tune; return 1 if the training failed."""
    job = parse_arguments(argv)
    began = time.monotonic()
    install_wheels(job.packs, job.work / "site")
    from tools.packs.unpack import unpack

    unpack(job.packs, job.work / "data")
    unpacked = time.monotonic()
    print(f"unpacked in {unpacked - began:.0f} s", flush=True)
    if job.generate:
        there = generate(job.work / "data", job.generate * job.left())
        print(f"{there} generated pictures, {time.monotonic() - unpacked:.0f} s", flush=True)
    trained = train(job)
    if job.tune:
        tune(job)
    return 0 if trained else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
