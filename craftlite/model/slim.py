"""The slim decoder of the light detectors."""

from collections.abc import Sequence

from torch import Tensor, nn

from craftlite.model.blocks import conv_bn, separable


class SumUp(nn.Module):
    """One step of the slim decoder: 1x1 on each input, resize, add, then a separable convolution.

    Concatenating and then applying a 1x1 convolution equals adding two 1x1 convolutions. Applied
    before the up-sampling, the one on the deep features costs a quarter.
    """

    def __init__(self, deep: int, skip: int, out: int, kernel: int = 3) -> None:
        super().__init__()
        self.deep = conv_bn(deep, out, act=None)
        self.skip = conv_bn(skip, out, act=None)
        self.refine = nn.Sequential(nn.ReLU(inplace=True), *separable(out, out, kernel=kernel))

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """Map (N, deep, h, w) and (N, skip, H, W) to (N, out, H, W)."""
        up = nn.functional.interpolate(
            self.deep(deep), size=skip.shape[2:], mode="bilinear", align_corners=False
        )
        out: Tensor = self.refine(self.skip(skip) + up)
        return out


def slim_decoder(
    channels: Sequence[int],
    widths: Sequence[int] = (96, 64, 48, 16),
    first_kernel: int = 3,
) -> list[nn.Module]:
    """Return the up-sampling blocks, one for each of `widths`, and the head, for `channels`.

    first_kernel: side of the depthwise kernel in the first block.
    """
    deep, modules = channels[0], list[nn.Module]()
    for skip, out in zip(channels[1:], widths, strict=True):
        modules.append(SumUp(deep, skip, out, 3 if modules else first_kernel))
        deep = out
    head = nn.Sequential(conv_bn(deep, 16, 3), nn.Conv2d(16, 2, 1))
    return [*modules, head]
