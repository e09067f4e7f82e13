"""How good a network is on the validation split while a training runs: H-mean and loss."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from craftlite.data.augment import Augmentation
from craftlite.data.loader import Crops, StepSampler, batches
from craftlite.data.sample import Sample
from craftlite.data.sources import Listed
from craftlite.detector import Detector
from craftlite.evaluate.protocols.metric import score
from craftlite.model.torch_runtime import TorchRuntime
from craftlite.postprocess import Thresholds
from craftlite.train.detector.loss import craft_loss
from craftlite.train.detector.sheet import draw_sheet
from craftlite.train.recipe import Recipe
from craftlite.train.task import Validation
from craftlite.weights import DEFAULT_LONG_SIDE, Weights

# Where the weights that a training starts from have none.
THRESHOLDS = Thresholds(text=0.5, link=0.3, low=0.3)
# The loss is that of this many crops, always the same ones.
LOSS_CROPS = 64
AS_THEY_ARE = Augmentation(
    rotation=0, any_rotation=0, shear=0, perspective=0, stretch=0, photometric=False
)


@dataclass(frozen=True)
class WordScore(Validation):
    """H-mean and loss on the pictures that are kept apart.

    Attributes:
        samples: those pictures.
        recipe: the training's settings.
        thresholds: held throughout the training, so that its validations can be compared.
        long_side: pixels that the pictures are scaled to.
    """

    samples: Sequence[Sample]
    recipe: Recipe
    thresholds: Thresholds = THRESHOLDS
    long_side: int = DEFAULT_LONG_SIDE

    @classmethod
    def of(cls, samples: Sequence[Sample], recipe: Recipe, start: Weights | None) -> "WordScore":
        """With the thresholds that were tuned for the start, and its long side if none is set."""
        if start is None or start.tuned is None:
            return cls(samples, recipe, long_side=recipe.validate_long_side or DEFAULT_LONG_SIDE)
        return cls(samples, recipe, start.thresholds, recipe.validate_long_side or start.long_side)

    def score(self, figures: Mapping[str, float]) -> float:
        """The H-mean."""
        return figures["hmean"]

    def summary(self, figures: Mapping[str, float]) -> str:
        """The H-mean."""
        return f"H-mean {figures['hmean']:.4f}"

    def draw(self, out: Path, model: nn.Module, step: int) -> None:
        """Write a sheet of pictures with what is found there."""
        draw_sheet(out / "sheet.jpg", self.detector(model), self.samples, self.thresholds, step)

    def detector(self, model: nn.Module) -> Detector:
        """A detector that runs the network on the long side; it is put into eval mode."""
        device = next(model.parameters()).device.type
        runtime = TorchRuntime(self.recipe.network, model, device)  # type: ignore[arg-type]
        return Detector(runtime, long_side=self.long_side)

    def seconds(self, model: nn.Module) -> float:
        """About how long one validation takes, by its first pictures."""
        detector, tried, thresholds = self.detector(model), self.samples[:3], self.thresholds
        # The first run of a network gets much ready that later ones find.
        detector(tried[0].pixels(), thresholds, polygons=False)
        began = time.perf_counter()
        for sample in tried:
            detector(sample.pixels(), thresholds, polygons=False)
        between = time.perf_counter()
        self.loss(model)
        return (between - began) * len(self.samples) / len(tried) + time.perf_counter() - between

    def figures(self, model: nn.Module) -> dict[str, float]:
        """Precision, recall and H-mean (ICDAR 2015, fixed thresholds), and the loss."""
        detector, thresholds = self.detector(model), self.thresholds
        result = score(self.samples, lambda pixels: detector(pixels, thresholds, polygons=False))
        return result.ratios() | {"validation_loss": self.loss(model)}

    @torch.inference_mode()
    def loss(self, model: nn.Module) -> float:
        """Mean loss over LOSS_CROPS crops that are scaled and cut, and otherwise as they are."""
        recipe, device = self.recipe, next(model.parameters()).device
        crops = Crops([Listed(self.samples)], [1.0], recipe.crop, seed=0, how=AS_THEY_ARE)
        sampler = StepSampler(0, LOSS_CROPS // 8, batch=8)
        losses = []
        for [batch] in batches(crops, sampler, workers=0):
            pictures, scores, weight = (part.to(device) for part in batch)
            losses.append(craft_loss(model.eval()(pictures)[0], scores, weight)["loss"])
        return float(torch.stack(losses).mean())
