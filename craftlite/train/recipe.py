"""The settings of trainings: what all have, and those of a detector, a backbone and objects."""

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
    **dict.fromkeys(("restart", "validate_long_side", "tune_pictures"), 0),
    **{"crop": 32, "validate_pictures": 1},
}
# Numbers from 0 to this.
MOST = {"label_smoothing": 1, "cutmix": 1, "least_area": 1, "colour": 1, "randaugment": 30}
# The settings that do not decide what the next step computes: a resumed training can change them.
RESUMABLE = (
    *("workers", "threads", "log_every", "save_every", "save_minutes", "validate_every"),
    *("validate_pictures", "validate_long_side", "patience", "tune_pictures"),
)
# What a training that goes on after its end can change besides.
LENGTHENED = ("steps", "minutes", "warmup", "restart", "epochs")


@dataclass(frozen=True)
class Settings:
    """How a network is trained.

    Attributes:
        network: the network, one of those that `craftlite info` lists; for a detector by default
            that of the weights that its training starts from.
        steps: optimiser steps in all.
        minutes: minutes of training, in place of a number of steps: the first steps measure how
            many there is time for. 0 counts steps.
        batch: pictures in each step, on all devices together.
        accumulate: parts that a step's pictures are processed in, one after another, if they do not
            fit into memory at once.
        crop: side of the square crops in pixels, a multiple of 32.
        optimiser: the optimiser, adamw, or sgd with Nesterov momentum.
        learning_rate: largest learning rate, reached after the warm-up; it falls to zero along a
            cosine.
        warmup: steps of linear warm-up.
        restart: step at which the learning rate began anew; --lengthen sets it.
        weight_decay: weight decay of convolutions; batch norm and biases have none.
        momentum: momentum of sgd.
        freeze_steps: steps at the start in which the backbone is not trained.
        ema: decay of the exponential average of the weights, which is what is validated and kept; 0
            averages nothing.
        clip: largest norm of the gradient, to which it is clipped; 0 does not clip.
        precision: floating-point format of the network's computations; auto is bf16 on GPUs and
            CPUs that support it, else fp32.
        compiled: whether to compile the network with torch.compile, which takes minutes at the
            start.
        seed: random seed of the weights and of the crops.
        workers: processes that make crops for each device; 0 makes them in the training process.
        threads: CPU threads of the training process; 0 leaves the choice to torch.
        log_every: steps between lines of the log.
        save_every: steps between checkpoints.
        save_minutes: minutes between checkpoints at most; 0 counts steps alone.
        validate_every: steps between validations; 0 validates at the end only.
        patience: stop after this many validations in a row without an improvement; 0 never stops
            early.
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
    restart: int = 0
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
        for name, high in MOST.items():
            if not 0 <= getattr(self, name, 0) <= high:
                raise ConfigError(f"{name} is {getattr(self, name)}: must be in 0..{high}")
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
        crops: where crops are made, on the host by workers, or on the device of the network from
            decoded pictures in its memory; auto is the device if that is a GPU, else the host.
        teacher: weights, by name or file, whose score maps are a second target beside the ground
            truth; none is the ground truth alone.
        pseudo_every: steps between searches, with the averaged weights, for the characters of words
            whose characters are unknown; 0 splits such words evenly.
        validate_pictures: number of pictures, the first of the validation split, to validate on.
        validate_long_side: length in pixels that the longer side of validation pictures is scaled
            to; 0 takes what was tuned for the weights that the training starts from, or 1280.
        tune_pictures: number of validation pictures, spread over all of them, on which thresholds
            and long side are searched for at the end; 0 takes the best thresholds of a few sets.
    """

    network: str = "craftlite-small"
    steps: int = 20000
    crops: Literal["auto", "host", "device"] = "auto"
    teacher: str = NO_TEACHER
    pseudo_every: int = 0
    validate_pictures: int = 100
    validate_long_side: int = 0
    tune_pictures: int = 30

    def __post_init__(self) -> None:
        """Raises a ConfigError that names the first setting out of its range."""
        super().__post_init__()
        if self.steps < 1:
            raise ConfigError(f"steps is {self.steps}: must be at least 1")
        if 0 < self.validate_long_side < 32:
            raise ConfigError(f"validate_long_side is {self.validate_long_side}: must be 0 or 32")


@dataclass(frozen=True)
class PretrainRecipe(Settings):
    """How a backbone is pretrained: what `Settings` has, and this.

    Attributes:
        epochs: passes over the training pictures; used if steps is 0.
        label_smoothing: share of the target that is spread over all classes.
        cutmix: probability that parts of a batch's pictures are exchanged (CutMix).
        randaugment: strength, 0 to 30, of two random operations on each picture (RandAugment); 0 is
            none.
        least_area: smallest share of a picture's area that a training crop shows.
        colour: largest change of brightness, contrast and saturation, as a share.
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
        if self.least_area == 0:
            raise ConfigError("least_area is 0: must be above 0")
        if not (self.steps or self.epochs):
            raise ConfigError("steps and epochs are both 0: one of them must say how long")


@dataclass(frozen=True)
class ObjectsRecipe(Settings):
    """How a detector of objects is trained: what `Settings` has, and this.

    Attributes:
        crop: side in pixels of the square that every picture is scaled to, a multiple of 32.
        validate_pictures: number of pictures, the first of the validation split, to validate on.
    """

    network: str = "ssdlite-rexnet-lite"
    steps: int = 2000
    learning_rate: float = 1e-3
    warmup: int = 100
    ema: float = 0.998
    validate_pictures: int = 500

    def __post_init__(self) -> None:
        """Raises a ConfigError that names the first setting out of its range."""
        super().__post_init__()
        if self.steps < 1:
            raise ConfigError(f"steps is {self.steps}: must be at least 1")
