"""The optimiser, its learning-rate schedule, and the moving average of the weights."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from craftlite.train.recipe import Settings

Tensors = tuple[Tensor, ...] | list[Tensor]


def learning_rate(step: int, recipe: Settings) -> float:
    """Return the learning rate of a step: linear warm-up, then a cosine down to zero."""
    since, steps = step - recipe.restart, recipe.steps - recipe.restart
    if since < recipe.warmup:
        return recipe.learning_rate * (since + 1) / recipe.warmup
    progress = (since - recipe.warmup) / max(1, steps - recipe.warmup)
    return 0.5 * recipe.learning_rate * (1 + math.cos(math.pi * progress))


def schedule_flaws(recipe: Settings) -> list[str]:
    """Return a sentence for each setting that keeps the schedule from working as intended."""
    flaws, steps = [], recipe.steps - recipe.restart
    if recipe.warmup >= steps:
        reached = learning_rate(recipe.steps - 1, recipe)
        flaws.append(
            f"warmup is {recipe.warmup} of {steps} steps: the learning rate only rises, to "
            f"{reached:.2g} of {recipe.learning_rate:.2g}; a tenth is usual: --warmup "
            f"{steps // 10}"
        )
    if recipe.freeze_steps >= recipe.steps:
        flaws.append(
            f"freeze_steps is {recipe.freeze_steps} of {recipe.steps} steps: the backbone is never "
            f"trained; a fifth is usual: --freeze-steps {recipe.steps // 5}"
        )
    return flaws


def optimiser_of(model: nn.Module, recipe: Settings) -> torch.optim.Optimizer:
    """Return the recipe's optimiser; weight decay does not apply to batch norm and biases."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    spared = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    if recipe.optimiser == "sgd":
        nesterov = recipe.momentum > 0
        return torch.optim.SGD(
            groups, lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=nesterov
        )
    # On a GPU, one fused kernel for all tensors saves launches.
    fused = decayed[0].is_cuda
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=fused)


def moving_average(
    decay: float, updates: Callable[[], int]
) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """Return a function that moves averaged tensors of one dtype towards the current ones in place.

    The decay grows towards `decay` as (1 + n) / (10 + n), so that the random start is soon
    forgotten. Integer counters are copied. `updates` returns the count n on the host; reading the
    count that PyTorch passes in would mean waiting for the device.
    """

    @torch.no_grad()
    def update(averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
        n = updates()
        weight = 1 - min(decay, (1 + n) / (10 + n))
        if averaged[0].is_floating_point():
            torch._foreach_lerp_(averaged, current, weight)
        else:
            torch._foreach_copy_(averaged, current)

    return update
