"""A trained network whose maps another one learns from, beside the truth."""

import torch
from torch import Tensor, nn

from craftlite.errors import ConfigError
from craftlite.model import DETECTORS
from craftlite.model.files import read_model
from craftlite.train.detector.loss import craft_loss
from craftlite.train.recipe import NO_TEACHER
from craftlite.train.task import Losses
from craftlite.weights import find_weights, intact

SHARE = 0.5  # of the teacher's maps in the loss; the rest is the truth's


def read_teacher(name: str, device: torch.device) -> nn.Module | None:
    """The detector of the name of weights that ship, or of a file; None for NO_TEACHER.

    Raises:
        ConfigError: they are ONNX, or not of a detector.
        WeightsError: there are no such weights, or they cannot be read.
    """
    if name == NO_TEACHER:
        return None
    file = find_weights(name).torch
    if file is None:
        raise ConfigError(f"teacher is {name}: ONNX cannot teach; give the .safetensors file")
    network, model = read_model(intact(file))
    if network not in DETECTORS:
        raise ConfigError(f"teacher is {name}: a {network} gives no maps; give a detector")
    return model.requires_grad_(False).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def taught_loss(teacher: nn.Module, pictures: Tensor, predicted: Tensor, losses: Losses) -> Losses:
    """The truth's loss with that against the teacher's maps of the same pictures.

    Every pixel of a teacher's map counts, words that nobody could read too: it has seen them.
    (Hinton et al., "Distilling the Knowledge in a Neural Network", 2015, section 2.)

    pictures: (N, 3, H, W). predicted: scores (N, H/2, W/2, 2). losses: against the truth.
    """
    with torch.no_grad():
        maps = teacher(pictures)[0].float().clamp(0, 1).permute(0, 3, 1, 2)
    taught = craft_loss(predicted, maps, torch.ones_like(maps[:, 0]))
    return {name: own + SHARE * (taught[name] - own) for name, own in losses.items()}
