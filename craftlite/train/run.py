"""What a training is: the settings, the datasets, and the folder that it writes."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

from craftlite.data.readers import read_dataset
from craftlite.data.readers.words import names_split
from craftlite.data.sample import Sample
from craftlite.data.sources import Source, open_source, parse_mix
from craftlite.errors import ConfigError
from craftlite.train.recipe import Recipe

# Datasets with a validation split of their own; `words` has one where its file names it.
WITH_VALIDATION = ("icdar15", "mlt17", "textocr", "cocotext")


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

    def open_sources(self) -> tuple[list[Source], list[float]]:
        """The datasets, opened, and their shares of the crops."""
        names, shares = parse_mix(self.datasets)
        if len(self.folders) > len(names):
            raise ConfigError(f"{len(self.folders)} --data for {len(names)} --dataset")
        folders = [*self.folders, *[None] * (len(names) - len(self.folders))]
        return [open_source(n, f) for n, f in zip(names, folders, strict=True)], shares

    def validation_samples(self) -> list[Sample]:
        """The validation split of the first dataset that has one; empty where none has."""
        names, _ = parse_mix(self.datasets)
        for name, folder in zip_longest(names, self.folders):
            folder = folder or Path("data") / name
            if name in WITH_VALIDATION or (name == "words" and names_split(folder, "val")):
                samples = read_dataset(name, folder, "val").samples
                return list(samples[: self.recipe.validate_pictures])
        return []

    def to_json(self) -> str:
        """The run as a record that a person can read."""
        facts = {"datasets": list(self.datasets), "init": self.init and str(self.init)}
        return json.dumps(facts | asdict(self.recipe), indent=2) + "\n"
