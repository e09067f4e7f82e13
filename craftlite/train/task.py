"""What a training must know of what it trains: the network, its loss, its data, its validation."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from craftlite.train.distributed import Group
from craftlite.train.optimiser import optimiser_of
from craftlite.train.recipe import Settings
from craftlite.train.records.card import Card, Facts

if TYPE_CHECKING:
    from craftlite.train.trainer import Trainer

# The terms of a loss by name, each a scalar tensor; "loss" is the sum that is minimised.
Losses = dict[str, Tensor]


class Validation(ABC):
    """Pictures that are kept apart, and how a network is judged by them."""

    @abstractmethod
    def seconds(self, model: nn.Module) -> float:
        """About how long one validation takes."""

    @abstractmethod
    def figures(self, model: nn.Module) -> dict[str, float]:
        """How good a network is, by name, for the log; it is put into eval mode."""

    @abstractmethod
    def score(self, figures: Mapping[str, float]) -> float:
        """What the best weights are the best by, the higher the better."""

    @abstractmethod
    def summary(self, figures: Mapping[str, float]) -> str:
        """The figures in a few words."""

    def draw(  # noqa: B027 - may be nothing
        self, out: Path, model: nn.Module, step: int, figures: Mapping[str, float]
    ) -> None:
        """Write pictures of what the network finds, with these figures, into the run's folder."""


class Task(ABC):
    """One kind of training, for `train` to carry out.

    Attributes:
        recipe: the settings; a budget in minutes and an epoch become steps once they are known.
        datasets: their names, by which a resumed run is known to be the same.
        init: the file of weights to start from, or None for random ones.
        about: what files of weights hold beside the network's name, as JSON has it.
        validation: known after `open`; None without pictures that are kept apart.
    """

    recipe: Settings
    datasets: Sequence[str]
    init: Path | None
    about: Mapping[str, Any] = MappingProxyType({})
    validation: Validation | None

    @abstractmethod
    def open(self, group: Group) -> None:
        """Read the datasets.

        Raises:
            ConfigError: the settings do not fit together.
            DatasetError: a dataset cannot be read.
        """

    def ending_seconds(self, model: nn.Module) -> float:
        """About how long it takes from the last step to the end, saving left out."""
        return self.validation.seconds(model) if self.validation else 0.0

    @abstractmethod
    def build(self) -> nn.Module:
        """The network, with random weights and its backbone as `basenet`."""

    def optimiser(self, model: nn.Module) -> torch.optim.Optimizer:
        """What moves the weights."""
        return optimiser_of(model, self.recipe)

    @abstractmethod
    def loss(self, outputs: Any, batch: Any) -> Losses:
        """The loss of what the network gives for a batch's pictures."""

    @abstractmethod
    def batches(self, trainer: "Trainer", out: Path) -> Generator[Sequence[Any], None, None]:
        """For each step, from the trainer's on, its parts: batches that hold `pictures`.

        out: the run's folder.
        """

    def forget(self, out: Path, step: int) -> None:  # noqa: B027 - most tasks leave nothing
        """Remove files of `batches` that neither a run at `step` nor a resumed one will read."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What `config.yaml` holds: the datasets, their folders, the start, the settings."""

    @abstractmethod
    def describe_datasets(self) -> list[dict[str, Any]]:
        """What `env.json` holds of each dataset."""

    @abstractmethod
    def card(self, datasets: Sequence[Facts], lines: Sequence[Facts], steps: int) -> Card:
        """The content of `card.md` after so many steps.

        datasets: as `env.json` holds them. lines: of the log.
        """
