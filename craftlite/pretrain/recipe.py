"""The settings of a backbone's pretraining, as a recipe file or the command line gives them."""

from dataclasses import dataclass
from typing import Literal

from craftlite.errors import ConfigError
from craftlite.train.settings import Settings

# Of the validation's shorter side to its crop, as 256 to 224: the protocol of ImageNet-1k.
RESIZED = 256 / 224


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
