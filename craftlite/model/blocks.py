"""Building blocks of light networks: convolution with batch norm, inverted residual, squeeze."""

from torch import Tensor, nn

Activation = type[nn.Module]
SQUEEZED = 12  # channels of a block, relative to those of its squeeze


def conv_bn(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    act: Activation | None = nn.ReLU,
) -> nn.Sequential:
    """Return a convolution without bias, batch norm and `act` if given; stride 1 keeps the size."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, act(inplace=True)) if act else nn.Sequential(*layers)


def separable(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    """Return a depthwise and a 1x1 convolution: MobileNet's block (Howard et al., 2017, 3.1)."""
    return nn.Sequential(
        conv_bn(inputs, inputs, kernel, stride, groups=inputs), conv_bn(inputs, outputs)
    )


class Squeeze(nn.Module):
    """Squeeze-excitation: weights each channel by a function of all channels' means.

    Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        few = max(8, channels // SQUEEZED)
        self.reduce, self.restore = nn.Conv2d(channels, few, 1), nn.Conv2d(few, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Multiply each channel of (N, channels, H, W) by a weight in 0..1."""
        mean = x.mean((2, 3), keepdim=True)
        weights: Tensor = self.restore(self.reduce(mean).relu()).sigmoid()
        return x * weights


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise, project 1x1 (Sandler et al., "MobileNetV2", CVPR 2018).

    Args:
        inputs: number of input channels.
        outputs: number of output channels.
        expansion: ratio of the inner channels to the input channels.
        stride: of the depthwise convolution.
        act: activation after the first two convolutions.
        squeeze: whether the inner channels are weighted by squeeze-excitation.
        partial: whether, at stride 1, the input is added to the first channels of a wider output,
            as in ReXNet, whose growing channels never make input and output equally wide. If not,
            a shortcut needs equal widths.
        kernel: side of the depthwise convolution's kernel.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        expansion: int,
        stride: int,
        act: Activation = nn.ReLU,
        squeeze: bool = False,
        partial: bool = True,
        kernel: int = 3,
    ) -> None:
        super().__init__()
        middle = inputs * expansion
        fits = inputs == outputs or (partial and inputs < outputs)
        self.shortcut = stride == 1 and fits
        self.expand = conv_bn(inputs, middle, act=act) if expansion > 1 else nn.Identity()
        self.depthwise = conv_bn(middle, middle, kernel, stride, groups=middle, act=act)
        self.squeeze = Squeeze(middle) if squeeze else nn.Identity()
        self.project = conv_bn(middle, outputs, act=None)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H/stride, W/stride)."""
        y: Tensor = self.project(self.squeeze(self.depthwise(self.expand(x))))
        if not self.shortcut:
            return y
        # Padding the input instead of adding to a slice keeps the exported graph free of slices.
        missing = y.shape[1] - x.shape[1]
        return y + (nn.functional.pad(x, (0, 0, 0, 0, 0, missing)) if missing else x)
