"""What a training is: the settings, the datasets, and the folder that it writes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from craftlite.data import SYNTH
from craftlite.data.mix import folders_of, parse_mix
from craftlite.data.readers import has_validation, read_dataset
from craftlite.data.sample import Sample
from craftlite.data.sources import Source, open_source
from craftlite.errors import ConfigError
from craftlite.train.recipe import Recipe


@dataclass(frozen=True)
class Mix:
    """The opened datasets of a training, by name, and their shares of the crops (sum 1)."""

    names: list[str]
    sources: list[Source]
    shares: list[float]


@dataclass(frozen=True)
class Run:
    """What is trained on what, and where it is written.

    Attributes:
        recipe: the settings.
        datasets: NAME or NAME:WEIGHT, mixed by weight.
        folders: where each dataset lies, in the same order; those that are missing are data/NAME.
        out: the run's folder.
        init: weights to start from, or None.
    """

    recipe: Recipe
    datasets: Sequence[str]
    folders: Sequence[Path]
    out: Path
    init: Path | None = None

    def open_mix(self) -> Mix:
        """The datasets, opened.

        Raises:
            ConfigError: a dataset is unknown, or there are more folders than datasets.
            DatasetError: a dataset cannot be read.
        """
        names, shares = parse_mix(self.datasets)
        if len(self.folders) > len(names):
            raise ConfigError(f"{len(self.folders)} --data for {len(names)} --dataset")
        pairs = zip_longest(names, self.folders)
        return Mix(names, [open_source(name, folder) for name, folder in pairs], shares)

    def validation_samples(self) -> list[Sample]:
        """The validation split of the first dataset that has one; empty where none has."""
        names, _ = parse_mix(self.datasets)
        for name, folder in zip(names, folders_of(names, self.folders), strict=True):
            if has_validation(name, folder):
                samples = read_dataset(name, folder, "val").samples
                return list(samples[: self.recipe.validate_pictures])
        return []

    def _known_folders(self) -> list[Path]:
        """The folders, those that were left to their default too, up to a synth without one."""
        folders = list(self.folders)
        for name in parse_mix(self.datasets)[0][len(folders) :]:
            if name == SYNTH:
                break
            folders.append(Path("data") / name)
        return folders

    def facts(self) -> dict[str, Any]:
        """The run as a record that a person can read."""
        return {
            "dataset": list(self.datasets),
            "data": [str(folder) for folder in self._known_folders()],
            "init": self.init and str(self.init),
            **asdict(self.recipe),
        }
