"""Training a detector."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from torch import nn

from craftlite.crops.draw import Painter
from craftlite.data.loader import Batch, StepSampler
from craftlite.data.sources import Listed
from craftlite.model import DETECTORS, build_model
from craftlite.model.files import read_state
from craftlite.train.detector.card import detector_card
from craftlite.train.detector.conclusion import FEWEST, PASSES
from craftlite.train.detector.feed import crop_batches, painter_of
from craftlite.train.detector.loss import craft_loss
from craftlite.train.detector.mix import MixedSource, known_folders, open_mix, validation_samples
from craftlite.train.detector.pseudo_schedule import forget_labels, labelled
from craftlite.train.detector.teacher import read_teacher, taught_loss
from craftlite.train.detector.validate import WordScore
from craftlite.train.distributed import Group
from craftlite.train.precision import autocast
from craftlite.train.recipe import Recipe
from craftlite.train.records.card import Card, Facts
from craftlite.train.records.record import describe
from craftlite.train.task import Losses, Task
from craftlite.train.trainer import Trainer
from craftlite.weights import find_weights

TUNING = 0.2  # largest fraction of the time limit that choosing thresholds may take


@dataclass
class DetectorTask(Task):
    """A detector and the datasets that it learns from.

    Attributes:
        datasets: NAME or NAME:WEIGHT of each, mixed by weight.
        folders: the folder of each dataset, in the same order; the default is data/NAME.
        mix: the opened datasets, known after `open`.
        teacher: a network whose maps are a second target, or None; known after `open`.
    """

    recipe: Recipe
    datasets: Sequence[str] = ()
    folders: Sequence[Path] = ()
    init: Path | None = None
    mix: Sequence[MixedSource] = field(init=False)
    validation: WordScore | None = field(init=False)
    teacher: nn.Module | None = field(init=False, default=None)

    def open(self, group: Group) -> None:
        """Read the datasets and the teacher."""
        recipe = self.recipe
        self.mix = open_mix(self.datasets, self.folders)
        kept_apart = validation_samples(self.datasets, self.folders, recipe.validate_pictures)
        start = find_weights(self.init) if self.init else None
        self.validation = WordScore.of(kept_apart, recipe, start) if kept_apart else None
        self.teacher = read_teacher(recipe.teacher, group.device)

    def ending_seconds(self, model: nn.Module) -> float:
        """Estimate the time of the last validation, choosing thresholds, and the comparison.

        If the time limit is short, thresholds are chosen on fewer pictures.
        """
        if self.validation is None:
            return 0.0
        once, pictures = self.validation.seconds(model), len(self.validation.samples)
        sets = 2 if self.init else 1
        each = sets * PASSES * once / pictures
        affordable = int(TUNING * 60 * self.recipe.minutes / each)
        few = min(self.recipe.tune_pictures, pictures, affordable)
        few = few if affordable >= FEWEST else 0
        self.recipe = replace(self.recipe, tune_pictures=few)
        return once + few * each + (2 * sets - 1) * once

    def build(self) -> nn.Module:
        """Return the detector, with random weights."""
        return build_model(self.recipe.network)

    def loss(self, outputs: Any, batch: Batch) -> Losses:
        """Return the loss of both maps against the ground truth, and against any teacher's."""
        losses = craft_loss(outputs[0], batch.scores, batch.weight)
        if self.teacher is None:
            return losses
        with autocast(self.recipe, batch.pictures.device):
            return taught_loss(self.teacher, batch.pictures, outputs[0], losses)

    def batches(self, trainer: Trainer, out: Path) -> Generator[list[Any], None, None]:
        """Yield crops, with new pseudo-labels every `pseudo_every` steps."""
        # Decode the pictures now rather than in the first step.
        return self._batches(trainer, out, painter_of(self.recipe, self.mix, trainer.group))

    def _batches(
        self, trainer: Trainer, out: Path, painter: Painter | None
    ) -> Generator[list[Any], None, None]:
        recipe, group = self.recipe, trainer.group
        for first, last in periods(trainer.step, recipe.steps, recipe.pseudo_every):
            with trainer.clock.paused():
                mix = labelled(out, self.mix, trainer, recipe.pseudo_every, first)
            shares = recipe.batch, recipe.accumulate, group.rank, group.size
            sampler = StepSampler(first, last, *shares)
            with closing(crop_batches(mix, recipe, sampler, painter)) as stream:
                yield from stream

    def forget(self, out: Path, step: int) -> None:
        """Remove earlier pseudo-labels."""
        forget_labels(out, step, self.recipe.pseudo_every)

    def facts(self) -> dict[str, Any]:
        """Return the content of `config.yaml`."""
        return {
            "dataset": list(self.datasets),
            "data": [str(folder) for folder in known_folders(self.datasets, self.folders)],
            "init": self.init and str(self.init),
            **asdict(self.recipe),
        }

    def describe_datasets(self) -> list[dict[str, Any]]:
        """Return counts and fingerprint of each dataset."""
        names = (part.name for part in self.mix)
        samples = (p.source.samples if isinstance(p.source, Listed) else [] for p in self.mix)
        return [describe(*facts) for facts in zip_longest(names, self.folders, samples)]

    def card(self, datasets: Sequence[Facts], lines: Sequence[Facts], steps: int) -> Card:
        """Return the content of `card.md`."""
        return detector_card(
            self.recipe, self.datasets, self.init, datasets, lines, steps, self.validation
        )


def network_of(weights: Path | None) -> str:
    """Return the detector's name stored in weights; the default if there is none.

    Raises:
        WeightsError: the file cannot be read.
    """
    name = read_state(weights)[0] if weights else None
    return name if name in DETECTORS else Recipe.network


def periods(step: int, steps: int, every: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last step of each period with the same labels, from `step` to `steps`."""
    while step < steps:
        last = min(steps, step - step % every + every) if every else steps
        yield step, last
        step = last
