"""The network under training: one step of it, and everything that the next step depends on."""

import math
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from craftlite.data.loader import Batch
from craftlite.errors import CraftliteError, WeightsError
from craftlite.model import build_model
from craftlite.model.files import read_state
from craftlite.train.loss import Loss, craft_loss
from craftlite.train.recipe import Recipe

Tensors = tuple[Tensor, ...] | list[Tensor]


def learning_rate(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then a cosine down to zero; a function of the step alone."""
    if step < recipe.warmup:
        return recipe.learning_rate * (step + 1) / recipe.warmup
    progress = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return 0.5 * recipe.learning_rate * (1 + math.cos(math.pi * progress))


def optimiser_of(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW whose weight decay spares batch norm and biases."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    spared = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def moving_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """How averaged tensors follow current ones, in place, given the number of updates so far.

    The decay grows towards `decay` as (1 + n) / (10 + n), so that the random start is soon
    forgotten. Counters, which are integers, are copied.
    """

    @torch.no_grad()
    def update(averaged: Tensors, current: Tensors, updates: Tensor | int) -> None:
        n = int(updates)
        weight = 1 - min(decay, (1 + n) / (10 + n))
        for average, value in zip(averaged, current, strict=True):
            if average.is_floating_point():
                average.lerp_(value.to(average.dtype), weight)
            else:
                average.copy_(value)

    return update


class Trainer:
    """The state of a training: network, averaged network, optimiser and step."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device, self.step = recipe, device, 0
        model = build_model(recipe.network)
        self.model = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = moving_average(recipe.ema)
        self.ema = AveragedModel(self.model, multi_avg_fn=average, use_buffers=True)
        self.optimiser = optimiser_of(self.model, recipe)

    def start_from(self, weights: Path) -> None:
        """Take every tensor of a weights file that has a tensor's name and shape; say what did not.

        Raises:
            WeightsError: the file cannot be read, or nothing in it fits.
        """
        state = read_state(weights)[1]
        own = self.model.state_dict()
        fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
        if not fitting:
            raise WeightsError(f"{weights}: no tensor of it fits {self.recipe.network}")
        self.model.load_state_dict(own | fitting)
        self.ema.module.load_state_dict(own | fitting)
        tqdm.write(f"{weights}: {len(fitting)} of {len(own)} tensors taken", file=sys.stderr)

    def train_step(self, batch: Batch) -> Loss:
        """Forward, backward and one step of the optimiser; the loss is returned detached.

        Raises:
            CraftliteError: the loss is not finite.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self.recipe)
        self.model.train()
        pictures, scores, weight = (part.to(self.device, non_blocking=True) for part in batch)
        loss = craft_loss(
            self.model(pictures.contiguous(memory_format=torch.channels_last))[0], scores, weight
        )
        if not torch.isfinite(loss.total):
            raise CraftliteError(
                f"the loss is {loss.total.item()} at step {self.step}; the last checkpoint is "
                "good: resume with a lower learning_rate"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.ema.update_parameters(self.model)
        self.step += 1
        return Loss(*(term.detach() for term in loss))

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on, as tensors and plain values."""
        return {
            "step": self.step,
            "recipe": asdict(self.recipe),
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": torch.get_rng_state(),
            "torch": str(torch.__version__),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from what `state` gave."""
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        self.step = state["step"]
