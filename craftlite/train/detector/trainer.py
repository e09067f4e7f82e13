"""The state of a detector's training."""

from typing import Any

from torch import nn

from craftlite.data.loader import Batch
from craftlite.model import build_model
from craftlite.train.detector.loss import Loss, craft_loss
from craftlite.train.detector.teacher import taught_loss
from craftlite.train.distributed import Group
from craftlite.train.recipe import Recipe
from craftlite.train.trainer import Trainer


class DetectorTrainer(Trainer[Recipe]):
    """A trainer of a detector; where it has a `teacher`, it learns from its maps too."""

    def __init__(self, recipe: Recipe, group: Group) -> None:
        super().__init__(recipe, group)
        self.teacher: nn.Module | None = None

    def build(self) -> nn.Module:
        """The detector, with random weights."""
        return build_model(self.recipe.network)

    def loss(self, outputs: Any, batch: Batch) -> Loss:
        """The loss of both maps against the truth, and against the teacher's where there is one."""
        loss = craft_loss(outputs[0], batch.scores, batch.weight)
        if self.teacher is None:
            return loss
        with self.autocast():
            return taught_loss(self.teacher, batch.pictures, outputs[0], loss)
