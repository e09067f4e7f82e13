"""Pretraining a backbone as a classifier."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import nn
from torch.nn.functional import cross_entropy
from torchvision.datasets import ImageFolder

from craftlite.data.loader import StepSampler, batches
from craftlite.errors import ConfigError, DatasetError
from craftlite.model import CLASSIFIERS, build_model
from craftlite.progress import write_line
from craftlite.train.classifier.card import classifier_card
from craftlite.train.classifier.pictures import Batch, Pictures, read_splits
from craftlite.train.classifier.validate import TopErrors
from craftlite.train.distributed import Group
from craftlite.train.recipe import PretrainRecipe
from craftlite.train.records.card import Card, Facts
from craftlite.train.task import Losses, Task
from craftlite.train.trainer import Trainer

MOST_UNREADABLE = 0.01  # of the training pictures


@dataclass
class ClassifierTask(Task):
    """A backbone with a classification head, and the folder of pictures that it learns from.

    Attributes:
        recipe: the settings; `open` converts its epochs to steps.
        data: the folder of pictures.
        train, val: the splits, known after `open`.

    Raises:
        ConfigError: the backbone is unknown.
    """

    recipe: PretrainRecipe
    data: Path
    init: Path | None = None
    train: ImageFolder = field(init=False)
    val: ImageFolder = field(init=False)

    def __post_init__(self) -> None:
        if self.recipe.network not in CLASSIFIERS:
            known = ", ".join(CLASSIFIERS)
            raise ConfigError(f"--backbone {self.recipe.network}: no such backbone; known: {known}")

    @property
    def datasets(self) -> list[str]:  # type: ignore[override]
        """The folder's name."""
        return [self.data.absolute().name]

    def open(self, group: Group) -> None:
        """Read both splits of the folder."""
        self.train, self.val = read_splits(self.data)
        if group.leads:
            warn_of_small_classes(self.train)
        self.recipe = epochs_as_steps(self.recipe, len(self.train))
        self.validation = TopErrors(self.val.samples, self.recipe)

    def build(self) -> nn.Module:
        """Return the classifier, with random weights."""
        return build_model(self.recipe.network, len(self.train.classes))

    def loss(self, outputs: Any, batch: Batch) -> Losses:
        """Return the cross entropy of logits (N, classes) and smoothed targets."""
        smoothing = self.recipe.label_smoothing
        return {"loss": cross_entropy(outputs.float(), batch.targets, label_smoothing=smoothing)}

    def batches(self, trainer: Trainer, out: Path) -> Generator[Sequence[Batch], None, None]:
        """Yield training batches, and report each picture that cannot be read.

        Raises:
            DatasetError: more than 1 % of the pictures cannot be read.
        """
        recipe, group = self.recipe, trainer.group
        shares = recipe.batch, recipe.accumulate, group.rank, group.size
        sampler = StepSampler(trainer.step, recipe.steps, *shares)
        with closing(batches(Pictures(self.train, recipe), sampler, recipe.workers)) as stream:
            yield from check_readable(stream, self.train.samples)

    def facts(self) -> dict[str, Any]:
        """Return the content of `config.yaml`."""
        init = self.init and str(self.init)
        return {"data": [str(self.data)], "init": init, **asdict(self.recipe)}

    def describe_datasets(self) -> list[dict[str, Any]]:
        """Return the name, folder and counts of the pictures."""
        return [
            {
                "name": self.datasets[0],
                "folder": str(self.data),
                "classes": len(self.train.classes),
                "pictures": len(self.train),
                "validation_pictures": len(self.val),
            }
        ]

    def card(self, datasets: Sequence[Facts], lines: Sequence[Facts], steps: int) -> Card:
        """Return the content of `card.md`."""
        return classifier_card(self.recipe, datasets[0], lines, steps)


def epochs_as_steps(recipe: PretrainRecipe, pictures: int) -> PretrainRecipe:
    """Return the recipe with `steps` for its epochs; by default it validates after each epoch."""
    epoch = max(1, pictures // recipe.batch)
    steps, every = recipe.steps or recipe.epochs * epoch, recipe.validate_every or epoch
    return replace(recipe, steps=steps, validate_every=every)


def warn_of_small_classes(train: ImageFolder) -> None:
    """Report the classes with a single picture, which is too few to learn from."""
    counts = Counter(train.targets)
    alone = [name for number, name in enumerate(train.classes) if counts[number] == 1]
    if alone:
        names = ", ".join(alone[:5]) + (" ..." if len(alone) > 5 else "")
        write_line(f"warning: classes with only one picture: {len(alone)} ({names})")


def check_readable(
    stream: Iterator[Sequence[Batch]], files: Sequence[tuple[str, int]]
) -> Iterator[Sequence[Batch]]:
    """Yield the same batches, and report and count pictures that could not be read.

    Raises:
        DatasetError: more than 1 % of the training pictures could not be read.
    """
    bad: set[int] = set()
    for parts in stream:
        new = {n for part in parts for n in part.unreadable.tolist() if n >= 0} - bad
        bad |= new
        for file, _ in (files[number] for number in sorted(new)):
            write_line(f"warning: {file}: cannot be read; using another picture instead")
        if len(bad) > MOST_UNREADABLE * len(files):
            raise DatasetError(
                f"{len(bad)} of {len(files)} pictures cannot be read, more than "
                f"{MOST_UNREADABLE:.0%}; repair or remove the files listed above"
            )
        yield parts
