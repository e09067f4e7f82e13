"""The settings of trainings: what all have, a detector's, and a classifier's."""

import math
from dataclasses import dataclass
from typing import Literal

from craftlite.errors import ConfigError

NO_TEACHER = "none"
# The least that a number may be; what is not here may be anything of its type.
LEAST = {
    **dict.fromkeys(("batch", "accumulate", "log_every", "save_every"), 1),
    **dict.fromkeys(("learning_rate", "warmup", "weight_decay", "momentum", "clip", "seed"), 0),
    **dict.fromkeys(("freeze_steps", "workers", "threads", "patience", "pseudo_every"), 0),
    **dict.fromkeys(("steps", "validate_every", "save_minutes", "epochs", "minutes"), 0),
    **{"crop": 32, "validate_pictures": 1, "validate_long_side": 32},
}
# The settings that do not decide what the next step computes: a resumed training can change them.
RESUMABLE = (
    *("workers", "threads", "log_every", "save_every", "save_minutes", "validate_every"),
    *("validate_pictures", "validate_long_side", "patience"),
)

# Of the validation's shorter side to its crop, as 256 to 224: the protocol of ImageNet-1k.
RESIZED = 256 / 224


@dataclass(frozen=True)
class Settings:
    """How a network is trained.

    Attributes:
        network: one of those that `craftlite info` lists; a detector's is by default that of the
            weights that its training starts from.
        steps: optimiser steps in all.
        minutes: in which the training ends, whatever `steps` says: its first steps measure how many
            there is time for; 0 counts steps.
        batch: pictures a step, on all devices together.
        accumulate: parts that a step's pictures are worked through in, one after another, where
            they do not fit the memory at once.
        crop: side of the square pictures in pixels, a multiple of 32.
        optimiser: adamw, or sgd with Nesterov momentum.
        learning_rate: peak, reached after the warm-up; it falls to zero along a cosine.
        warmup: steps of linear warm-up.
        weight_decay: on convolutions alone, not on batch norm and biases.
        momentum: of sgd.
        freeze_steps: steps at the start in which the backbone stays as it is.
        ema: decay of the averaged weights, which are the ones validated and shipped; 0 averages
            nothing.
        clip: largest norm of the gradient; 0 leaves it as it is.
        precision: of the network's arithmetic; auto is bf16 on GPUs and CPUs that have it, else
            fp32.
        compiled: whether torch.compile translates the network, which takes minutes at the start.
        seed: of the weights and of every picture.
        workers: processes that make pictures on each device; 0 makes them in the training process.
        threads: of the training process; 0 leaves the choice to torch.
        log_every: steps between lines of the log.
        save_every: steps between checkpoints.
        save_minutes: minutes after which a checkpoint is saved in any case; 0 is never.
        validate_every: steps between validations; 0 validates at the end only.
        patience: validations in a row that are no better after which it stops; 0 is never.
    """

    network: str
    steps: int
    minutes: float = 0.0
    batch: int = 16
    accumulate: int = 1
    crop: int = 320
    optimiser: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 2e-3
    warmup: int = 300
    weight_decay: float = 1e-4
    momentum: float = 0.9
    freeze_steps: int = 0
    ema: float = 0.999
    clip: float = 5.0
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    compiled: bool = False
    seed: int = 0
    workers: int = 1
    threads: int = 0
    log_every: int = 20
    save_every: int = 200
    save_minutes: float = 15.0
    validate_every: int = 0
    patience: int = 0

    def __post_init__(self) -> None:
        """Raises a ConfigError that names the first setting out of its range."""
        for name, low in LEAST.items():
            value = getattr(self, name, low)
            if not value >= low:
                raise ConfigError(f"{name} is {value}: must be at least {low}")
            if value == math.inf:
                raise ConfigError(f"{name} is {value}: must be finite")
        if self.crop % 32:
            raise ConfigError(f"crop is {self.crop}: must be a multiple of 32")
        if self.batch % self.accumulate:
            raise ConfigError(f"batch is {self.batch}: must be a multiple of accumulate")
        if not 0 <= self.ema < 1:
            raise ConfigError(f"ema is {self.ema}: must be at least 0 and below 1")


@dataclass(frozen=True)
class Recipe(Settings):
    """How a detector is trained: what `Settings` has, and this.

    Attributes:
        crops: where crops are made: on the host, by workers, or on the device that the network is
            on, from pictures that it holds decoded; auto is the device on a GPU and the host
            elsewhere.
        teacher: weights, by name or file, whose maps are learnt from as much as the truth; "none"
            is the truth alone.
        pseudo_every: steps after which the characters of real words are looked for anew by the
            averaged weights; 0 splits words evenly throughout.
        validate_pictures: pictures of the validation split that are used, from its start.
        validate_long_side: pixels that their longer side is scaled to.
    """

    network: str = "craftlite-small"
    steps: int = 20000
    crops: Literal["auto", "host", "device"] = "auto"
    teacher: str = NO_TEACHER
    pseudo_every: int = 0
    validate_pictures: int = 100
    validate_long_side: int = 1280

    def __post_init__(self) -> None:
        """Raises a ConfigError that names the first setting out of its range."""
        super().__post_init__()
        if self.steps < 1:
            raise ConfigError(f"steps is {self.steps}: must be at least 1")


@dataclass(frozen=True)
class PretrainRecipe(Settings):
    """How a backbone is pretrained: what `Settings` has, and this.

    Attributes:
        epochs: passes over the training pictures; what `steps` is made of where that is 0.
        label_smoothing: share of a target that is spread over all classes.
        cutmix: chance that a batch has parts of its pictures exchanged.
        randaugment: strength, 0..30, of two random operations on each picture; 0 is none.
        least_area: share of a picture that a training crop shows at least.
        colour: how far brightness, contrast and saturation go, as a share.
    """

    network: str = "rexnet-small"
    steps: int = 0
    batch: int = 256
    crop: int = 224
    optimiser: Literal["adamw", "sgd"] = "sgd"
    learning_rate: float = 0.1
    warmup: int = 0
    ema: float = 0.0
    clip: float = 0.0
    epochs: int = 100
    label_smoothing: float = 0.1
    cutmix: float = 0.5
    randaugment: int = 0
    least_area: float = 0.25
    colour: float = 0.4

    def __post_init__(self) -> None:
        """Raises a ConfigError that names the first setting out of its range."""
        super().__post_init__()
        for name in ("label_smoothing", "cutmix", "least_area", "colour"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}: must be in 0..1")
        if not 0 <= self.randaugment <= 30:
            raise ConfigError(f"randaugment is {self.randaugment}: must be in 0..30")
        if self.least_area == 0:
            raise ConfigError("least_area is 0: must be above 0")
        if not (self.steps or self.epochs):
            raise ConfigError("steps and epochs are both 0: one of them must say how long")
