"""The cost of a network: parameters and multiply-accumulate operations."""

from typing import Any, NamedTuple

import torch
from torch import nn

from craftlite.geometry import Size
from craftlite.model import CLASSIFIERS, DETECTORS, IMAGENET_CLASSES, build_model


class Cost(NamedTuple):
    """Trainable parameters, and multiply-accumulates of convolutions and linear layers."""

    parameters: int
    macs: int


def cost(network: str, width: int, height: int, classes: int = IMAGENET_CLASSES) -> Cost:
    """Return the cost of a network for a picture of width x height pixels, without computing it.

    classes: number of classes of a classifier.
    """
    with torch.device("meta"):
        return cost_of(build_model(network, classes).eval(), width, height)


def cost_table(detectors_at: Size, classifiers_at: Size) -> list[dict[str, Any]]:
    """Return a row of name, kind, size, parameters and multiply-accumulates for every network.

    detectors_at, classifiers_at: (width, height) in pixels; classifiers have 1000 classes.
    """
    kinds = (("detector", DETECTORS, detectors_at), ("classifier", CLASSIFIERS, classifiers_at))
    return [
        {"name": name, "kind": kind, "size": f"{width}x{height}"}
        | cost(name, width, height)._asdict()
        for kind, names, (width, height) in kinds
        for name in names
    ]


def cost_of(model: nn.Module, width: int, height: int) -> Cost:
    """Return the cost of a network in eval mode for a picture of width x height pixels."""
    total = 0

    def count(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        nonlocal total
        weight: torch.Tensor = module.weight  # type: ignore[assignment]
        # Each output value is one dot product with the filter of its channel.
        total += output.numel() * weight[0].numel()

    hooks = [
        module.register_forward_hook(count)
        for module in model.modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    device = next(model.parameters()).device
    with torch.no_grad():
        model(torch.zeros(1, 3, height, width, device=device))
    for hook in hooks:
        hook.remove()
    return Cost(sum(p.numel() for p in model.parameters()), total)
