"""Mean squared error on both maps, with online hard negative mining."""

import torch
from torch import Tensor

from craftlite.train.task import Losses

# The score above which a pixel counts as text, and the negatives kept for each such pixel.
POSITIVE = 0.1
NEGATIVES_PER_POSITIVE = 3
# Negatives kept at least, so that crops with little or no text teach too.
FEWEST_NEGATIVES = 500


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
    rest = error * negative
    of_rest = (rest * hardest(rest.detach(), keep)).sum(dim=1) / keep.clamp(min=1)
    return (of_text + of_rest).mean()


def hardest(error: Tensor, keep: Tensor) -> Tensor:
    """Shares (N, P) in 0..1 that keep the `keep` (N,) largest of errors (N, P) from 0 up.

    Errors equal to the smallest that is kept share its places. Sorting would do too, but the number
    kept differs from row to row, and a GPU would have to wait for it to be known.
    """
    least = kth_largest(error, keep.clamp(min=1))[:, None]
    above, equal = error > least, error == least
    left = keep - above.sum(dim=1)
    return above + equal * (left / equal.sum(dim=1).clamp(min=1))[:, None]


def kth_largest(values: Tensor, k: Tensor) -> Tensor:
    """The k-th largest (N,) of each row of values (N, P) float32 from 0 up, k (N,) in 1..P.

    Such floats are ordered as their bits are, so that 31 counts find the value, bit by bit.
    """
    bits = values.contiguous().view(torch.int32)
    found = torch.zeros_like(bits[:, 0])
    for bit in range(30, -1, -1):
        candidate = found | (1 << bit)
        enough = (bits >= candidate[:, None]).sum(dim=1) >= k
        found = torch.where(enough, candidate, found)
    return found.view(torch.float32)


def craft_loss(predicted: Tensor, target: Tensor, weight: Tensor) -> Losses:
    """The loss of scores (N, h, w, 2) against targets (N, 2, h, w) by confidence (N, h, w).

    Its terms are "region" and "affinity", and their sum is "loss".
    """
    region = map_loss(predicted[..., 0].float(), target[:, 0], weight)
    affinity = map_loss(predicted[..., 1].float(), target[:, 1], weight)
    return {"loss": region + affinity, "region": region, "affinity": affinity}
