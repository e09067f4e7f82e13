"""Train on packs in so many minutes, on a machine without internet, and leave small files.

    python tools/train_pack.py pack-*.tar --minutes 60 --out OUT -- --batch 64 --crop 512

Unpacks what `tools/pack.py` wrote, makes pictures with text on all cores for a share of the time,
trains from the packed weights on all of them, and looks for thresholds on the validation split.
What follows `--` goes to `craftlite train`. It needs Python, torch, NumPy, OpenCV, Pillow, SciPy
and PyYAML; the other packages may travel in the packs as wheels.

OUT gets the averaged weights, also while the training runs, and `run.tar` with the log, the curves
and the card. Packs and pictures stay in --work: another run there, with more packs too, goes on
with the pictures that are there.
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
# Sides of the generated pictures, and words on one of 640x640.
SIDE, TYPICAL_WORDS = 640, 20
LOOK = 20.0  # seconds between looks at a training that runs
KILL = 15.0  # seconds that a training may take too long


@dataclass(frozen=True)
class Job:
    """What is done, where, and until when by `time.monotonic`."""

    packs: Sequence[Path]
    work: Path
    out: Path
    deadline: float
    generate: float
    tune: float
    synth: float
    settings: Sequence[str]

    def left(self) -> float:
        """Seconds that are left."""
        return self.deadline - time.monotonic()


def install_wheels(packs: Sequence[Path], site: Path) -> None:
    """Puts the packs' wheels into a folder that Python looks into, here and in its children."""
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
    """Makes pictures for so many seconds beside those that are there; how many there are then."""
    folder = data / GENERATED
    lines = folder / "words.jsonl"
    there = lines.read_text("utf-8").splitlines() if lines.is_file() else []
    workers = max(1, (os.cpu_count() or 2) - 1)
    until = time.time() + seconds
    # Numbers that a worker of an earlier run gave up halfway are left out.
    first = 1 + max((int(Path(json.loads(line)["image"]).stem) for line in there), default=-1)
    jobs = [(data, first + worker, workers, until) for worker in range(workers)]
    with get_context("spawn").Pool(workers) as pool:
        made = [line for part in pool.map(_make, jobs, chunksize=1) for line in part]
    from craftlite.files import write_whole

    folder.mkdir(parents=True, exist_ok=True)
    write_whole(lines, "".join(line + "\n" for line in [*there, *made]))
    return len(there) + len(made)


def _make(job: tuple[Path, int, int, float]) -> list[str]:
    """Makes every so-many-th picture until the time is up, one at least; gives their lines."""
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
    """The `craftlite train` options for the datasets: those of the packs and the generated one.

    synth: weight of the generated pictures, as a share of the weight of all.
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
    """Trains until the time but for the tuning's is up, and hands the weights out on the way."""
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
            print("the training took too long and was ended", file=sys.stderr)
            process.kill()
    hand_out(run, job.out)
    return process.returncode == 0


def hand_out(run: Path, out: Path) -> None:
    """Copies the weights of a run, and all that is small in it as one file."""
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
    """Looks for thresholds in the time that is left; what they are goes beside the weights."""
    mix = json.loads((job.work / "data" / "mix.json").read_text("utf-8"))
    run = job.work / RUN
    # ONNX is faster on a CPU; where it could not be exported, the best weights are there.
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
        print(f"no thresholds in time; to find them: {' '.join(command[2:])}", file=sys.stderr)
    hand_out(run, job.out)


def parse_arguments(argv: Sequence[str]) -> Job:
    """The command line's options."""
    own, settings = list(argv), []
    if "--" in own:
        place = own.index("--")
        own, settings = own[:place], own[place + 1 :]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("packs", nargs="+", type=Path, metavar="PACK", help="Files that tools/pack.py wrote.")
    minutes = "Time for everything together."
    add("--minutes", type=float, required=True, metavar="M", help=minutes)
    add("--out", type=Path, required=True, metavar="DIR", help="Folder for weights and log.")
    add("--work", type=Path, default=Path("work"), metavar="DIR", help="Folder for data.")
    generate = "Share of the time in which pictures are generated. Default: 0.15."
    add("--generate", type=float, default=0.15, metavar="SHARE", help=generate)
    tune = "Share of the time in which thresholds are searched. Default: 0.1."
    add("--tune", type=float, default=0.1, metavar="SHARE", help=tune)
    synth = "Share of the crops that are of generated pictures. Default: 0.3."
    add("--synth", type=float, default=0.3, metavar="SHARE", help=synth)
    args = parser.parse_args(own)
    deadline = time.monotonic() + 60 * args.minutes
    shares = args.generate, args.tune, args.synth
    return Job(args.packs, args.work, args.out, deadline, *shares, settings)


def main(argv: Sequence[str]) -> int:
    """Do it all, and say how long each part took."""
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
