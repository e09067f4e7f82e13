"""The weights that a training starts from, and which process reports them."""

import os
from pathlib import Path

from craftlite.errors import ConfigError
from craftlite.progress import write_line
from craftlite.weights import backbones, find_weights, intact

NO_WEIGHTS = "none"
OWN_BACKBONE = "backbone"


def starting_weights(name: str | None, network: str) -> Path | None:
    """Return the file of the weights that a `network` starts from, or None for random weights.

    name: a shipped detector or backbone, a file, OWN_BACKBONE or NO_WEIGHTS.

    Raises:
        ConfigError: the weights are ONNX, which cannot be trained.
        WeightsError: there are no such weights, or a shipped file has been altered.
    """
    if name is None or name == NO_WEIGHTS:
        return None
    if name == OWN_BACKBONE:
        return _own_backbone(network)
    if name in backbones():
        return intact(backbones()[name].file)
    found = find_weights(name)
    if found.torch is None:
        raise ConfigError(f"--init {name}: ONNX cannot be trained; give the .safetensors file")
    return intact(found.torch)


def _own_backbone(network: str) -> Path | None:
    """Return the pretrained backbone of a detector; None, with a message, if none is shipped."""
    for backbone in backbones().values():
        if network in backbone.body_of:
            return intact(backbone.file)
    if is_first_process():
        write_line(f"no pretrained backbone is shipped for {network}; starting from random weights")
    return None


def is_first_process() -> bool:
    """Return whether this is the only process, or the one under torchrun that reports."""
    return os.environ.get("RANK", "0") == "0"
