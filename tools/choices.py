"""The choices of design that `tools.ablate` compares: what each changes, from the base."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from craftlite.data import targets
from craftlite.data.augment import Augmentation
from craftlite.model import Craft
from craftlite.model.blocks import conv_bn
from craftlite.model.mobilenet import MobileNetV2
from craftlite.model.rexnet import LITE, Plan, ReXNet, Stage
from craftlite.model.slim import slim_decoder
from craftlite.train.detector import loss

# Smaller and more level words than the trainings' crops: the table was begun with them.
CROPS = Augmentation(heights=(10.0, 64.0), any_rotation=0.03, shear=0.1, stretch=0.2)


class QuarterSize(nn.Module):
    """A detector that stops at quarter size, its scores drawn up to half size."""

    def __init__(self) -> None:
        super().__init__()
        self.basenet = ReXNet()
        *ups, _ = slim_decoder(self.basenet.channels)
        self.ups = nn.ModuleList(ups[:-1])
        self.head = nn.Sequential(conv_bn(48, 16, 3), nn.Conv2d(16, 2, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As `Craft`'s."""
        deep, *skips = self.basenet(x)
        for up, skip in zip(self.ups, skips, strict=False):
            deep = up(deep, skip)
        scores = nn.functional.interpolate(self.head(deep), scale_factor=2, mode="bilinear")
        return scores.permute(0, 2, 3, 1), deep


class PlainDecoder(nn.Module):
    """A decoder's step as the slim one's, with a plain 3x3 convolution."""

    def __init__(self, deep: int, skip: int, out: int) -> None:
        super().__init__()
        self.deep, self.skip = conv_bn(deep, out, act=None), conv_bn(skip, out, act=None)
        self.refine = nn.Sequential(nn.ReLU(inplace=True), conv_bn(out, out, 3))

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """(N, deep, h, w) and (N, skip, H, W) to (N, out, H, W)."""
        up = nn.functional.interpolate(self.deep(deep), skip.shape[2:], mode="bilinear")
        out: Tensor = self.refine(self.skip(skip) + up)
        return out


def plain_decoder(channels: Sequence[int]) -> list[nn.Module]:
    """The slim decoder's widths with plain convolutions."""
    widths = (channels[0], 96, 64, 48, 16)
    steps = zip(pairwise(widths), channels[1:], strict=True)
    *_, head = slim_decoder(channels)
    return [*(PlainDecoder(deep, skip, out) for (deep, out), skip in steps), head]


def detector(plan: Plan = LITE, widths: Sequence[int] = (96, 64, 48, 16)) -> nn.Module:
    """A light detector with another body or other widths of the decoder."""
    return Craft(ReXNet(plan), lambda channels: slim_decoder(channels, widths))


def squeezed(stage: Stage) -> Stage:
    """A stage with squeeze-excitation."""
    return replace(stage, squeeze=True)


STARVED = (
    *(Stage((16,), 1), Stage((16, 16), 4), Stage((32, 32, 32), 4)),
    *LITE.stages[3:],
)
# Widths in even steps of 8, from the body's first design.
EIGHTS = (
    *(Stage((16,), 1), Stage((24, 40), 3), Stage((48, 64))),
    *(Stage((72, 80, 96, 104, 120, 128)), Stage((144, 152, 160, 168, 176))),
)
EARLY = (
    *(Stage((16,), 1), Stage((32, 32, 48), 3), Stage((64, 64, 80, 80), 4)),
    *(Stage((96, 96, 112, 128)), Stage((144, 160, 176))),
)


@dataclass(frozen=True)
class Choice:
    """What is changed: the network, settings, constants as (module, name, value), the crops."""

    says: str
    build: Callable[[], nn.Module] = detector
    settings: dict[str, Any] = field(default_factory=dict)
    constants: Sequence[tuple[Any, str, Any]] = ()
    crops: Augmentation = CROPS


CHOICES = {
    "base": Choice("as `craftlite-small` is"),
    "seed": Choice("the same with another seed", settings={"seed": 4}),
    "quarter": Choice("maps at quarter size", QuarterSize),
    "sharp": Choice("Gaussian of sigma 0.3 for 0.4", constants=[(targets, "SIGMA", 0.3)]),
    "soft": Choice("Gaussian of sigma 0.5", constants=[(targets, "SIGMA", 0.5)]),
    "tight": Choice("box enlarged by 1.25 for 1.5", constants=[(targets, "ENLARGEMENT", 1.25)]),
    "mine1": Choice("1 negative for 3", constants=[(loss, "NEGATIVES_PER_POSITIVE", 1)]),
    "mine9": Choice("9 negatives for 3", constants=[(loss, "NEGATIVES_PER_POSITIVE", 9)]),
    "narrow": Choice("decoder of half the width", lambda: detector(widths=(48, 32, 24, 16))),
    "wide": Choice("decoder half as wide again", lambda: detector(widths=(144, 96, 72, 24))),
    "plain": Choice("plain 3x3 in the decoder", lambda: Craft(ReXNet(), plain_decoder)),
    "starved": Choice("narrower early layers", lambda: detector(Plan(STARVED))),
    "eights": Choice("more and wider deep blocks, multiples of 8", lambda: detector(Plan(EIGHTS))),
    "early": Choice("more and wider early blocks", lambda: detector(Plan(EARLY))),
    "mobilenet": Choice("MobileNetV2's body", lambda: Craft(MobileNetV2(), slim_decoder)),
    "squeeze": Choice(
        "squeeze-excitation from stride 8 on",
        lambda: detector(Plan((*LITE.stages[:2], *map(squeezed, LITE.stages[2:])))),
    ),
    "silu": Choice("SiLU for ReLU in the body", lambda: detector(replace(LITE, act=nn.SiLU))),
    "crop384": Choice("8 crops of 384 for 16 of 256", settings={"crop": 384, "batch": 8}),
    "crop192": Choice("28 crops of 192 for 16 of 256", settings={"crop": 192, "batch": 28}),
    "scales": Choice(
        "words of 8 to 128 pixels for 10 to 64", crops=replace(CROPS, heights=(8.0, 128.0))
    ),
    "ema0": Choice("no moving average", settings={"ema": 0.0}),
    "ema9995": Choice("moving average of decay 0.9995", settings={"ema": 0.9995}),
}
