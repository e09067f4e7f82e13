"""Training an SSD-lite object detector on a backbone, as a task of `craftlite.train.loop`."""

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from craftlite.data.annotations import problem_lines
from craftlite.data.loader import StepSampler, batches
from craftlite.data.objects import ObjectSet, names_splits, read_objects
from craftlite.errors import ConfigError, DatasetError
from craftlite.model.ssd import SsdLite, build_object_detector
from craftlite.progress import write_line
from craftlite.train.distributed import Group
from craftlite.train.objects.card import objects_card
from craftlite.train.objects.pictures import Batch, ObjectStream
from craftlite.train.objects.validate import ObjectScore
from craftlite.train.recipe import ObjectsRecipe
from craftlite.train.records.card import Card, Facts
from craftlite.train.task import Losses, Task
from craftlite.train.trainer import Trainer


@dataclass
class ObjectsTask(Task):
    """A backbone with an SSD-lite head, and the folder of pictures that it learns from.

    Attributes:
        recipe: the settings.
        data: a folder in Pascal VOC's layout.
        train, val: the splits, known after `open`.
        network: known after `build`; the loss needs its anchors.
    """

    recipe: ObjectsRecipe
    data: Path
    init: Path | None = None
    train: ObjectSet = field(init=False)
    val: ObjectSet = field(init=False)
    network: SsdLite = field(init=False)

    @property
    def datasets(self) -> list[str]:  # type: ignore[override]
        """The folder's name."""
        return [self.data.absolute().name]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes in the training split."""
        return tuple(self.train.classes())

    @property
    def about(self) -> dict[str, Any]:  # type: ignore[override]
        """Facts that are stored with the weights."""
        return {"classes": list(self.classes), "side": self.recipe.crop}

    def open(self, group: Group) -> None:
        """Read both splits of the folder, and report anything unusual about them."""
        self._check_parts(group)
        self.train, self.val = (read_objects(self.data, split) for split in ("train", "val"))
        unknown = sorted(set(self.val.classes()) - set(self.classes))
        if unknown:
            raise DatasetError(
                f"{self.data}: no training picture has an object of {', '.join(unknown)}, but "
                "validation pictures do; move some of those to ImageSets/Main/train.txt"
            )
        if group.leads:
            self._report()
        pictures = self.val.pictures[: self.recipe.validate_pictures]
        self.validation = ObjectScore(pictures, self.classes, self.recipe.crop)

    def _check_parts(self, group: Group) -> None:
        """Refuse parts of one picture: batch norm cannot average over a single 1x1 map."""
        recipe = self.recipe
        least = 2 * recipe.accumulate * group.size
        if recipe.batch < least:
            raise ConfigError(
                f"batch is {recipe.batch}: must be at least {least}, two pictures for each of "
                f"{recipe.accumulate} parts on {group.size} processes"
            )

    def _report(self) -> None:
        if not names_splits(self.data):
            write_line(
                f"warning: {self.data} has no separate validation pictures, so all pictures are "
                "used for both; list some in ImageSets/Main/val.txt, the others in train.txt"
            )
        for line in problem_lines([*self.train.problems, *self.val.problems]):
            write_line(f"warning: {line}")
        counts = Counter(label for one in self.train.pictures for label in one.labels)
        named = ", ".join(f"{count} {label}" for label, count in counts.most_common())
        write_line(f"{len(self.train.pictures)} training pictures: {named}")

    def build(self) -> nn.Module:
        """Return the network, with random weights."""
        self.network = build_object_detector(
            self.recipe.network, len(self.classes), self.recipe.crop
        )
        return self.network

    def loss(self, outputs: Any, batch: Batch) -> Losses:
        """Return the loss of the boxes, that of the classes, and their sum."""
        offsets, logits = outputs
        boxes, classes = self.network.loss(offsets, logits, batch.boxes, batch.labels)
        return {"loss": boxes + classes, "boxes": boxes, "classes": classes}

    def batches(self, trainer: Trainer, out: Path) -> Generator[Sequence[Batch], None, None]:
        """Yield training batches without end."""
        recipe, group = self.recipe, trainer.group
        stream = ObjectStream(self.train.pictures, self.classes, recipe.crop, recipe.seed)
        shares = recipe.batch, recipe.accumulate, group.rank, group.size
        sampler = StepSampler(trainer.step, recipe.steps, *shares)
        with closing(batches(stream, sampler, recipe.workers)) as parts:
            yield from parts

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
                "classes": list(self.classes),
                "pictures": len(self.train.pictures),
                "objects": sum(len(one.labels) for one in self.train.pictures),
                "validation_pictures": len(self.val.pictures),
            }
        ]

    def card(self, datasets: Sequence[Facts], lines: Sequence[Facts], steps: int) -> Card:
        """Return the content of `card.md`."""
        return objects_card(self.recipe, self.init, datasets[0], lines, steps)
