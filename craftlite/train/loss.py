"""Mean squared error on both maps, with online hard negative mining."""

from typing import NamedTuple

import torch
from torch import Tensor

# The score above which a pixel counts as text, and the negatives kept for each such pixel.
POSITIVE = 0.1
NEGATIVES_PER_POSITIVE = 3
# Negatives kept at least, so that crops with little or no text teach too.
FEWEST_NEGATIVES = 500


class Loss(NamedTuple):
    """The terms of the loss, each a scalar tensor; `total` is what is minimised."""

    total: Tensor
    region: Tensor
    affinity: Tensor


def map_loss(predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """The mean error of text pixels plus the mean error of the hardest others, per picture.

    predicted, target, weight: (N, h, w). A pixel's error is its squared difference times its
    weight in 0..1, as in the paper's equation 3: words half as sure pull half as hard.
    Pixels of weight 0 count nowhere, not even in the number that a mean divides by. Of the pixels
    without text, three for each one with text, and 500 at least, are kept (Shrivastava et al.,
    "Training Region-based Object Detectors with Online Hard Example Mining", CVPR 2016).
    """
    error = (weight * (predicted - target) ** 2).flatten(1)
    positive = ((target > POSITIVE) & (weight > 0)).flatten(1)
    negative = (~positive) & (weight > 0).flatten(1)
    positives = positive.sum(dim=1)
    of_text = (error * positive).sum(dim=1) / positives.clamp(min=1)
    keep = (NEGATIVES_PER_POSITIVE * positives).clamp(min=FEWEST_NEGATIVES)
    keep = torch.minimum(keep, negative.sum(dim=1))
    hardest = (error * negative).topk(int(keep.max()), dim=1).values
    rank = torch.arange(hardest.shape[1], device=hardest.device)
    of_rest = (hardest * (rank < keep[:, None])).sum(dim=1) / keep.clamp(min=1)
    return (of_text + of_rest).mean()


def craft_loss(predicted: Tensor, target: Tensor, weight: Tensor) -> Loss:
    """The loss of scores (N, h, w, 2) against targets (N, 2, h, w) by confidence (N, h, w)."""
    region = map_loss(predicted[..., 0].float(), target[:, 0], weight)
    affinity = map_loss(predicted[..., 1].float(), target[:, 1], weight)
    return Loss(region + affinity, region, affinity)
