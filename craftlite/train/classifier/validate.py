"""Validation of a classifier: top-1 and top-5 error by ImageNet's protocol."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from craftlite.errors import DatasetError
from craftlite.train.classifier.pictures import CentreViews
from craftlite.train.recipe import PretrainRecipe
from craftlite.train.task import Validation

BATCH = 128


@dataclass(frozen=True)
class TopErrors(Validation):
    """The files of the validation split with their classes; one centre crop of each is scored."""

    files: Sequence[tuple[str, int]]
    recipe: PretrainRecipe

    def seconds(self, model: nn.Module) -> float:
        """Estimate how long one validation takes, from its first batch."""
        few = self.files[:BATCH]
        began = time.perf_counter()
        replace(self, files=few).figures(model)
        return (time.perf_counter() - began) * len(self.files) / len(few)

    @torch.inference_mode()
    def figures(self, model: nn.Module) -> dict[str, float]:
        """Return top-1 and top-5 error in 0..1 and the loss; puts the network into eval mode.

        Raises:
            DatasetError: no picture can be read.
        """
        device = next(model.parameters()).device
        views = CentreViews(self.files, self.recipe.crop)
        model.eval()
        firsts, fives, losses = [], [], []
        own = torch.Generator()  # leaves the training's random state, used by dropout, untouched
        loader = DataLoader(views, BATCH, num_workers=self.recipe.workers, generator=own)
        for pictures, classes in loader:
            there, readable = classes.to(device), classes.to(device) >= 0
            pictures = pictures.to(device).contiguous(memory_format=torch.channels_last)
            logits, there = model(pictures)[readable].float(), there[readable]
            best = logits.topk(min(5, logits.shape[1]), dim=1).indices == there[:, None]
            firsts.append(best[:, 0])
            fives.append(best.any(dim=1))
            losses.append(cross_entropy(logits, there, reduction="none"))
        if not sum(map(len, firsts)):
            raise DatasetError("no picture of the validation split can be read")
        return {
            "top1_error": 1 - torch.cat(firsts).float().mean().item(),
            "top5_error": 1 - torch.cat(fives).float().mean().item(),
            "validation_loss": torch.cat(losses).mean().item(),
        }

    def score(self, figures: Mapping[str, float]) -> float:
        """Return the top-1 accuracy."""
        return 1 - figures["top1_error"]

    def summary(self, figures: Mapping[str, float]) -> str:
        """Return both errors as text."""
        return f"top-1 error {figures['top1_error']:.2%}, top-5 {figures['top5_error']:.2%}"
