"""The datasets that can be read, by the name that `--dataset` takes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from craftlite.data.dataset import UNREADABLE, Dataset, Problem, odd_starts
from craftlite.data.readers.art import read_art, read_lsvt
from craftlite.data.readers.ctw1500 import read_ctw1500
from craftlite.data.readers.icdar13 import read_icdar13
from craftlite.data.readers.icdar15 import read_icdar15
from craftlite.data.readers.icdar2003 import read_icdar2003
from craftlite.data.readers.mlt import read_mlt17, read_mlt19
from craftlite.data.readers.quads import read_quads
from craftlite.data.readers.synthtext import read_synthtext
from craftlite.data.readers.td500 import read_td500
from craftlite.data.readers.textocr import read_cocotext, read_textocr
from craftlite.data.readers.totaltext import read_totaltext
from craftlite.data.readers.words import read_words
from craftlite.errors import DatasetError

READERS: dict[str, Callable[[Path, str, bool], Dataset]] = {
    "icdar13": read_icdar13,
    "icdar15": read_icdar15,
    "icdar2003": read_icdar2003,
    "mlt17": read_mlt17,
    "mlt19": read_mlt19,
    "totaltext": read_totaltext,
    "ctw1500": read_ctw1500,
    "td500": read_td500,
    "art": read_art,
    "lsvt": read_lsvt,
    "textocr": read_textocr,
    "cocotext": read_cocotext,
    "synthtext": read_synthtext,
    "words": read_words,
    "quads": read_quads,
}
PLACES_SHOWN = 10

__all__ = ["READERS", "Dataset", "read_dataset"]


def read_dataset(
    name: str, root: Path, split: str, *, pictures: bool = True, strict: bool = True
) -> Dataset:
    """The pictures of one split with their words; no picture's pixels are read yet.

    Args:
        name: one of READERS.
        root: the folder that holds the dataset in its own layout.
        split: "train", "val" or "test".
        pictures: whether every picture must be there. Without, the ground truth alone is enough
            and a missing picture's path is the one it would have.
        strict: whether ground truth that cannot be read is an error. Without, it is left out and
            told among the problems.

    Raises:
        DatasetError: the name or split is unknown, a folder, picture or file of ground truth is
            missing, or, where strict, ground truth cannot be read.
    """
    if name not in READERS:
        raise DatasetError(f"dataset {name!r} is unknown; known: {', '.join(READERS)}")
    dataset = READERS[name](Path(root), split, pictures)
    unreadable = [problem for problem in dataset.problems if problem.what == UNREADABLE]
    if strict and unreadable:
        raise DatasetError(_told(unreadable))
    return replace(dataset, problems=[*dataset.problems, *odd_starts(str(root), dataset.samples)])


def _told(unreadable: Sequence[Problem]) -> str:
    """The first place with what was found and expected, then the places of some more."""
    first, *others = unreadable
    lines = [f"{first.where}: {first.found}"]
    lines += [problem.where for problem in others[: PLACES_SHOWN - 1]]
    hidden = len(unreadable) - PLACES_SHOWN
    return "\n".join([*lines, f"and {hidden} more"] if hidden > 0 else lines)
