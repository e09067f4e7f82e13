"""The interface between the training loop and a kind of training: network, loss, data, scores."""

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
    """The validation pictures, and how a network is scored on them."""

    @abstractmethod
    def seconds(self, model: nn.Module) -> float:
        """Estimate how long one validation takes."""

    @abstractmethod
    def figures(self, model: nn.Module) -> dict[str, float]:
        """Return a network's scores by name, for the log; puts it into eval mode."""

    @abstractmethod
    def score(self, figures: Mapping[str, float]) -> float:
        """Return the score that the best weights are chosen by; higher is better."""

    @abstractmethod
    def summary(self, figures: Mapping[str, float]) -> str:
        """Return the figures as a short text."""

    def draw(  # noqa: B027 - may do nothing
        self, out: Path, model: nn.Module, step: int, figures: Mapping[str, float]
    ) -> None:
        """Write pictures of the network's detections, with these figures, to the run's folder."""


class Task(ABC):
    """One kind of training, carried out by `train`.

    Attributes:
        recipe: the settings; a time limit or epochs are replaced by steps once these are known.
        datasets: names of the datasets; a resumed run must have the same ones.
        init: the file of weights to start from, or None for random ones.
        about: facts stored with the weights beside the network's name, as JSON values.
        validation: known after `open`; None if there are no validation pictures.
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
        """Estimate the time from the last step to the end, without saving."""
        return self.validation.seconds(model) if self.validation else 0.0

    @abstractmethod
    def build(self) -> nn.Module:
        """Return the network, with random weights and its backbone as `basenet`."""

    def optimiser(self, model: nn.Module) -> torch.optim.Optimizer:
        """Return the optimiser of the network's weights."""
        return optimiser_of(model, self.recipe)

    @abstractmethod
    def loss(self, outputs: Any, batch: Any) -> Losses:
        """Return the loss of the network's outputs for a batch."""

    @abstractmethod
    def batches(self, trainer: "Trainer", out: Path) -> Generator[Sequence[Any], None, None]:
        """Yield the parts of each remaining step: batches with a field `pictures`.

        out: the run's folder.
        """

    def forget(self, out: Path, step: int) -> None:  # noqa: B027 - most tasks leave no files
        """Remove files of `batches` that neither a run at `step` nor a resumed one will read."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Return the content of `config.yaml`: datasets, folders, starting weights, settings."""

    @abstractmethod
    def describe_datasets(self) -> list[dict[str, Any]]:
        """Return what `env.json` records about each dataset."""

    @abstractmethod
    def card(self, datasets: Sequence[Facts], lines: Sequence[Facts], steps: int) -> Card:
        """Return the content of `card.md` after `steps` steps.

        datasets: as in `env.json`. lines: the lines of the log.
        """
