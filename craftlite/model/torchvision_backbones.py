"""Backbones of torchvision, split into the same stages as craftlite's, for comparison."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torchvision.models import mnasnet1_0, mobilenet_v3_large

# torchvision's momenta suit trainings of days; within an hour the statistics would hardly change.
MOMENTUM = 0.1


class Stages(nn.Module):
    """A chain of layers that returns the feature map at the end of each stage, deepest first.

    Args:
        layers: the layers from the picture on, without a classifier's last convolution.
        ends: the end of each stage of strides 2, 4, 8, 16 and 32, as an index into `layers`.
        channels: the channels at those ends.
    """

    def __init__(self, layers: Sequence[nn.Module], ends: Sequence[int], channels: Sequence[int]):
        super().__init__()
        starts = (0, *ends[:-1])
        self.stages = nn.ModuleList(
            nn.Sequential(*layers[first:last]) for first, last in zip(starts, ends, strict=True)
        )
        self.channels = tuple(reversed(channels))
        self.strides = tuple(2**depth for depth in range(len(ends), 0, -1))
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = MOMENTUM

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return feature maps (N, channels[i], H/strides[i], W/strides[i]) of x (N, 3, H, W)."""
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features[::-1]


def mobilenet_v3() -> Stages:
    """Howard et al., "Searching for MobileNetV3", ICCV 2019, table 1, to its last bottleneck."""
    layers = list(mobilenet_v3_large().features)
    return Stages(layers, (2, 4, 7, 13, 16), (16, 24, 40, 112, 160))


def mnasnet() -> Stages:
    """Tan et al., "MnasNet", CVPR 2019, MnasNet-B1 to its last bottleneck."""
    layers = list(mnasnet1_0().layers)
    return Stages(layers, (8, 9, 10, 12, 14), (16, 24, 40, 96, 320))


BACKBONES: dict[str, Callable[[], Stages]] = {
    "mobilenet_v3_large": mobilenet_v3,
    "mnasnet1_0": mnasnet,
}
