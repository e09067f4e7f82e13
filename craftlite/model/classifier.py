"""A backbone as a classifier of whole pictures, used to pretrain backbones."""

from torch import Tensor, nn

from craftlite.model.blocks import Activation, conv_bn

DROPOUT = 0.2


class Classifier(nn.Module):
    """A backbone, a 1x1 convolution of `width` channels, the mean over the picture, a linear layer.

    The backbone is called `basenet`, as in a detector, so that its weights can be transferred. A
    `width` of 0 omits the convolution.
    """

    def __init__(
        self, backbone: nn.Module, classes: int, width: int = 1280, act: Activation = nn.ReLU
    ) -> None:
        super().__init__()
        self.basenet = backbone
        deepest: int = backbone.channels[0]  # type: ignore[index, assignment]
        self.head = conv_bn(deepest, width, act=act) if width else nn.Identity()
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(width or deepest, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, classes) of x (N, 3, H, W) float32, normalised RGB."""
        mean = self.head(self.basenet(x)[0]).mean((2, 3))
        logits: Tensor = self.classifier(self.dropout(mean))
        return logits
