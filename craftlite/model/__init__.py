"""The networks by name; needs torch."""

from collections.abc import Callable
from functools import partial

from torch import nn

from craftlite.errors import ConfigError
from craftlite.model.classifier import Classifier
from craftlite.model.craft import Craft
from craftlite.model.mobilenet import MobileNetV1, MobileNetV2
from craftlite.model.refiner import LinkRefiner
from craftlite.model.rexnet import LARGE, LITE_V2, SMALL, ReXNet
from craftlite.model.slim import slim_decoder
from craftlite.model.vgg import VGG16BN, original_decoder


def _with_torchvision(name: str, classes: int) -> nn.Module:
    """Build a classifier on a torchvision backbone; torchvision may not be installed with torch."""
    from craftlite.model.torchvision_backbones import BACKBONES

    act = nn.Hardswish if name == "mobilenet_v3_large" else nn.ReLU
    return Classifier(BACKBONES[name](), classes, act=act)


_DETECTORS: dict[str, Callable[[], nn.Module]] = {
    "craftlite-small": lambda: Craft(ReXNet(), slim_decoder),
    "craftlite-small-v2": lambda: Craft(ReXNet(LITE_V2), partial(slim_decoder, first_kernel=7)),
    "craftlite-large": lambda: Craft(ReXNet(LARGE), slim_decoder),
    "craftlite-mobilenet-v2": lambda: Craft(MobileNetV2(), slim_decoder),
    "craft-vgg16": lambda: Craft(VGG16BN(), original_decoder),
}
_CLASSIFIERS: dict[str, Callable[[int], nn.Module]] = {
    "rexnet-lite": lambda classes: Classifier(ReXNet(), classes),
    "rexnet-small": lambda classes: Classifier(ReXNet(SMALL), classes, act=nn.SiLU),
    "rexnet-large": lambda classes: Classifier(ReXNet(LARGE), classes, act=nn.SiLU),
    "mobilenet-v1": lambda classes: Classifier(MobileNetV1(), classes, width=0),
    "mobilenet-v2": lambda classes: Classifier(MobileNetV2(), classes, act=nn.ReLU6),
    **{name: partial(_with_torchvision, name) for name in ("mobilenet_v3_large", "mnasnet1_0")},
}
DETECTORS, CLASSIFIERS = tuple(_DETECTORS), tuple(_CLASSIFIERS)
IMAGENET_CLASSES = 1000
__all__ = [
    "CLASSIFIERS",
    "DETECTORS",
    "IMAGENET_CLASSES",
    "Classifier",
    "Craft",
    "LinkRefiner",
    "build_model",
]


def build_model(name: str, classes: int = IMAGENET_CLASSES) -> nn.Module:
    """Build a network of DETECTORS or CLASSIFIERS, or "link-refiner", with random weights.

    classes: number of classes of a classifier.

    Raises:
        ConfigError: the name is unknown.
    """
    if name in _DETECTORS:
        return _DETECTORS[name]()
    if name in _CLASSIFIERS:
        return _CLASSIFIERS[name](classes)
    if name == "link-refiner":
        return LinkRefiner()
    known = ", ".join((*DETECTORS, *CLASSIFIERS, "link-refiner"))
    raise ConfigError(f"no network is called {name!r}; known: {known}")
