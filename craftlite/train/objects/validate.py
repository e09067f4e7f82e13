"""Validation of SSD-lite during training: COCO's average precision on the validation split."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from craftlite.data.objects import ObjectPicture
from craftlite.data.pictures import stored_pixels
from craftlite.draw import fitted, write_picture
from craftlite.evaluate.average_precision import LEAST_SCORE, precision_of
from craftlite.geometry import Picture
from craftlite.objects.detector import MIN_SCORE, squared
from craftlite.objects.draw import draw_objects
from craftlite.objects.result import Objects, choose_objects
from craftlite.train.task import Validation

DRAWN, CELL = 6, (480, 400)  # pictures on a sheet, and the largest width and height of one


@dataclass(frozen=True)
class ObjectScore(Validation):
    """Average precision on the validation pictures.

    Attributes:
        pictures: the validation pictures.
        classes: the names of the classes.
        side: side in pixels of the square that pictures are scaled to.
    """

    pictures: Sequence[ObjectPicture]
    classes: tuple[str, ...]
    side: int

    def seconds(self, model: nn.Module) -> float:
        """Estimate how long one validation takes, from its first pictures."""
        tried = self.pictures[:3]
        list(replace(self, pictures=tried[:1]).found(model))  # the first run includes setup
        began = time.perf_counter()
        list(replace(self, pictures=tried).found(model))
        return (time.perf_counter() - began) * len(self.pictures) / len(tried)

    def figures(self, model: nn.Module) -> dict[str, float]:
        """Return `ap` and `ap50` in 0..1; puts the network into eval mode."""
        found = [objects for _, objects in self.found(model)]
        result = precision_of(self.pictures, found, self.classes)
        return {"ap": result.ap, "ap50": result.ap50}

    def found(
        self, model: nn.Module, least: float = LEAST_SCORE
    ) -> Iterator[tuple[Picture, Objects]]:
        """Yield each picture and the objects found there with a score of at least `least`."""
        device = next(model.parameters()).device
        model.eval()
        for one in self.pictures:
            pixels = stored_pixels(one.path)
            with torch.inference_mode():
                network_input = torch.from_numpy(squared(pixels, self.side)).to(device)
                boxes, scores = model.decoded(*model(network_input))  # type: ignore[operator]
            size = pixels.shape[1], pixels.shape[0]
            parts = boxes[0].cpu().numpy(), scores[0].cpu().numpy()
            yield pixels, choose_objects(*parts, self.classes, size, least)

    def score(self, figures: Mapping[str, float]) -> float:
        """Return the average precision."""
        return figures["ap"]

    def summary(self, figures: Mapping[str, float]) -> str:
        """Return both figures as text."""
        return f"AP {figures['ap']:.2%}, AP50 {figures['ap50']:.2%}"

    def draw(self, out: Path, model: nn.Module, step: int, figures: Mapping[str, float]) -> None:
        """Write `sheet.jpg`: pictures with the network's detections."""
        few = replace(self, pictures=self.pictures[:DRAWN])
        cells = []
        for pixels, objects in few.found(model, MIN_SCORE):
            small, _ = fitted(draw_objects(pixels, objects, self.classes), CELL)
            down, across = CELL[1] - small.shape[0], CELL[0] - small.shape[1]
            cells.append(np.pad(small, ((0, down), (0, across), (0, 0))))
        cells += [np.zeros_like(cells[0])] * (-len(cells) % 3)
        rows = [np.hstack(cells[start : start + 3]) for start in range(0, len(cells), 3)]
        write_picture(out / "sheet.jpg", np.vstack(rows), 88)
