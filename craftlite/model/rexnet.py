"""Light backbones in the style of ReXNet.

ReXNet (Han et al., "Rethinking Channel Dimensions for Efficient Model Design", CVPR 2021): inverted
residual blocks whose channels grow linearly with depth, so that early layers are not too narrow.
Nothing is pooled, up-sampled or concatenated. Widths are multiples of 8 (in the detector's, of 16),
which suit the vector units of CPUs.
"""

from dataclasses import dataclass, replace

from torch import Tensor, nn

from craftlite.model.blocks import Activation, InvertedResidual, conv_bn


@dataclass(frozen=True)
class Stage:
    """The blocks that work at one stride.

    Attributes:
        channels: output channels of each block.
        expansion: ratio of the inner channels of each block to its input channels.
        squeeze: whether blocks have squeeze-excitation.
        act: the activation within them, or None for the plan's.
        kernel: side of the depthwise kernels at stride 1; at stride 2 it is 3.
    """

    channels: tuple[int, ...]
    expansion: int = 6
    squeeze: bool = False
    act: Activation | None = None
    kernel: int = 3


@dataclass(frozen=True)
class Plan:
    """The stages of strides 2, 4, 8, 16 and 32, after a stem of `stem` channels at stride 2.

    act: activation of the stem, and of the stages without their own. partial: see
    `InvertedResidual`.
    """

    stages: tuple[Stage, ...]
    stem: int = 32
    act: Activation = nn.ReLU
    partial: bool = True


# The detector's: without squeeze-excitation and SiLU, and early maps expanded only by 4, since
# expanding these costs time and memory rather than parameters.
LITE = Plan(
    (
        Stage((16,), expansion=1),
        Stage((32, 32), expansion=4),
        Stage((48, 64, 64), expansion=4),
        Stage((80, 96, 96, 112, 112)),
        Stage((128, 144, 160, 176)),
    )
)
# SiLU and large kernels only where maps are small, so that they cost little.
LITE_V2 = Plan(
    (
        *LITE.stages[:2],
        *(replace(stage, act=nn.SiLU) for stage in LITE.stages[2:4]),
        replace(LITE.stages[4], act=nn.SiLU, kernel=7),
    )
)
SMALL = Plan(
    (
        Stage((16,), expansion=1),
        Stage((24, 32, 40), expansion=4),
        Stage((56, 64, 72), squeeze=True),
        Stage((80, 88, 96, 104, 112), squeeze=True),
        Stage((128, 136, 144, 152), squeeze=True),
    ),
    act=nn.SiLU,
)
LARGE = Plan(
    (
        Stage((32,), expansion=1),
        Stage((40, 48, 56)),
        Stage((64, 72, 80), squeeze=True),
        Stage((88, 96, 104, 112, 120), squeeze=True),
        Stage((128, 136, 144, 152), squeeze=True),
    ),
    act=nn.SiLU,
)


class ReXNet(nn.Module):
    """Stem and stages of inverted residuals; every stage but the first halves the size.

    Attributes:
        channels: of the feature maps that `forward` returns, one per stage, deepest first.
        strides: their strides relative to the picture.
    """

    def __init__(self, plan: Plan = LITE) -> None:
        super().__init__()
        self.plan = plan
        self.stem = conv_bn(3, plan.stem, 3, stride=2, act=plan.act)
        self.stages = nn.ModuleList()
        inputs = plan.stem
        for depth, stage in enumerate(plan.stages):
            blocks = nn.Sequential()
            for number, outputs in enumerate(stage.channels):
                stride = 2 if depth > 0 and number == 0 else 1
                blocks.append(self.block(stage, inputs, outputs, stride))
                inputs = outputs
            self.stages.append(blocks)
        self.channels = tuple(stage.channels[-1] for stage in reversed(plan.stages))
        self.strides = tuple(2 ** (depth + 1) for depth in reversed(range(len(plan.stages))))

    def block(self, stage: Stage, inputs: int, outputs: int, stride: int) -> nn.Module:
        """Return one block of a stage, from `inputs` channels to `outputs`."""
        return InvertedResidual(
            *(inputs, outputs, stage.expansion, stride),
            act=stage.act or self.plan.act,
            squeeze=stage.squeeze,
            partial=self.plan.partial,
            kernel=stage.kernel if stride == 1 else 3,
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return feature maps (N, channels[i], H/strides[i], W/strides[i]) of x (N, 3, H, W)."""
        x, features = self.stem(x), []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features[::-1]
