"""The networks, by name; needs torch."""

from torch import nn

from craftlite.errors import ConfigError
from craftlite.model.craft import Craft
from craftlite.model.refiner import LinkRefiner
from craftlite.model.rexnet import ReXNet, slim_decoder
from craftlite.model.vgg import VGG16BN, original_decoder

DETECTORS = ("craftlite-small", "craft-vgg16")
__all__ = ["DETECTORS", "Craft", "LinkRefiner", "build_model"]


def build_model(name: str) -> nn.Module:
    """A network of one of the names in DETECTORS, or "link-refiner", with random weights.

    Raises:
        ConfigError: the name is not known.
    """
    if name == "craftlite-small":
        return Craft(ReXNet(), slim_decoder)
    if name == "craft-vgg16":
        return Craft(VGG16BN(), original_decoder)
    if name == "link-refiner":
        return LinkRefiner()
    known = ", ".join((*DETECTORS, "link-refiner"))
    raise ConfigError(f"no network is called {name!r}; there are {known}")
