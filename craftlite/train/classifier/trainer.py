"""The state of a backbone's pretraining."""

from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from craftlite.model import build_model
from craftlite.train.distributed import Group
from craftlite.train.recipe import PretrainRecipe
from craftlite.train.trainer import Trainer


class Loss(NamedTuple):
    """Cross entropy, a scalar tensor."""

    total: Tensor


class ClassifierTrainer(Trainer[PretrainRecipe]):
    """A trainer of a classifier with so many `classes`."""

    def __init__(self, recipe: PretrainRecipe, group: Group, classes: int) -> None:
        self.classes = classes
        super().__init__(recipe, group)

    def build(self) -> nn.Module:
        """The classifier, with random weights."""
        return build_model(self.recipe.network, self.classes)

    def loss(self, outputs: Any, batch: Any) -> Loss:
        """Cross entropy of logits (N, classes) and smoothed targets."""
        smoothing = self.recipe.label_smoothing
        return Loss(cross_entropy(outputs.float(), batch.targets, label_smoothing=smoothing))
