"""Validation of a detector during training: H-mean and loss on the validation split."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from craftlite.data.augment import Augmentation
from craftlite.data.loader import Crops, StepSampler, batches
from craftlite.data.sample import Sample
from craftlite.data.sources import Listed
from craftlite.detector import Detector
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.runner import FIGURES
from craftlite.model.torch_runtime import TorchRuntime
from craftlite.postprocess import Thresholds
from craftlite.train.detector.loss import craft_loss
from craftlite.train.detector.sheet import draw_sheet
from craftlite.train.recipe import Recipe
from craftlite.train.task import Validation
from craftlite.weights import DEFAULT_LONG_SIDE, Weights

# Each validation takes the best of these sets and of the one tuned for the start: training shifts
# the peaks of the maps, and with fixed thresholds an improvement can look like a loss.
LEVELS = ((0.5, 0.3, 0.3), (0.6, 0.3, 0.4), (0.7, 0.4, 0.4), (0.8, 0.4, 0.45), (0.85, 0.5, 0.55))
CANDIDATES = tuple(
    Thresholds(text=text, link=link, low=low, growth=growth)
    for text, link, low in LEVELS
    for growth in (1.0, 1.25)
)
# The validation loss is computed on this many crops, always the same ones.
LOSS_CROPS = 64
AS_THEY_ARE = Augmentation(
    rotation=0, any_rotation=0, shear=0, perspective=0, stretch=0, photometric=False
)


def thresholds_of(figures: Mapping[str, Any]) -> Thresholds:
    """Return the thresholds in a validation's figures, or in a validation's line of the log."""
    return Thresholds(**{name: figures[key] for name, key in FIGURES.items()})


@dataclass(frozen=True)
class WordScore(Validation):
    """H-mean and loss on the validation pictures.

    Attributes:
        samples: the validation pictures.
        recipe: the training's settings.
        candidates: sets of thresholds; each validation takes the best of them.
        long_side: length in pixels that the pictures' longer side is scaled to.
    """

    samples: Sequence[Sample]
    recipe: Recipe
    candidates: Sequence[Thresholds] = CANDIDATES
    long_side: int = DEFAULT_LONG_SIDE

    @classmethod
    def of(cls, samples: Sequence[Sample], recipe: Recipe, start: Weights | None) -> "WordScore":
        """Use the start's tuned thresholds, and its long side unless the recipe sets one."""
        if start is None or start.tuned is None:
            return cls(samples, recipe, long_side=recipe.validate_long_side or DEFAULT_LONG_SIDE)
        candidates = (start.thresholds, *CANDIDATES)
        return cls(samples, recipe, candidates, recipe.validate_long_side or start.long_side)

    def score(self, figures: Mapping[str, float]) -> float:
        """Return the H-mean."""
        return figures["hmean"]

    def summary(self, figures: Mapping[str, float]) -> str:
        """Return the H-mean as text."""
        return f"H-mean {figures['hmean']:.4f}"

    def draw(self, out: Path, model: nn.Module, step: int, figures: Mapping[str, float]) -> None:
        """Write a sheet of pictures with the network's detections."""
        thresholds = thresholds_of(figures)
        draw_sheet(out / "sheet.jpg", self.detector(model), self.samples, thresholds, step)

    def detector(self, model: nn.Module) -> Detector:
        """Return a detector that runs the network at the long side; puts it into eval mode."""
        device = next(model.parameters()).device.type
        runtime = TorchRuntime(self.recipe.network, model, device)
        return Detector(runtime, long_side=self.long_side)

    def seconds(self, model: nn.Module) -> float:
        """Estimate how long one validation takes, from its first pictures."""
        tried = self.samples[:3]
        # The first run of a network includes one-time setup, so it is not timed.
        self._metrics(model, tried[:1])
        began = time.perf_counter()
        self._metrics(model, tried)
        between = time.perf_counter()
        self.loss(model)
        return (between - began) * len(self.samples) / len(tried) + time.perf_counter() - between

    def figures(self, model: nn.Module) -> dict[str, float]:
        """Return the best precision, recall and H-mean (ICDAR 2015), their thresholds, the loss."""
        scores = [metric.summary() for metric in self._metrics(model, self.samples)]
        best = max(range(len(scores)), key=lambda number: scores[number].hmean)
        used = {FIGURES[name]: level for name, level in asdict(self.candidates[best]).items()}
        return scores[best].ratios() | used | {"validation_loss": self.loss(model)}

    def _metrics(self, model: nn.Module, samples: Sequence[Sample]) -> list[Metric]:
        """Score the detections of each set of thresholds; the network runs once per picture."""
        detector = self.detector(model)
        metrics = [Metric() for _ in self.candidates]
        for sample in samples:
            maps = detector.maps(sample.pixels())
            for metric, levels in zip(metrics, self.candidates, strict=True):
                words = detector.words(maps, levels, polygons=False)
                metric.update(sample.words, Detections.of(words))
        return metrics

    @torch.inference_mode()
    def loss(self, model: nn.Module) -> float:
        """Return the mean loss over LOSS_CROPS crops, which are scaled but not augmented."""
        recipe, device = self.recipe, next(model.parameters()).device
        crops = Crops([Listed(self.samples)], [1.0], recipe.crop, seed=0, how=AS_THEY_ARE)
        sampler = StepSampler(0, LOSS_CROPS // 8, batch=8)
        losses = []
        for [batch] in batches(crops, sampler, workers=0):
            pictures, scores, weight = (part.to(device) for part in batch)
            losses.append(craft_loss(model.eval()(pictures)[0], scores, weight)["loss"])
        return float(torch.stack(losses).mean())
