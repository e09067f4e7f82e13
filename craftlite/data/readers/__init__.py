"""The readers of datasets, by the name that `--dataset` takes.

Each module has LAYOUTS, the files that it expects for each of its datasets, and for each a
function `read_NAME(root, split, need_pictures)` that returns the Dataset. It raises a DatasetError
if a folder, file or picture is missing; anything else is recorded as a problem of the Dataset.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

from craftlite.data import DATASETS
from craftlite.data.annotations import (
    UNREADABLE,
    Dataset,
    Problem,
    corner_problems,
    first_lines,
    text_problems,
)
from craftlite.data.files.labelled import named_splits
from craftlite.errors import DatasetError


def reader_of(name: str) -> Any:
    """Return the module that reads a dataset, one of DATASETS."""
    facts = DATASETS[name]
    room = "own" if facts.own else "competitions"
    return import_module(f"craftlite.data.readers.{room}.{facts.reader}")


def read_dataset(
    name: str, root: Path, split: str, *, pictures: bool = True, strict: bool = True
) -> Dataset:
    """Read the pictures of one split with their words, without decoding any picture.

    Args:
        name: one of DATASETS.
        root: the folder that holds the dataset in its own layout.
        split: "train", "val" or "test".
        pictures: whether every picture must exist. If not, the ground truth alone is enough, and a
            missing picture gets the path that it would have.
        strict: whether unreadable ground truth is an error. If not, it is left out and listed among
            the problems.

    Raises:
        DatasetError: the name or split is unknown, a folder, picture or file of ground truth is
            missing, or, if strict, ground truth cannot be read.
    """
    if name not in DATASETS:
        raise DatasetError(f"dataset {name!r} is unknown; known: {', '.join(DATASETS)}")
    facts = DATASETS[name]
    if split not in facts.splits:
        raise DatasetError(f"{name} has no split {split!r}; it has {', '.join(facts.splits)}")
    with naming_layout(name):
        read = getattr(reader_of(name), f"read_{name}")
        dataset: Dataset = read(Path(root), split, pictures)
    if strict:
        refuse_unreadable(dataset.problems)
    whole = [check(str(root), dataset.samples) for check in (corner_problems, text_problems)]
    return replace(dataset, problems=[*dataset.problems, *chain(*whole)])


def has_validation(name: str, root: Path) -> bool:
    """Return whether a dataset has validation pictures; the user's own data needs labels for it."""
    return name in DATASETS and "val" in splits_of(name, root)


def splits_of(name: str, root: Path) -> set[str]:
    """Return the splits of a dataset; for the user's own data, the splits named by its labels.

    Raises:
        DatasetError: there are no labels.
    """
    facts = DATASETS[name]
    if not facts.own:
        return set(facts.splits)
    reader = getattr(reader_of(name), "labelled", None)
    with naming_layout(name):
        return named_splits(reader, root) if reader else set()


def refuse_unreadable(problems: Iterable[Problem]) -> None:
    """Raise a DatasetError listing the first places of ground truth that cannot be read, if any."""
    unreadable = [problem for problem in problems if problem.what == UNREADABLE]
    if unreadable:
        first, *others = unreadable
        places = [f"{first.where}: {first.found}", *(problem.where for problem in others)]
        raise DatasetError("\n".join(first_lines(places)))


@contextmanager
def naming_layout(name: str) -> Iterator[None]:
    """Add the expected layout of the dataset to any DatasetError raised in the block."""
    try:
        yield
    except DatasetError as error:
        layout = "\n  ".join([f"{name} is expected as", *reader_of(name).LAYOUTS[name]])
        raise DatasetError(f"{error}; {layout}") from error
