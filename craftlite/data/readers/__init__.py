"""The datasets that can be read, by the name that `--dataset` takes."""

from collections.abc import Callable
from pathlib import Path

from craftlite.data.readers.folder import Dataset
from craftlite.data.readers.icdar import read_icdar13, read_icdar15
from craftlite.data.readers.quads import read_quads
from craftlite.errors import DatasetError

READERS: dict[str, Callable[[Path, str, bool], Dataset]] = {
    "icdar13": read_icdar13,
    "icdar15": read_icdar15,
    "quads": read_quads,
}

__all__ = ["READERS", "Dataset", "read_dataset"]


def read_dataset(name: str, root: Path, split: str, *, pictures: bool = True) -> Dataset:
    """The pictures of one split with their words, sorted by number; no picture is opened yet.

    Args:
        name: one of READERS.
        root: the folder that holds the dataset in its own layout.
        split: "train", "val" or "test".
        pictures: whether every picture must be there. Without, the ground truth alone is enough
            and a missing picture's path is the one it would have.

    Raises:
        DatasetError: the name or split is unknown, a folder, picture or ground-truth file is
            missing, or a line of ground truth cannot be read.
    """
    if name not in READERS:
        raise DatasetError(f"dataset {name!r} is unknown; known: {', '.join(READERS)}")
    return READERS[name](Path(root), split, pictures)
