"""A trained network whose maps are a second target beside the ground truth."""

import torch
from torch import Tensor, nn

from craftlite.errors import ConfigError
from craftlite.model import DETECTORS
from craftlite.model.files import read_model
from craftlite.train.detector.loss import craft_loss
from craftlite.train.recipe import NO_TEACHER
from craftlite.train.task import Losses
from craftlite.weights import find_weights, intact

SHARE = 0.5  # weight of the teacher's maps in the loss; the rest is for the ground truth


def read_teacher(name: str, device: torch.device) -> nn.Module | None:
    """Load a detector by the name of shipped weights or by file; None for NO_TEACHER.

    Raises:
        ConfigError: the weights are ONNX, or not of a detector.
        WeightsError: there are no such weights, or they cannot be read.
    """
    if name == NO_TEACHER:
        return None
    file = find_weights(name).torch
    if file is None:
        raise ConfigError(f"teacher is {name}: ONNX cannot be used; give the .safetensors file")
    network, model = read_model(intact(file))
    if network not in DETECTORS:
        raise ConfigError(f"teacher is {name}: {network} has no score maps; give a detector")
    return model.requires_grad_(False).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def taught_loss(teacher: nn.Module, pictures: Tensor, predicted: Tensor, losses: Losses) -> Losses:
    """Mix the loss against the ground truth with the loss against the teacher's maps.

    Every pixel of the teacher's maps counts, including don't-care words, since the teacher scores
    those too (Hinton et al., "Distilling the Knowledge in a Neural Network", 2015, section 2).

    pictures: (N, 3, H, W). predicted: scores (N, H/2, W/2, 2). losses: against the ground truth.
    """
    with torch.no_grad():
        maps = teacher(pictures)[0].float().clamp(0, 1).permute(0, 3, 1, 2)
    taught = craft_loss(predicted, maps, torch.ones_like(maps[:, 0]))
    return {name: own + SHARE * (taught[name] - own) for name, own in losses.items()}
