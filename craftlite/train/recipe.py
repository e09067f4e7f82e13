"""The settings of a training, as a recipe file or the command line gives them."""

from dataclasses import dataclass

from craftlite.errors import ConfigError


@dataclass(frozen=True)
class Recipe:
    """How a detector is trained.

    Attributes:
        network: one of the detectors that `craftlite info` lists.
        steps: optimiser steps in all.
        batch: crops a step.
        crop: side of the square crops in pixels, a multiple of 32.
        learning_rate: peak, reached after the warm-up; it falls to zero along a cosine.
        warmup: steps of linear warm-up.
        weight_decay: of AdamW, on convolutions alone.
        ema: decay of the averaged weights, which are the ones validated and shipped.
        clip: largest norm of the gradient.
        seed: of the weights and of every crop.
        workers: processes that make crops; 0 makes them in the training process.
        threads: of the training process; 0 leaves the choice to torch.
        log_every: steps between lines of the log.
        save_every: steps between checkpoints.
        validate_every: steps between validations; 0 validates at the end only.
        validate_pictures: pictures of the validation split that are used, from its start.
        validate_long_side: pixels that their longer side is scaled to.
    """

    network: str = "craftlite-small"
    steps: int = 20000
    batch: int = 16
    crop: int = 320
    learning_rate: float = 2e-3
    warmup: int = 300
    weight_decay: float = 1e-4
    ema: float = 0.999
    clip: float = 5.0
    seed: int = 0
    workers: int = 1
    threads: int = 0
    log_every: int = 20
    save_every: int = 200
    validate_every: int = 0
    validate_pictures: int = 100
    validate_long_side: int = 1280

    def __post_init__(self) -> None:
        """Raises a ConfigError that names the first setting out of its range."""
        least = {"steps": 1, "batch": 1, "crop": 32, "log_every": 1, "save_every": 1, "clip": 0}
        for name in ("learning_rate", "warmup", "weight_decay", "seed", "workers", "threads"):
            least[name] = 0
        for name, low in least.items():
            if not getattr(self, name) >= low:
                raise ConfigError(f"{name} is {getattr(self, name)}: must be at least {low}")
        if self.crop % 32:
            raise ConfigError(f"crop is {self.crop}: must be a multiple of 32")
        if not 0 <= self.ema < 1:
            raise ConfigError(f"ema is {self.ema}: must be at least 0 and below 1")
