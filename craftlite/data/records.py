"""A dataset of any format as records of all splits, and what another format would lose."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from craftlite.data import DATASETS
from craftlite.data.annotations import Dataset, Problem
from craftlite.data.readers import read_dataset, splits_of
from craftlite.data.sample import Sample, Word
from craftlite.data.word_geometry import least_rectangle
from craftlite.errors import DatasetError
from craftlite.formats.record import Record, WordRecord, rounded
from craftlite.progress import write_line

_LOSSES = {
    "texts": "texts: {} are left out",
    "polygons": "polygons: {} become the smallest rectangles around them",
    "corners": "corners outside the picture: those of {} words are moved to its edge",
    "characters": "characters: those of {} words are left out",
    "pictures": "pictures without words: {} are left out",
    "splits": "splits: those of {} pictures are left out",
}


def read_splits(name: str, root: Path) -> tuple[dict[str, Sequence[Sample]], list[Problem]]:
    """Read the samples of each split of a dataset, or under "" if it has none; and its problems.

    Raises:
        DatasetError: a split that exists cannot be read; see `read_dataset`.
    """
    facts = DATASETS[name]
    if facts.own and not splits_of(name, root):
        whole = read_dataset(name, root, "train")
        return {"": whole.samples}, list(whole.problems)
    found: dict[str, Dataset] = {}
    missing: list[DatasetError] = []
    for split in facts.splits:
        try:
            found[split] = read_dataset(name, root, split)
        except DatasetError as error:
            if _is_there(name, root, split):
                raise
            missing.append(error)
    if not found:
        raise missing[0]
    for reason in () if facts.own else missing:
        write_line(f"warning: a split is left out: {str(reason).partition('; ')[0]}")
    problems = list(dict.fromkeys(one for dataset in found.values() for one in dataset.problems))
    samples = {split: dataset.samples for split, dataset in found.items() if dataset.samples}
    return samples, problems


def _is_there(name: str, root: Path, split: str) -> bool:
    """Return whether a dataset has a split, even if pictures of it are missing."""
    try:
        read_dataset(name, root, split, pictures=False, strict=False)
    except DatasetError:
        return False
    return True


def validation_names(names: Iterable[str], share: float) -> set[str]:
    """Choose a fraction (0..1) of pictures by a hash of their names, the same on every run.

    At least one is chosen, and at least one is left.
    """
    ordered = sorted(
        set(names), key=lambda name: hashlib.sha256(name.encode(errors="replace")).digest()
    )
    return set(ordered[: min(max(1, round(share * len(ordered))), len(ordered) - 1)])


def record_of(sample: Sample, split: str) -> Record:
    """Return the record of a sample whose picture is a file; `split` may be "".

    Raises:
        DatasetError: the picture's size cannot be read.
    """
    width, height = sample.size()
    words = [_word_record(word) for word in sample.words]
    entry: Record = {"image": str(sample.picture), "width": width, "height": height, "words": words}
    if split:
        entry["split"] = split
    return entry


def _word_record(word: Word) -> WordRecord:
    polygon = word.polygon
    quad = polygon if len(polygon) == 4 else least_rectangle(polygon)
    entry = WordRecord(quad=rounded(quad), polygon=rounded(polygon))
    if word.text is not None:
        entry["text"] = word.text
    if word.ignore:
        entry["ignore"] = True
    if word.characters is not None:
        entry["characters"] = rounded(word.characters)
        if word.confidence < 1:
            entry["confidence"] = word.confidence
    return entry


def losses(records: Sequence[Record], form: str, lacks: Iterable[str]) -> list[str]:
    """Return a sentence for each kind of information in the records that a format cannot hold."""
    words = [word for entry in records for word in entry["words"]]
    counts = {
        "texts": sum(1 for word in words if word.get("text")),
        "polygons": sum(len(word["polygon"]) != 4 for word in words),
        "corners": sum(_reach_out(word, entry) for entry in records for word in entry["words"]),
        "characters": sum("characters" in word for word in words),
        "pictures": sum(not entry["words"] for entry in records),
        "splits": sum("split" in entry for entry in records),
    }
    return [
        f"{form} cannot hold {_LOSSES[what].format(counts[what])}" for what in lacks if counts[what]
    ]


def _reach_out(word: WordRecord, entry: Record) -> bool:
    size = entry["width"], entry["height"]
    return any(not 0 <= v <= side for p in word["quad"] for v, side in zip(p, size, strict=True))
