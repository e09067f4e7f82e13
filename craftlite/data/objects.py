"""Pictures with objects of several classes, in Pascal VOC's layout."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from craftlite.data.annotations import NO_BOX, IssueLog, Problem, UnreadableError, corners
from craftlite.data.files.labelled import (
    LabelledPicture,
    LabelledWord,
    named_splits,
    read_pictures,
)
from craftlite.data.readers import naming_layout, refuse_unreadable
from craftlite.data.readers.own.voc import labelled
from craftlite.errors import DatasetError
from craftlite.geometry import Points, box

LAYOUT = "voc"


class ObjectPicture(NamedTuple):
    """A picture and its N objects.

    Attributes:
        name: of the file, without folder and suffix.
        path: the file.
        boxes: (N, 4) float32: left, top, right and bottom in pixels of the stored picture.
        labels: N names of classes.
        difficult: (N,) bool: not trained on, and not counted as missed if not found.
    """

    name: str
    path: Path
    boxes: Points
    labels: tuple[str, ...]
    difficult: npt.NDArray[np.bool_]


class ObjectSet(NamedTuple):
    """A split: its pictures, and the problems of its ground truth that are not errors."""

    pictures: Sequence[ObjectPicture]
    problems: Sequence[Problem]

    def classes(self) -> list[str]:
        """Return the names of all classes, sorted."""
        return sorted({label for picture in self.pictures for label in picture.labels})


def read_objects(root: Path, split: str) -> ObjectSet:
    """Read a split of a folder in Pascal VOC's layout, without decoding any picture.

    split: "train", "val" or "test"; each is the whole dataset if ImageSets/Main names none.

    Raises:
        DatasetError: a folder, file or picture is missing, there is no object, or an annotation
            cannot be read; the message names file and line, and what was found and expected.
    """
    with naming_layout(LAYOUT):
        found, notes = read_pictures(labelled, root, split, need_pictures=True)
    pictures = [_picture(one, notes) for one in found]
    refuse_unreadable(notes.problems)
    if not any(picture.labels for picture in pictures):
        raise DatasetError(f"{root}: the split {split!r} has {len(pictures)} pictures, no objects")
    return ObjectSet(pictures, notes.problems)


def names_splits(root: Path) -> bool:
    """Return whether a folder has separate pictures for validation."""
    with naming_layout(LAYOUT):
        return "val" in named_splits(labelled, root)


def _picture(one: LabelledPicture, notes: IssueLog) -> ObjectPicture:
    """Return a picture with those of its objects that have a positive area."""
    kept, boxes = [], []
    for entry in one.words:
        with notes.catching():
            sides = _box(entry)
            if (sides[:2] < sides[2:]).all():
                kept.append(entry)
                boxes.append(sides)
            else:
                notes.note(entry.where, NO_BOX, corners(entry.annotation.outline))
    labels = tuple(entry.label for entry in kept)
    difficult = np.array([entry.annotation.ignore for entry in kept], bool)
    return ObjectPicture(
        one.name, one.path, np.array(boxes, np.float32).reshape(-1, 4), labels, difficult
    )


def _box(entry: LabelledWord) -> Points:
    """Return left, top, right and bottom (4,) of an object."""
    if not entry.label:
        raise UnreadableError(entry.where, "<object>", "the name of its class in <name>")
    outline = entry.annotation.outline
    sides = np.concatenate([outline[0], outline[2]])
    if not np.array_equal(outline, box(*sides)):
        return np.concatenate([outline.min(axis=0), outline.max(axis=0)])
    if (sides[:2] > sides[2:]).any():
        expected = "a box whose xmin is not above xmax, nor ymin above ymax"
        raise UnreadableError(entry.where, corners(outline), expected)
    return sides
