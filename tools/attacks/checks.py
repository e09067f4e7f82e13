"""What a stopped command may leave, and what it must have written once it is continued."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from tools.attacks.jobs import Job, ended, start, undisturbed
from tools.attacks.worker import Broken


def resumed(job: Job, shared: Path, out: Path) -> None:
    """Finish a job, and compare what it wrote with what an undisturbed run does.

    Raises:
        Broken: it fails, or its files are others.
    """
    code, said = ended(start(job, shared, out, resume=True))
    if code:
        raise Broken(f"{job.name}: --resume ends with {code}\n{said}")
    expected = undisturbed(job, shared).folder
    for name in sorted(named(expected, job.same)):
        if not (out / name).exists():
            raise Broken(f"{job.name}: after --resume {name} is missing\n{said}")
        if _content(out / name) != _content(expected / name):
            raise Broken(f"{job.name}: after --resume {name} is not what an undisturbed run writes")
    if job.same == ("**/*",) and (more := named(out, job.same) - named(expected, job.same)):
        raise Broken(f"{job.name}: after --resume there is {min(more)} too")


def _content(path: Path) -> Any:
    """What must be the same however often a job was stopped.

    A picture that failed on a full disk is done last: lists of results are compared in no order.
    """
    if path.name in ("results.jsonl", "results.csv"):
        return sorted(path.read_bytes().splitlines())
    if path.name == "coco.json":
        facts = json.loads(path.read_text("utf-8"))
        names = {image.pop("id"): image["file_name"] for image in facts["images"]}
        found = facts["annotations"]
        words = [word | {"id": 0, "image_id": names[word["image_id"]]} for word in found]
        return [sorted(map(json.dumps, entries)) for entries in (facts["images"], words)]
    return path.read_bytes()


def check_stopped(job: Job, shared: Path, out: Path) -> None:
    """Look at what a stopped job left.

    Raises:
        Broken: a file that is not whole stands under its final name.
    """
    expected = undisturbed(job, shared).folder
    settled = named(out, job.settled)
    for name in sorted(named(out, ("**/*",))):
        path = out / name
        if name in settled:
            if not (expected / name).exists():
                raise Broken(f"{job.name}: stopped, {name} stands, which is none of its files")
            if path.read_bytes() != (expected / name).read_bytes():
                raise Broken(f"{job.name}: stopped, {name} is not what it is in the end")
            continue
        try:
            check_whole(path, grows=name in job.growing)
        except Exception as error:
            raise Broken(f"{job.name}: stopped, {name} is not whole\n{error!r}") from error


def named(folder: Path, patterns: tuple[str, ...]) -> set[str]:
    """The files below a folder that fit the patterns, but for those with a name for the time."""
    files = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    return {
        str(path.relative_to(folder))
        for path in files
        if path.suffix != ".tmp" and "events" not in path.relative_to(folder).parts
    }


def check_whole(path: Path, *, grows: bool) -> None:
    """Raises some exception where a file cannot be what its suffix says."""
    if grows:
        for line in path.read_text("utf-8").split("\n")[:-1]:
            json.loads(line)
        return
    READERS.get(path.suffix, _not_cut)(path)


def _not_cut(path: Path) -> None:
    if path.suffix in (".csv", ".md", ".jsonl", ".txt") and not path.read_bytes().endswith(b"\n"):
        raise ValueError("the last line has no end")


def _tensors(path: Path) -> None:
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        for key in file.keys():  # noqa: SIM118
            file.get_tensor(key)


def _checkpoint(path: Path) -> None:
    from craftlite.train.checkpoint import load_checkpoint

    load_checkpoint(path)


READERS: dict[str, Callable[[Path], Any]] = {
    ".json": lambda path: json.loads(path.read_text("utf-8")),
    ".yaml": lambda path: yaml.safe_load(path.read_text("utf-8")),
    ".jpg": lambda path: Image.open(path).load(),
    ".png": lambda path: Image.open(path).load(),
    ".safetensors": _tensors,
    ".pt": _checkpoint,
}
