"""CRAFT: a backbone, a decoder that upsamples to half size, and a head with two score maps."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

Decoder = Callable[[Sequence[int]], Sequence[nn.Module]]


class Craft(nn.Module):
    """Region and affinity scores at half the picture's size (Baek et al., CVPR 2019, figure 2).

    The same class serves the original and the light networks. `backbone` returns feature maps with
    its `channels`, deepest first; `decoder` builds from these the up-sampling blocks (deep, skip ->
    out), followed by the head. The names `basenet`, `upconv1`... and `conv_cls` are those of the
    official state dict.
    """

    def __init__(self, backbone: nn.Module, decoder: Decoder) -> None:
        super().__init__()
        self.basenet = backbone
        *ups, head = decoder(backbone.channels)  # type: ignore[arg-type]
        for number, up in enumerate(ups, 1):
            self.add_module(f"upconv{number}", up)
        self.conv_cls = head
        self.steps = len(ups)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores (N, H/2, W/2, 2), region then affinity, and features (N, C, H/2, W/2).

        x: (N, 3, H, W) float32, normalised RGB; H and W are multiples of the deepest stride.
        Scores are unbounded; the targets they are trained on lie in 0..1.
        """
        deep, *skips = self.basenet(x)
        for number, skip in enumerate(skips, 1):
            deep = getattr(self, f"upconv{number}")(deep, skip)
        return self.conv_cls(deep).permute(0, 2, 3, 1), deep
