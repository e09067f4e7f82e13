"""Train with one change, to see whether it gives better weights in the same time.

    python -m tools.arms muon --out runs/muon -- --dataset icdar15 --data DIR --minutes 25
    python -m tools.score_runs --data DIR runs/base runs/muon

Options after `--` are passed to `craftlite train`; the arm's own options override them. `base`
changes nothing. A change that proves useful should move into the training itself; this file is for
changes that have not.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from craftlite.cli import main as craftlite
from craftlite.data.loader import Batch
from craftlite.train.detector import task as detector
from craftlite.train.detector.loss import craft_loss
from craftlite.train.detector.task import DetectorTask
from craftlite.train.recipe import Recipe
from craftlite.train.task import Losses
from tools import bodies  # noqa: F401 - the import registers their names

# Weights of a loss term added to the squared error, and of each training-only head.
TERM, HEAD = 0.1, 0.4
# Decoder steps whose outputs have strides 8 and 4.
DEEP_STEPS = ("upconv2", "upconv3")


class DiceTask(DetectorTask):
    """Add to the squared error the Dice loss of the areas where the true maps exceed 0.5."""

    def loss(self, outputs: Any, batch: Batch) -> Losses:
        """Return the loss of a batch."""
        losses = super().loss(outputs, batch)
        scores = outputs[0].float().permute(0, 3, 1, 2)
        term = TERM * dice(scores, batch.scores, batch.weight)
        return losses | {"loss": losses["loss"] + term}


class FocalTask(DetectorTask):
    """Add the fourth power of the error to its square, so that large errors weigh even more."""

    def loss(self, outputs: Any, batch: Batch) -> Losses:
        """Return the loss of a batch."""
        losses = super().loss(outputs, batch)
        scores = outputs[0].float().permute(0, 3, 1, 2)
        error = batch.weight[:, None] * (scores - batch.scores) ** 4
        weighed = (batch.weight[:, None] * batch.scores).sum().clamp(min=1)
        return losses | {"loss": losses["loss"] + TERM * error.sum() / weighed}


class HeadsTask(DetectorTask):
    """Add heads at strides 8 and 4, which are not part of the saved weights."""

    def optimiser(self, model: nn.Module) -> torch.optim.Optimizer:
        """Return the network's optimiser, extended to the parameters of the heads."""
        self.seen: dict[str, Tensor] = {}
        heads = {}
        for name in DEEP_STEPS:
            step = model.get_submodule(name)
            heads[name] = nn.Conv2d(step.deep[0].out_channels, 2, 1)
            step.register_forward_hook(partial(self._see, name))
        self.heads = nn.ModuleDict(heads).to(next(model.parameters()).device)
        optimiser = super().optimiser(model)
        added = {"params": list(self.heads.parameters()), "weight_decay": 0.0}
        optimiser.add_param_group(added)
        return optimiser

    def _see(self, name: str, step: nn.Module, inputs: Any, output: Tensor) -> None:
        self.seen[name] = output

    def loss(self, outputs: Any, batch: Batch) -> Losses:
        """Return the loss of a batch, summed over the network's output and the heads."""
        losses = super().loss(outputs, batch)
        total = losses["loss"]
        for name, head in self.heads.items():
            scores = head(self.seen[name].float())
            times = batch.scores.shape[2] // scores.shape[2]
            truth = nn.functional.avg_pool2d(batch.scores, times)
            # A coarse pixel gets the lowest weight of the pixels it covers.
            weight = -nn.functional.max_pool2d(-batch.weight[:, None], times)[:, 0]
            own = craft_loss(scores.permute(0, 2, 3, 1), truth, weight)
            total = total + HEAD * own["loss"]
        return losses | {"loss": total}


class MuonTask(DetectorTask):
    """Optimise 1x1 convolutions with Muon and everything else with AdamW."""

    def optimiser(self, model: nn.Module) -> torch.optim.Optimizer:
        """Return an optimiser that combines both."""
        return MuonAdamW(super().optimiser(model).param_groups, self.recipe)


class MuonAdamW(torch.optim.AdamW):
    """Muon for 1x1 convolutions, whose weights are matrices, and AdamW for everything else.

    Muon (Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024) steps by
    the orthogonal matrix nearest to the momentum. The step is scaled to match AdamW's, so that both
    share one learning rate.
    """

    def __init__(self, groups: Sequence[dict[str, Any]], recipe: Recipe) -> None:
        self.convolutions = [p for group in groups for p in group["params"] if is_matrix(p)]
        others = [
            {
                "params": [p for p in group["params"] if not is_matrix(p)],
                "weight_decay": group["weight_decay"],
            }
            for group in groups
        ]
        super().__init__(others, lr=recipe.learning_rate)
        # These matrices share memory with the weights of the convolutions.
        self.matrices = [nn.Parameter(p.detach().flatten(1)) for p in self.convolutions]
        self.muon = torch.optim.Muon(
            self.matrices,
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        )

    def step(self, closure: Any = None) -> Any:
        """Take a step with both optimisers, at AdamW's learning rate."""
        for matrix, convolution in zip(self.matrices, self.convolutions, strict=True):
            gradient = convolution.grad
            matrix.grad = None if gradient is None else gradient.flatten(1)
        for group in self.muon.param_groups:
            group["lr"] = self.param_groups[0]["lr"]
        self.muon.step()  # type: ignore[no-untyped-call]
        return super().step(closure)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients, including those of the convolutions and their matrices."""
        super().zero_grad(set_to_none)
        for parameter in (*self.convolutions, *self.matrices):
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Return AdamW's state, with Muon's under the key "muon"."""
        return super().state_dict() | {"muon": self.muon.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a state returned by `state_dict`."""
        own = dict(state_dict)
        self.muon.load_state_dict(own.pop("muon"))
        super().load_state_dict(own)


def is_matrix(parameter: Tensor) -> bool:
    """Return whether a parameter is the weight of a 1x1 convolution with several inputs."""
    return parameter.ndim == 4 and parameter.shape[2:] == (1, 1) and parameter.shape[1] > 1


def dice(scores: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Return 1 minus the Dice overlap of scores (N, 2, h, w) and the area where truth is above 0.5.

    Milletari et al., "V-Net", 3DV 2016. weight: (N, h, w).
    """
    sure = weight[:, None]
    there, found = (truth > 0.5) * sure, scores.clamp(0, 1) * sure
    shared = (there * found).sum((2, 3))
    return (1 - (2 * shared + 1) / (there.square() + found.square()).sum((2, 3)).add(1)).mean()


@dataclass(frozen=True)
class Arm:
    """A change to the training: options of `craftlite train`, or another task."""

    options: Sequence[str] = ()
    task: type[DetectorTask] = DetectorTask


ARMS = {
    "base": Arm(),
    "batch8": Arm(("--batch", "8")),
    "batch4": Arm(("--batch", "4")),
    "sgd": Arm(("--optimiser", "sgd", "--learning-rate", "0.05")),
    "muon": Arm(task=MuonTask),
    "rate2": Arm(("--learning-rate", "0.002")),
    "rate4": Arm(("--learning-rate", "0.004")),
    # Larger crops, with the batch reduced to keep about the same number of pixels.
    "crop448": Arm(("--crop", "448", "--batch", "8")),
    "crop640": Arm(("--crop", "640", "--batch", "4")),
    "ema998": Arm(("--ema", "0.998")),
    "ema9995": Arm(("--ema", "0.9995")),
    "dice": Arm(task=DiceTask),
    "focal": Arm(task=FocalTask),
    "heads": Arm(task=HeadsTask),
}


def main(argv: Sequence[str]) -> int:
    """Train an arm and return the exit code of `craftlite train`; 2 for wrong usage."""
    own, settings = list(argv), []
    if "--" in own:
        place = own.index("--")
        own, settings = own[:place], own[place + 1 :]
    if not own or own[0] not in ARMS:
        print(f"usage: arms ARM [--out DIR] -- OPTIONS; arms: {', '.join(ARMS)}", file=sys.stderr)
        return 2
    arm = ARMS[own[0]]
    plain, detector.DetectorTask = detector.DetectorTask, arm.task  # type: ignore[misc]
    try:
        return craftlite(["train", *settings, *own[1:], *arm.options])
    finally:
        detector.DetectorTask = plain  # type: ignore[misc]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
