"""The link refiner that the official CRAFT offers for text lines: a better affinity map."""

import torch
from torch import Tensor, nn

_DILATIONS = (6, 12, 18, 24)


def _branch(dilation: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(64, 128, 3, dilation=dilation, padding=dilation),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.Conv2d(128, 128, 1),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.Conv2d(128, 1, 1),
    )


class LinkRefiner(nn.Module):
    """Refines the affinity by dilated convolutions over CRAFT's two outputs; has official names."""

    def __init__(self) -> None:
        super().__init__()
        self.last_conv = nn.Sequential()
        for inputs in (34, 64, 64):
            self.last_conv.extend(
                [nn.Conv2d(inputs, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU()]
            )
        for number, dilation in enumerate(_DILATIONS, 1):
            self.add_module(f"aspp{number}", _branch(dilation))

    def forward(self, scores: Tensor, features: Tensor) -> Tensor:
        """Return refined affinity (N, h, w, 1) from scores (N, h, w, 2), features (N, 32, h, w)."""
        x = self.last_conv(torch.cat([scores.permute(0, 3, 1, 2), features], dim=1))
        branches = [getattr(self, f"aspp{n}")(x) for n in range(1, len(_DILATIONS) + 1)]
        return torch.stack(branches).sum(dim=0).permute(0, 2, 3, 1)
