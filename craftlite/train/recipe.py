"""The settings of a detector's training, as a recipe file or the command line gives them."""

from dataclasses import dataclass
from typing import Literal

from craftlite.errors import ConfigError
from craftlite.train.settings import Settings


@dataclass(frozen=True)
class Recipe(Settings):
    """How a detector is trained: what `Settings` has, and this.

    Attributes:
        minutes: in which the training ends, whatever `steps` says: its first steps measure how many
            there is time for; 0 counts steps.
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
    minutes: float = 0.0
    crops: Literal["auto", "host", "device"] = "auto"
    teacher: str = "none"
    pseudo_every: int = 0
    validate_pictures: int = 100
    validate_long_side: int = 1280

    def __post_init__(self) -> None:
        """Raises a ConfigError that names the first setting out of its range."""
        super().__post_init__()
        if self.steps < 1:
            raise ConfigError(f"steps is {self.steps}: must be at least 1")
