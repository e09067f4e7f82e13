"""Training settings: those common to all tasks, and those of each kind of task."""

import math
from dataclasses import dataclass
from typing import Literal

from craftlite.errors import ConfigError

NO_TEACHER = "none"
# The smallest value of each number; other settings are not limited.
LEAST = {
    **dict.fromkeys(("batch", "accumulate", "log_every", "save_every"), 1),
    **dict.fromkeys(("learning_rate", "warmup", "weight_decay", "momentum", "clip", "seed"), 0),
    **dict.fromkeys(("freeze_steps", "workers", "threads", "patience", "pseudo_every"), 0),
    **dict.fromkeys(("steps", "validate_every", "save_minutes", "epochs", "minutes"), 0),
    **dict.fromkeys(("restart", "validate_long_side", "tune_pictures"), 0),
    **{"crop": 32, "validate_pictures": 1},
}
# Numbers between 0 and this value.
MOST = {"label_smoothing": 1, "cutmix": 1, "least_area": 1, "colour": 1, "randaugment": 30}
# Settings that do not affect what the next step computes, so a resumed training may change them.
RESUMABLE = (
    *("workers", "threads", "log_every", "save_every", "save_minutes", "validate_every"),
    *("validate_pictures", "validate_long_side", "patience", "tune_pictures"),
)
# Further settings that may change when a finished training is lengthened.
LENGTHENED = ("steps", "minutes", "warmup", "restart", "epochs")


@dataclass(frozen=True)
class Settings:
    """How a network is trained.

    Attributes:
        network: the network, one of those that `craftlite info` lists; a detector's default is the
            network of the weights that its training starts from.
        steps: number of optimiser steps.
        minutes: time limit in minutes, instead of a number of steps: the first steps are timed to
            find how many fit; 0 uses steps.
        batch: pictures per step, over all devices.
        accumulate: number of parts that a step's pictures are split into, processed one after
            another; use it if a batch does not fit into memory.
        crop: side of the square crops in pixels, a multiple of 32.
        optimiser: the optimiser, adamw, or sgd with Nesterov momentum.
        learning_rate: peak learning rate, reached after the warm-up; it falls to zero along a
            cosine.
        warmup: steps of linear warm-up.
        restart: step at which the learning rate started anew; --lengthen sets it.
        weight_decay: weight decay of convolutions; batch norm and biases have none.
        momentum: momentum of sgd.
        freeze_steps: number of steps at the start in which the backbone is not trained.
        ema: decay of the exponential moving average of the weights, which is validated and saved; 0
            disables averaging.
        clip: norm to which larger gradients are clipped; 0 disables clipping.
        precision: floating-point format of the network's computations; auto is bf16 on GPUs and
            CPUs that support it, otherwise fp32.
        compiled: whether to compile the network with torch.compile, which takes minutes at the
            start.
        seed: random seed of the weights and of the crops.
        workers: number of processes that make crops for each device; 0 makes them in the training
            process.
        threads: CPU threads of the training process; 0 leaves the choice to torch.
        log_every: steps between lines of the log.
        save_every: steps between checkpoints.
        save_minutes: longest time between checkpoints in minutes; 0 saves by steps only.
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
        """Raise a ConfigError that names the first setting out of its range."""
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
    """How a detector is trained: the settings in `Settings`, and these.

    Attributes:
        crops: where crops are made: on the host by workers, or on the network's device from decoded
            pictures in its memory; auto is the device if that is a GPU, otherwise the host.
        teacher: weights, by name or file, whose score maps are a second target beside the ground
            truth; none uses the ground truth alone.
        pseudo_every: steps between passes of pseudo-labelling, in which the averaged weights look
            for the unknown characters of words; 0 splits such words evenly.
        validate_pictures: number of pictures to validate on, the first of the validation split.
        validate_long_side: length in pixels that the longer side of validation pictures is scaled
            to; 0 uses the value tuned for the weights that the training starts from, or 1280.
        tune_pictures: number of validation pictures, evenly spaced, on which thresholds and long
            side are searched for at the end; 0 only picks the best of a few sets of thresholds.
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
        """Raise a ConfigError that names the first setting out of its range."""
        super().__post_init__()
        if self.steps < 1:
            raise ConfigError(f"steps is {self.steps}: must be at least 1")
        if 0 < self.validate_long_side < 32:
            raise ConfigError(
                f"validate_long_side is {self.validate_long_side}: must be 0 or at least 32"
            )


@dataclass(frozen=True)
class PretrainRecipe(Settings):
    """How a backbone is pretrained: the settings in `Settings`, and these.

    Attributes:
        epochs: passes over the training pictures; used if steps is 0.
        label_smoothing: fraction of the target that is spread over all classes.
        cutmix: probability that a batch is augmented with CutMix.
        randaugment: strength, 0 to 30, of the two random operations of RandAugment on each picture;
            0 disables it.
        least_area: smallest fraction of a picture's area that a training crop shows.
        colour: largest relative change of brightness, contrast and saturation.
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
        """Raise a ConfigError that names the first setting out of its range."""
        super().__post_init__()
        if self.least_area == 0:
            raise ConfigError("least_area is 0: must be above 0")
        if not (self.steps or self.epochs):
            raise ConfigError("steps and epochs are both 0: set one of them")


@dataclass(frozen=True)
class ObjectsRecipe(Settings):
    """How an object detector is trained: the settings in `Settings`, and these.

    Attributes:
        crop: side in pixels of the square that every picture is scaled to, a multiple of 32.
        validate_pictures: number of pictures to validate on, the first of the validation split.
    """

    network: str = "ssdlite-rexnet-lite"
    steps: int = 2000
    learning_rate: float = 1e-3
    warmup: int = 100
    ema: float = 0.998
    validate_pictures: int = 500

    def __post_init__(self) -> None:
        """Raise a ConfigError that names the first setting out of its range."""
        super().__post_init__()
        if self.steps < 1:
            raise ConfigError(f"steps is {self.steps}: must be at least 1")
