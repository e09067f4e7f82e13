"""Gather what goes into packs: datasets, and the files that a training needs besides."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from craftlite.data import SYNTH
from craftlite.data.annotations import problem_lines
from craftlite.data.files.folder import PICTURE_SUFFIXES
from craftlite.data.mix import folders_of, parse_mix
from craftlite.data.readers import has_validation, read_dataset
from craftlite.data.sample import Sample
from craftlite.errors import ConfigError
from craftlite.files import sha256_of
from craftlite.model.files import read_model, read_state
from craftlite.model.torch_runtime import TorchRuntime
from craftlite.pseudo.labels import relabel
from craftlite.synth.typesetting.fonts import SUFFIXES as FONT_SUFFIXES
from craftlite.train.detector.pseudo_schedule import TRUSTED
from craftlite.weights import backbones, find_weights

START = "start.safetensors"


@dataclass(frozen=True)
class PackedDataset:
    """A dataset: its folder's name in the packs, its weight, and the samples of its splits."""

    name: str
    weight: float
    splits: dict[str, list[Sample]]

    @property
    def samples(self) -> list[Sample]:
        """Those of all splits."""
        return [*chain(*self.splits.values())]


@dataclass(frozen=True)
class Content:
    """All that goes into the packs; `files` are other ones than pictures, by their paths there."""

    datasets: Sequence[PackedDataset]
    files: Sequence[tuple[str, Path]]
    mix: bytes


def gather(args: argparse.Namespace) -> Content:
    """All that the options ask for.

    Raises:
        CraftliteError: something cannot be read, or an option makes no sense.
    """
    start = _torch_file("--init", args.init) if args.init else None
    finder = _torch_file("--characters", args.characters) if args.characters else None
    files = [
        *_files_of(args.wheels, "wheels", frozenset({".whl"})),
        *([(START, start)] if start else []),
        *_files_of(args.fonts, "fonts", FONT_SUFFIXES),
        *_files_of(args.backgrounds, "backgrounds", PICTURE_SUFFIXES),
    ]
    datasets = _read_datasets(args.dataset, args.data)
    labelled = _with_characters(datasets, finder) if finder else None
    facts = {
        "datasets": [{"name": one.name, "weight": one.weight} for one in datasets],
        "start": _facts_of(args.init, start),
        "characters": _facts_of(args.characters, finder) if labelled else None,
        "quality": args.quality,
        "val_quality": args.val_quality,
    }
    return Content(labelled or datasets, files, (json.dumps(facts, indent=2) + "\n").encode())


def _torch_file(option: str, name: str) -> Path:
    """The .safetensors file of weights that ship, or that file itself.

    Raises:
        ConfigError: they are in another format.
        WeightsError: there are no such weights.
    """
    if option == "--init" and name in backbones():
        return backbones()[name].file
    file = find_weights(name).torch
    if file is None or file.suffix != ".safetensors":
        raise ConfigError(f"{option} {name}: give a .safetensors file, or the name of one")
    return file


def _files_of(folder: Path | None, option: str, suffixes: frozenset[str]) -> list[tuple[str, Path]]:
    """The files in a folder and below it, with their paths in the packs; ConfigError if none."""
    if folder is None:
        return []
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in suffixes and p.is_file())
    if not found:
        raise ConfigError(f"--{option} {folder}: holds no {', '.join(sorted(suffixes))} file")
    return [(f"{option}/{path.relative_to(folder).as_posix()}", path) for path in found]


def _facts_of(name: str | None, file: Path | None) -> dict[str, str] | None:
    """The entry of weights in mix.json."""
    if name is None or file is None:
        return None
    digest = sha256_of(file)
    return {"weights": Path(name).name, "network": read_state(file)[0], "sha256": digest}


def _read_datasets(entries: Sequence[str], folders: Sequence[Path]) -> list[PackedDataset]:
    """The datasets with the splits that a training reads: train, and val where there is one.

    Raises:
        ConfigError: a dataset is unknown or made on the fly, or there are more folders than names.
        DatasetError: a dataset cannot be read.
    """
    names, _ = parse_mix(entries)
    if SYNTH in names:
        raise ConfigError(f"{SYNTH} is made where it is trained on; give its --backgrounds alone")
    places = folders_of(names, folders)
    datasets = []
    for number, (entry, name, folder) in enumerate(zip(entries, names, places, strict=True), 1):
        weight = float(entry.partition(":")[2] or 1)
        splits = {"train": _read_split(name, folder, "train")}
        if has_validation(name, folder):
            splits["val"] = _read_split(name, folder, "val")
        datasets.append(PackedDataset(f"{number}-{name}", weight, splits))
    return datasets


def _read_split(name: str, folder: Path, split: str) -> list[Sample]:
    """Read one split of a dataset; problems in it are printed to stderr."""
    dataset = read_dataset(name, folder, split)
    for line in problem_lines(dataset.problems):
        print(f"{name}: {line}", file=sys.stderr)
    return list(dataset.samples)


def _with_characters(datasets: Sequence[PackedDataset], file: Path) -> list[PackedDataset] | None:
    """The datasets with the characters that a network finds in words to train on.

    None if they fit the texts of so few words that training would not use them. Words to validate
    on are not changed, so that the loss on them stays comparable.
    """
    runtime = TorchRuntime(*read_model(file))
    labelled, fits = [], []
    for dataset in datasets:
        if dataset.weight:
            before = dataset.splits["train"]
            after = relabel(before, runtime)
            fits += _have_characters(before, after)
            dataset = replace(dataset, splits=dataset.splits | {"train": after})
        labelled.append(dataset)
    share = sum(fits) / len(fits) if fits else 1.0
    poor = share < TRUSTED
    note = f" (< {TRUSTED:.0%}): characters are left unknown" if poor else ""
    print(f"words whose characters fit their text: {share:.1%}{note}", file=sys.stderr)
    return None if poor else labelled


def _have_characters(before: Sequence[Sample], after: Sequence[Sample]) -> list[bool]:
    """For each word that had a text and unknown characters, whether some were found."""
    return [
        new.characters is not None
        for was, now in zip(before, after, strict=True)
        for word, new in zip(was.words, now.words, strict=True)
        if word.text and not word.ignore and word.characters is None
    ]
