"""Mean squared error on both maps, with online hard negative mining."""

import torch
from torch import Tensor

from craftlite.train.task import Losses

# Pixels with a score above this are text; for each of them, so many negatives are kept.
POSITIVE = 0.1
NEGATIVES_PER_POSITIVE = 3
# Minimum number of negatives, so that crops with little or no text contribute too.
FEWEST_NEGATIVES = 500


def map_loss(predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the mean error of text pixels plus that of the hardest others, averaged over pictures.

    predicted, target, weight: (N, h, w). A pixel's error is its squared difference times its
    weight in 0..1, as in the paper's equation 3, so that a word with half the confidence counts
    half as much. Pixels of weight 0 are ignored, also in the number that a mean divides by.
    Of the pixels without text, three per text pixel are kept, and at least 500 (Shrivastava et al.,
    "Training Region-based Object Detectors with Online Hard Example Mining", CVPR 2016).
    """
    error = (weight * (predicted - target) ** 2).flatten(1)
    positive = ((target > POSITIVE) & (weight > 0)).flatten(1)
    negative = (~positive) & (weight > 0).flatten(1)
    positives = positive.sum(dim=1)
    of_text = (error * positive).sum(dim=1) / positives.clamp(min=1)
    keep = (NEGATIVES_PER_POSITIVE * positives).clamp(min=FEWEST_NEGATIVES)
    keep = torch.minimum(keep, negative.sum(dim=1))
    rest = error * negative
    of_rest = (rest * hardest(rest.detach(), keep)).sum(dim=1) / keep.clamp(min=1)
    return (of_text + of_rest).mean()


def hardest(error: Tensor, keep: Tensor) -> Tensor:
    """Return weights (N, P) in 0..1 that select the `keep` (N,) largest of errors (N, P) >= 0.

    Errors equal to the smallest selected one share the remaining places. Sorting would also work,
    but the number kept differs between rows, and a GPU would have to synchronise to learn it.
    """
    least = kth_largest(error, keep.clamp(min=1))[:, None]
    above, equal = error > least, error == least
    left = keep - above.sum(dim=1)
    return above + equal * (left / equal.sum(dim=1).clamp(min=1))[:, None]


def kth_largest(values: Tensor, k: Tensor) -> Tensor:
    """Return the k-th largest (N,) of each row of values (N, P) float32 >= 0; k (N,) is in 1..P.

    Non-negative floats sort like their bit patterns, so the value is found bit by bit in 31 counts.
    """
    bits = values.contiguous().view(torch.int32)
    found = torch.zeros_like(bits[:, 0])
    for bit in range(30, -1, -1):
        candidate = found | (1 << bit)
        enough = (bits >= candidate[:, None]).sum(dim=1) >= k
        found = torch.where(enough, candidate, found)
    return found.view(torch.float32)


def craft_loss(predicted: Tensor, target: Tensor, weight: Tensor) -> Losses:
    """Return the loss of scores (N, h, w, 2) against targets (N, 2, h, w).

    The confidence (N, h, w) weights each pixel. "loss" is the sum of "region" and "affinity".
    """
    region = map_loss(predicted[..., 0].float(), target[:, 0], weight)
    affinity = map_loss(predicted[..., 1].float(), target[:, 1], weight)
    return {"loss": region + affinity, "region": region, "affinity": affinity}
