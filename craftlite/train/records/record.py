"""The record of a training: its settings, and the machine and data that it ran on."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import yaml

import craftlite
from craftlite.data.fingerprint import fingerprint
from craftlite.data.sample import Sample
from craftlite.files import cpu_model, write_whole

HEADER = "# Settings of this training. To repeat it, give --recipe {name} and another --out.\n"
PACKAGE = Path(craftlite.__file__).resolve().parent
GIT_SECONDS = 20


def write_config(path: Path, facts: Mapping[str, Any]) -> None:
    """Write a run's settings as YAML that `craftlite train --recipe` takes.

    facts: `dataset` (a list of NAME or NAME:WEIGHT), `data` (their folders), `init` (a file or
    None), then the settings of the recipe. Their order is kept. Paths are made absolute, so that
    the file can be used from any folder.

    Raises:
        CraftliteError: the file cannot be written.
    """
    plain = dict(facts)
    plain["data"] = [str(Path(folder).absolute()) for folder in facts.get("data") or []]
    if facts.get("init") is not None:
        plain["init"] = str(Path(facts["init"]).absolute())
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=None)
    write_whole(path, HEADER.format(name=path.name) + text)


def environment(datasets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return versions, machine, commit and the facts about the datasets, ready for JSON."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": {
            "craftlite": craftlite.__version__,
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "numpy": np.__version__,
            "opencv": cv2.__version__,
        },
        "platform": platform.platform(),
        "cpu": {"model": cpu_model(), "cores": os.cpu_count()},
        "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "git": checkout(PACKAGE),
        "datasets": list(datasets),
    }


def describe(name: str, folder: Path | None, samples: Sequence[Sample]) -> dict[str, Any]:
    """Return counts and fingerprint of a dataset, or only name and folder if it has no samples.

    Text generated on the fly has no samples. Two trainings with the same `sha256` saw the same
    data.
    """
    facts: dict[str, Any] = {"name": name, "folder": None if folder is None else str(folder)}
    if not samples:
        return facts
    words = [word for sample in samples for word in sample.words]
    return facts | {
        "pictures": len(samples),
        "words": len(words),
        "legible_words": sum(not word.ignore for word in words),
        "sha256": fingerprint(samples),
    }


def checkout(package: Path) -> dict[str, Any] | None:
    """Return the git commit that a package was checked out at, and whether files differ from it.

    None if git or a checkout is missing, or if the package is not tracked by the checkout, as when
    a virtual environment lies in another project's folder.
    """
    tracked = _git(package, "ls-files", "--error-unmatch", "__init__.py")
    commit = _git(package, "rev-parse", "HEAD")
    changes = _git(package, "status", "--porcelain")
    if tracked is None or commit is None:
        return None
    return {"commit": commit, "dirty": bool(changes)}


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git prints, or None if it fails or is not installed."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
