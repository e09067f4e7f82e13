"""Datasets that tests write, and what their problems look like."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from craftlite.data.annotations import Dataset

PICTURE = None


def write(root: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """Files of text, bytes, or a picture of 6x4 pixels, by their paths in `root`; returns it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is PICTURE:
            Image.new("RGB", (6, 4)).save(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def problems(dataset: Dataset, root: Path) -> list[tuple[str, str]]:
    """Place, counted from `root`, and kind of each problem."""
    return [(p.where.removeprefix(f"{root}/"), p.what) for p in dataset.problems]
