"""MobileNetV1 and V2 at width 1.0, as bodies that light networks are compared with."""

from torch import Tensor, nn

from craftlite.model.blocks import InvertedResidual, conv_bn, separable
from craftlite.model.rexnet import features


class MobileNetV1(nn.Module):
    """Howard et al., "MobileNets: Efficient Convolutional Neural Networks", 2017, table 1.

    Attributes:
        channels: of the feature maps that `forward` gives, deepest first.
        strides: their strides against the picture.
    """

    # Output channels of the separable blocks at strides 2, 4, 8, 16 and 32.
    STAGES = ((64,), (128, 128), (256, 256), (512,) * 6, (1024, 1024))
    channels = (1024, 512, 256, 128, 64)
    strides = (32, 16, 8, 4, 2)

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 32, 3, stride=2)
        self.stages = nn.ModuleList()
        inputs = 32
        for depth, outputs in enumerate(self.STAGES):
            blocks = nn.Sequential()
            for number, width in enumerate(outputs):
                blocks.append(separable(inputs, width, 2 if depth > 0 and number == 0 else 1))
                inputs = width
            self.stages.append(blocks)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Feature maps (N, channels[i], H/strides[i], W/strides[i]) of x (N, 3, H, W)."""
        return features(self.stages, self.stem(x))


class MobileNetV2(nn.Module):
    """Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, table 2.

    Attributes:
        channels: of the feature maps that `forward` gives, deepest first.
        strides: their strides against the picture.
    """

    # Output channels of the blocks at strides 2, 4, 8, 16 and 32.
    STAGES = ((16,), (24,) * 2, (32,) * 3, (64,) * 4 + (96,) * 3, (160,) * 3 + (320,))
    channels = (320, 96, 32, 24, 16)
    strides = (32, 16, 8, 4, 2)

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 32, 3, stride=2, act=nn.ReLU6)
        self.stages = nn.ModuleList()
        inputs = 32
        for depth, outputs in enumerate(self.STAGES):
            blocks = nn.Sequential()
            for number, width in enumerate(outputs):
                stride = 2 if depth > 0 and number == 0 else 1
                expansion = 6 if depth > 0 else 1
                block = InvertedResidual(inputs, width, expansion, stride, nn.ReLU6, partial=False)
                blocks.append(block)
                inputs = width
            self.stages.append(blocks)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Feature maps (N, channels[i], H/strides[i], W/strides[i]) of x (N, 3, H, W)."""
        return features(self.stages, self.stem(x))
