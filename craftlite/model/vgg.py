"""The body of the original CRAFT: VGG16 with batch norm (Baek et al., CVPR 2019, section 3.1)."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

# Convolutions of VGG16-BN up to conv5_2, "M" for max pooling. A slice is (name in the official
# state dict, number of its first layer within VGG16-BN, layers) and ends where CRAFT taps it.
_SLICES: tuple[tuple[str, int, tuple[int | str, ...]], ...] = (
    ("slice1", 0, (64, 64, "M", 128, 128)),
    ("slice2", 13, ("M", 256, 256)),
    ("slice3", 20, (256, "M", 512, 512)),
    ("slice4", 30, (512, "M", 512, 512)),
)


def _slice(
    first: int, layers: Sequence[int | str], channels: int, rectified: bool
) -> tuple[nn.Sequential, int]:
    """The layers with their numbers in VGG16-BN, and the channels that they end in."""
    modules: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, int):
            modules += [nn.Conv2d(channels, layer, 3, padding=1), nn.BatchNorm2d(layer), nn.ReLU()]
            channels = layer
        else:
            modules.append(nn.MaxPool2d(2))
    if not rectified:
        modules.pop()
    named = OrderedDict((str(number), m) for number, m in enumerate(modules, first))
    return nn.Sequential(named), channels


class VGG16BN(nn.Module):
    """VGG16-BN cut into CRAFT's slices, with the fully connected layers turned into convolutions.

    Module names and numbers are the official state dict's, so that official weights load.
    Every tapped feature map is rectified but that of slice4: the official network rectifies in
    place, at the start of the next slice, and slice5 starts with a pooling instead.

    Attributes:
        channels: of the five feature maps that `forward` gives, deepest first.
        strides: their strides against the picture.
    """

    channels = (1024, 512, 512, 256, 128)
    strides = (16, 16, 8, 4, 2)

    def __init__(self) -> None:
        super().__init__()
        channels = 3
        for name, first, layers in _SLICES:
            module, channels = _slice(first, layers, channels, rectified=name != "slice4")
            self.add_module(name, module)
        self.slice5 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1),
            nn.Conv2d(512, 1024, 3, padding=6, dilation=6),
            nn.Conv2d(1024, 1024, 1),
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Feature maps (N, channels[i], H/strides[i], W/strides[i]) of x (N, 3, H, W)."""
        features = []
        for name in ("slice1", "slice2", "slice3", "slice4", "slice5"):
            x = getattr(self, name)(x)
            features.append(x)
        return features[::-1]


def double_conv(skip_and_deep: int, middle: int, out: int) -> nn.Sequential:
    """CRAFT's up-sampling block: 1x1 then 3x3 convolution, each with batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(skip_and_deep, middle, 1),
        nn.BatchNorm2d(middle),
        nn.ReLU(),
        nn.Conv2d(middle, out, 3, padding=1),
        nn.BatchNorm2d(out),
        nn.ReLU(),
    )


class ConcatUp(nn.Module):
    """One step of the original decoder: resize, concatenate with the skip, convolve twice."""

    def __init__(self, deep: int, skip: int, out: int) -> None:
        super().__init__()
        self.conv = double_conv(deep + skip, 2 * out, out)

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """(N, deep, h, w) and (N, skip, H, W) to (N, out, H, W)."""
        if deep.shape[2:] != skip.shape[2:]:
            deep = nn.functional.interpolate(
                deep, size=skip.shape[2:], mode="bilinear", align_corners=False
            )
        out: Tensor = self.conv(torch.cat([deep, skip], dim=1))
        return out


def original_decoder(channels: Sequence[int]) -> list[nn.Module]:
    """The four up-sampling blocks and the head of the original CRAFT, for features `channels`."""
    deep, modules = channels[0], list[nn.Module]()
    for skip, out in zip(channels[1:], (256, 128, 64, 32), strict=True):
        modules.append(ConcatUp(deep, skip, out))
        deep = out
    head = nn.Sequential(
        nn.Conv2d(32, 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 16, 1),
        nn.ReLU(),
        nn.Conv2d(16, 2, 1),
    )
    return [*modules, head]
