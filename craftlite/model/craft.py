"""CRAFT: a backbone, a decoder that walks back up to half size, and a head with two maps."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

Decoder = Callable[[Sequence[int]], Sequence[nn.Module]]


class Craft(nn.Module):
    """Region and affinity scores at half the picture's size (Baek et al., CVPR 2019, figure 2).

    One class for the original and the light network: `backbone` gives feature maps, deepest first,
    of its `channels`; `decoder` makes, for these, the up-sampling blocks (deep, skip -> out) and at
    last the head. The names `basenet`, `upconv1`... and `conv_cls` are those of the official state
    dict.
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
        """Scores (N, H/2, W/2, 2), region then affinity, and the features (N, C, H/2, W/2).

        x: (N, 3, H, W) float32, normalised RGB; H and W are multiples of the deepest stride.
        Scores are unbounded; the targets they are trained on lie in 0..1.
        """
        deep, *skips = self.basenet(x)
        for number, skip in enumerate(skips, 1):
            deep = getattr(self, f"upconv{number}")(deep, skip)
        return self.conv_cls(deep).permute(0, 2, 3, 1), deep
