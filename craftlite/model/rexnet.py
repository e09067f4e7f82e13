"""A light backbone in the ReXNet line, and the slim decoder that goes with it.

ReXNet (Han et al., "Rethinking Channel Dimensions for Efficient Model Design", CVPR 2021): inverted
residual blocks whose channels grow linearly with depth, so that the early layers are not starved.
Left out here, for the CPU: squeeze-excitation and SiLU. Widths are multiples of 8, the block that
vector units of CPUs like.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn


def conv_bn(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True
) -> nn.Sequential:
    """Convolution without bias, batch norm and, where `act`, ReLU; the size is kept at stride 1."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if act else nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise 3x3, project 1x1; at stride 1 the input is added to the first channels.

    The partial residual is ReXNet's: with growing channels input and output never have equal
    widths, so the shortcut covers the channels that the input has.
    """

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        middle = inputs * expansion
        self.shortcut = inputs if stride == 1 and inputs <= outputs else 0
        self.expand = conv_bn(inputs, middle) if expansion > 1 else nn.Identity()
        self.depthwise = conv_bn(middle, middle, 3, stride, groups=middle)
        self.project = conv_bn(middle, outputs, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H/stride, W/stride)."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        if not self.shortcut:
            return y
        # Padding the input instead of adding to a slice keeps the exported graph free of slices.
        missing = y.shape[1] - self.shortcut
        return y + nn.functional.pad(x, (0, 0, 0, 0, 0, missing))


@dataclass(frozen=True)
class Stage:
    """Blocks that work at one stride: their output channels, one a block, and the expansion."""

    channels: tuple[int, ...]
    expansion: int = 6


# Strides 2, 4, 8, 16 and 32; channels grow by about 11 a block from 16 on, as in ReXNet x1.0. The
# wide early maps are expanded by 3 only: there expansion costs time and memory, not parameters.
LITE = (
    Stage((16,), expansion=1),
    Stage((24, 40), expansion=3),
    Stage((48, 64)),
    Stage((72, 80, 96, 104, 120, 128)),
    Stage((144, 152, 160, 168, 176)),
)


class ReXNet(nn.Module):
    """Stem and stages of inverted residuals; every stage but the first halves the size.

    Attributes:
        channels: of the feature maps that `forward` gives, one a stage, deepest first.
        strides: their strides against the picture.
    """

    def __init__(self, stages: Sequence[Stage] = LITE, stem: int = 32) -> None:
        super().__init__()
        self.stem = conv_bn(3, stem, 3, stride=2)
        self.stages = nn.ModuleList()
        inputs = stem
        for depth, stage in enumerate(stages):
            blocks = nn.Sequential()
            for number, outputs in enumerate(stage.channels):
                stride = 2 if depth > 0 and number == 0 else 1
                blocks.append(InvertedResidual(inputs, outputs, stage.expansion, stride))
                inputs = outputs
            self.stages.append(blocks)
        self.channels = tuple(stage.channels[-1] for stage in reversed(stages))
        self.strides = tuple(2 ** (depth + 1) for depth in reversed(range(len(stages))))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Feature maps (N, channels[i], H/strides[i], W/strides[i]) of x (N, 3, H, W)."""
        x = self.stem(x)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features[::-1]


class SumUp(nn.Module):
    """One step of the slim decoder: 1x1 on each input, resize, add, then a separable 3x3.

    A 1x1 convolution of a concatenation is a sum of two; done before the up-sampling, the one on
    the deep features costs a quarter.
    """

    def __init__(self, deep: int, skip: int, out: int) -> None:
        super().__init__()
        self.deep = conv_bn(deep, out, act=False)
        self.skip = conv_bn(skip, out, act=False)
        self.refine = nn.Sequential(
            nn.ReLU(inplace=True), conv_bn(out, out, 3, groups=out), conv_bn(out, out)
        )

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """(N, deep, h, w) and (N, skip, H, W) to (N, out, H, W)."""
        up = nn.functional.interpolate(
            self.deep(deep), size=skip.shape[2:], mode="bilinear", align_corners=False
        )
        out: Tensor = self.refine(self.skip(skip) + up)
        return out


def slim_decoder(
    channels: Sequence[int], widths: Sequence[int] = (96, 64, 48, 16)
) -> list[nn.Module]:
    """The up-sampling blocks, one for each of `widths`, and the head, for features `channels`."""
    deep, modules = channels[0], list[nn.Module]()
    for skip, out in zip(channels[1:], widths, strict=True):
        modules.append(SumUp(deep, skip, out))
        deep = out
    head = nn.Sequential(conv_bn(deep, 16, 3), nn.Conv2d(16, 2, 1))
    return [*modules, head]
