"""How weights follow their gradients: the optimiser, its learning rate, and the moving average."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from craftlite.train.recipe import Settings

Tensors = tuple[Tensor, ...] | list[Tensor]


def learning_rate(step: int, recipe: Settings) -> float:
    """Linear warm-up, then a cosine down to zero; a function of the step alone."""
    since, steps = step - recipe.restart, recipe.steps - recipe.restart
    if since < recipe.warmup:
        return recipe.learning_rate * (since + 1) / recipe.warmup
    progress = (since - recipe.warmup) / max(1, steps - recipe.warmup)
    return 0.5 * recipe.learning_rate * (1 + math.cos(math.pi * progress))


def schedule_flaws(recipe: Settings) -> list[str]:
    """What keeps a schedule from doing what its settings say, a sentence each."""
    flaws, steps = [], recipe.steps - recipe.restart
    if recipe.warmup >= steps:
        reached = learning_rate(recipe.steps - 1, recipe)
        flaws.append(
            f"warmup is {recipe.warmup} of {steps} steps: the learning rate rises to {reached:.2g} "
            f"of {recipe.learning_rate:.2g} and never falls; a tenth is usual: --warmup "
            f"{steps // 10}"
        )
    if recipe.freeze_steps >= recipe.steps:
        flaws.append(
            f"freeze_steps is {recipe.freeze_steps} of {recipe.steps} steps: the backbone is never "
            f"trained; a fifth is usual: --freeze-steps {recipe.steps // 5}"
        )
    return flaws


def optimiser_of(model: nn.Module, recipe: Settings) -> torch.optim.Optimizer:
    """The recipe's optimiser, whose weight decay spares batch norm and biases."""
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
    # One kernel for all tensors where there are kernels to be launched.
    fused = decayed[0].is_cuda
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=fused)


def moving_average(
    decay: float, updates: Callable[[], int]
) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """How averaged tensors of one type follow current ones, in place, after so many updates.

    The decay grows towards `decay` as (1 + n) / (10 + n), so that the random start is soon
    forgotten. Counters, which are integers, are copied. `updates` counts on the host: the count
    that PyTorch hands over lies on the device, which would have to be waited for.
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
