"""The datasets that can be read, by the name that `--dataset` takes.

A module here has LAYOUTS, the files that it expects for each of its datasets, and for each a
function `read_NAME(root, split, need_pictures)` that gives the Dataset. That raises a DatasetError
where a folder, file or picture is missing; whatever else is wrong is one of the Dataset's problems.
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
    """The module that reads the datasets of a name, one of DATASETS."""
    facts = DATASETS[name]
    room = "own" if facts.own else "competitions"
    return import_module(f"craftlite.data.readers.{room}.{facts.reader}")


def read_dataset(
    name: str, root: Path, split: str, *, pictures: bool = True, strict: bool = True
) -> Dataset:
    """The pictures of one split with their words; no picture's pixels are read yet.

    Args:
        name: one of DATASETS.
        root: the folder that holds the dataset in its own layout.
        split: "train", "val" or "test".
        pictures: whether every picture must be there. Without, the ground truth alone is enough
            and a missing picture's path is the one it would have.
        strict: whether ground truth that cannot be read is an error. Without, it is left out and
            listed among the problems.

    Raises:
        DatasetError: the name or split is unknown, a folder, picture or file of ground truth is
            missing, or, where strict, ground truth cannot be read.
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
    """Whether a dataset has pictures set apart for validation: one's own where a label says so."""
    return name in DATASETS and "val" in splits_of(name, root)


def splits_of(name: str, root: Path) -> set[str]:
    """The splits of a dataset: of one's own those that labels name, none where each is the whole.

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
    """Raises a DatasetError with the first places of ground truth that cannot be read."""
    unreadable = [problem for problem in problems if problem.what == UNREADABLE]
    if unreadable:
        first, *others = unreadable
        places = [f"{first.where}: {first.found}", *(problem.where for problem in others)]
        raise DatasetError("\n".join(first_lines(places)))


@contextmanager
def naming_layout(name: str) -> Iterator[None]:
    """Adds to a DatasetError how the dataset is expected to be laid out."""
    try:
        yield
    except DatasetError as error:
        layout = "\n  ".join([f"{name} is expected as", *reader_of(name).LAYOUTS[name]])
        raise DatasetError(f"{error}; {layout}") from error
