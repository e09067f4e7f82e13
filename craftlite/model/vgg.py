"""The backbone and decoder of the original CRAFT (Baek et al., CVPR 2019, section 3.1)."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

# Convolutions of VGG16-BN up to conv5_2, with 0 for max pooling, split where CRAFT taps them. The
# names are those of the official state dict.
_SLICES = {
    "slice1": (64, 64, 0, 128, 128),
    "slice2": (0, 256, 256),
    "slice3": (256, 0, 512, 512),
    "slice4": (512, 0, 512, 512),
}


class VGG16BN(nn.Module):
    """VGG16-BN split into CRAFT's slices, with the fully connected layers turned into convolutions.

    Module names and numbers are those of the official state dict, so that official weights load.
    All tapped feature maps except slice4's have a ReLU applied: the official network applies it in
    place at the start of the next slice, but slice5 starts with a pooling instead.

    Attributes:
        channels: of the five feature maps that `forward` returns, deepest first.
        strides: their strides relative to the picture.
    """

    channels = (1024, 512, 512, 256, 128)
    strides = (16, 16, 8, 4, 2)

    def __init__(self) -> None:
        super().__init__()
        inputs, modules = 3, list[nn.Module]()
        for name, layers in _SLICES.items():
            first = len(modules)
            for width in layers:
                if not width:
                    modules.append(nn.MaxPool2d(2))
                    continue
                convolution = nn.Conv2d(inputs, width, 3, padding=1)
                modules += [convolution, nn.BatchNorm2d(width), nn.ReLU()]
                inputs = width
            numbered = {str(k): modules[k] for k in range(first, len(modules))}
            module = nn.Sequential(OrderedDict(numbered))
            self.add_module(name, module)
        module[-1] = nn.Identity()  # slice4 ends without a ReLU
        self.slice5 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1),
            nn.Conv2d(512, 1024, 3, padding=6, dilation=6),
            nn.Conv2d(1024, 1024, 1),
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return feature maps (N, channels[i], H/strides[i], W/strides[i]) of x (N, 3, H, W)."""
        features = []
        for name in (*_SLICES, "slice5"):
            x = getattr(self, name)(x)
            features.append(x)
        return features[::-1]


class ConcatUp(nn.Module):
    """One step of the original decoder: resize, concatenate with the skip, convolve twice."""

    def __init__(self, deep: int, skip: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(deep + skip, 2 * out, 1),
            nn.BatchNorm2d(2 * out),
            nn.ReLU(),
            nn.Conv2d(2 * out, out, 3, padding=1),
            nn.BatchNorm2d(out),
            nn.ReLU(),
        )

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """Map (N, deep, h, w) and (N, skip, H, W) to (N, out, H, W)."""
        if deep.shape[2:] != skip.shape[2:]:
            deep = nn.functional.interpolate(
                deep, size=skip.shape[2:], mode="bilinear", align_corners=False
            )
        out: Tensor = self.conv(torch.cat([deep, skip], dim=1))
        return out


def original_decoder(channels: Sequence[int]) -> list[nn.Module]:
    """Return the original CRAFT's four up-sampling blocks and head, for features `channels`."""
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
