"""MobileNetV1 and V2 at width 1.0, as backbones to compare light networks with."""

from torch import nn

from craftlite.model.blocks import separable
from craftlite.model.rexnet import Plan, ReXNet, Stage

V1 = Plan(tuple(map(Stage, ((64,), (128,) * 2, (256,) * 2, (512,) * 6, (1024,) * 2))))
V2 = Plan(
    (
        Stage((16,), expansion=1),
        Stage((24,) * 2),
        Stage((32,) * 3),
        Stage((64,) * 4 + (96,) * 3),
        Stage((160,) * 3 + (320,)),
    ),
    act=nn.ReLU6,
    partial=False,
)


class MobileNetV1(ReXNet):
    """Howard et al., "MobileNets: Efficient Convolutional Neural Networks", 2017, table 1."""

    def __init__(self) -> None:
        super().__init__(V1)

    def block(self, stage: Stage, inputs: int, outputs: int, stride: int) -> nn.Module:
        """Return a depthwise convolution and a 1x1."""
        return separable(inputs, outputs, stride)


class MobileNetV2(ReXNet):
    """Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018, table 2."""

    def __init__(self) -> None:
        super().__init__(V2)
