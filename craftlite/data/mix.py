"""The mix of datasets given by `--dataset` and `--data`: names, shares and folders."""

from collections.abc import Sequence
from pathlib import Path

from craftlite.data import DATASETS, SYNTH
from craftlite.errors import ConfigError


def parse_mix(datasets: Sequence[str]) -> tuple[list[str], list[float]]:
    """Return names and shares (summing to 1) of NAME or NAME:WEIGHT entries.

    A dataset of weight 0 is not trained on; it is given for its validation split.

    Raises:
        ConfigError: a name is unknown, a weight is negative or not a number, or all are 0.
    """
    known = (*DATASETS, SYNTH)
    names, weights = [], []
    for entry in datasets:
        name, _, weight = entry.partition(":")
        if name not in known:
            raise ConfigError(f"--dataset {entry}: no such dataset; known: {', '.join(known)}")
        try:
            weights.append(float(weight or 1))
        except ValueError:
            weights.append(-1.0)
        if not 0 <= weights[-1] < float("inf"):
            raise ConfigError(f"--dataset {entry}: the weight after ':' must be a number >= 0")
        names.append(name)
    if not sum(weights):
        raise ConfigError(f"--dataset {' '.join(datasets)}: at least one weight must be above 0")
    return names, [weight / sum(weights) for weight in weights]


def folders_of(names: Sequence[str], folders: Sequence[Path]) -> list[Path]:
    """Return the folder of each dataset; the default is data/NAME.

    Raises:
        ConfigError: there are more folders than datasets.
    """
    if len(folders) > len(names):
        raise ConfigError(f"{len(folders)} --data for {len(names)} --dataset")
    return [*folders, *(Path("data") / name for name in names[len(folders) :])]
