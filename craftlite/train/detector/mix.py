"""The datasets that a detector is trained and validated on."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile, zip_longest
from pathlib import Path

from craftlite.data import SYNTH
from craftlite.data.mix import folders_of, parse_mix
from craftlite.data.readers import has_validation, read_dataset
from craftlite.data.sample import Sample
from craftlite.data.sources import Source, check_pictures, open_source
from craftlite.errors import ConfigError


@dataclass(frozen=True)
class MixedSource:
    """An opened training dataset and its share of the crops; all shares sum to 1."""

    name: str
    source: Source
    share: float


def open_mix(datasets: Sequence[str], folders: Sequence[Path]) -> list[MixedSource]:
    """Open the datasets, each NAME or NAME:WEIGHT; the default folder is data/NAME.

    Raises:
        ConfigError: a dataset is unknown, or there are more folders than datasets.
        DatasetError: a dataset cannot be read.
    """
    names, shares = parse_mix(datasets)
    if len(folders) > len(names):
        raise ConfigError(f"{len(folders)} --data for {len(names)} --dataset")
    return [
        MixedSource(name, open_source(name, folder), share)
        for name, folder, share in zip_longest(names, folders, shares)
    ]


def validation_samples(
    datasets: Sequence[str], folders: Sequence[Path], count: int
) -> list[Sample]:
    """Return the first samples of the first validation split among the datasets, or an empty list.

    Raises:
        DatasetError: the split or the header of one of its pictures cannot be read.
    """
    names, _ = parse_mix(datasets)
    for name, folder in zip(names, folders_of(names, folders), strict=True):
        if has_validation(name, folder):
            samples = list(read_dataset(name, folder, "val").samples[:count])
            check_pictures(samples)
            return samples
    return []


def known_folders(datasets: Sequence[str], folders: Sequence[Path]) -> list[Path]:
    """Return the folders, and the default folders of the datasets after them, up to a `synth`."""
    missing = parse_mix(datasets)[0][len(folders) :]
    return [*folders, *(Path("data") / name for name in takewhile(SYNTH.__ne__, missing))]
