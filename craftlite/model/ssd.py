"""SSD-lite: boxes and classes of objects from the feature maps of a light backbone.

Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016; the heads have separable convolutions
as in Sandler et al., "MobileNetV2", CVPR 2018, section 6.2. Anchors, heads, matching and loss are
torchvision's.
"""

from functools import partial

import torch
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.ssd import SSD
from torchvision.models.detection.ssdlite import SSDLiteHead
from torchvision.ops import box_iou

from craftlite.errors import ConfigError
from craftlite.model import CLASSIFIERS, build_model
from craftlite.model.blocks import conv_bn

PREFIX = "ssdlite-"  # followed by the backbone's name
OBJECT_DETECTORS = tuple(f"{PREFIX}{backbone}" for backbone in CLASSIFIERS)
# Sides of the anchors relative to the picture's, a scale for each feature map and one beyond the
# last; from the SSD paper, for pictures of 300 pixels (section 3.1).
SCALES = (0.1, 0.2, 0.375, 0.55, 0.725, 0.9, 1.0)
RATIOS = ((2, 3),) * 6
EXTRA = (512, 256, 256, 128)  # channels of the maps of stride 64 and above


class SsdLite(SSD):  # type: ignore[misc]
    """SSD-lite on a backbone's maps of strides 16 and 32, and on four smaller maps.

    Args:
        backbone: one of CLASSIFIERS.
        classes: number of classes, not counting the background.
        side: side of the square pictures in pixels, a multiple of 32.
    """

    def __init__(self, backbone: str, classes: int, side: int) -> None:
        body = build_model(backbone).get_submodule("basenet")
        deep, middle = body.channels[:2]  # type: ignore[index]
        widths = [middle, deep, *EXTRA]
        boxes = DefaultBoxGenerator([list(ratios) for ratios in RATIOS], scales=list(SCALES))
        norm = partial(nn.BatchNorm2d, eps=0.001, momentum=0.03)
        head = SSDLiteHead(widths, boxes.num_anchors_per_location(), classes + 1, norm)
        super().__init__(nn.Identity(), boxes, (side, side), classes + 1, head=head)
        del self.backbone, self.transform  # pictures are already scaled and normalised
        self.side = side
        self.basenet = body
        pairs = zip(widths[1:], EXTRA, strict=False)
        self.extra = nn.ModuleList(_halving(inputs, outputs) for inputs, outputs in pairs)
        self.register_buffer("anchors", self._anchors(side), persistent=False)

    def _anchors(self, side: int) -> Tensor:
        """Return left, top, right and bottom (A, 4) of every anchor, in pixels."""
        sides = [side // 16, side // 32]
        for _ in self.extra:
            sides.append(-(-sides[-1] // 2))
        picture = ImageList(torch.empty(1, 3, side, side), [(side, side)])
        maps = [torch.empty(1, 1, rows, rows) for rows in sides]
        [anchors] = self.anchor_generator(picture, maps)
        return torch.as_tensor(anchors)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return the predictions at each anchor of pictures (N, 3, side, side), normalised RGB.

        Returns:
            offsets (N, A, 4) of boxes from the anchors, and logits (N, A, classes + 1), with the
            background first.
        """
        deep, middle = self.basenet(pictures)[:2]
        features = [middle, deep]
        for block in self.extra:
            features.append(block(features[-1]))
        found = self.head(features)
        return found["bbox_regression"], found["cls_logits"]

    def loss(
        self, offsets: Tensor, logits: Tensor, boxes: Tensor, labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return smooth L1 of the boxes, and cross entropy of the classes with hard negatives 3:1.

        Args:
            offsets, logits: as returned by `forward`.
            boxes: (N, M, 4) left, top, right, bottom in pixels of the pictures, float32.
            labels: (N, M) int64 from 1; 0 as padding if a picture has fewer than M objects.
        """
        truths = [
            {"boxes": some[there > 0], "labels": there[there > 0]}
            for some, there in zip(boxes, labels, strict=True)
        ]
        matches = [self._match(truth["boxes"]) for truth in truths]
        found = {"bbox_regression": offsets.float(), "cls_logits": logits.float()}
        terms = self.compute_loss(truths, found, [self.anchors] * len(truths), matches)
        return terms["bbox_regression"], terms["classification"]

    def _match(self, boxes: Tensor) -> Tensor:
        """Return the number of the object (0 to M - 1) matched with each anchor, or -1."""
        if not len(boxes):
            return boxes.new_full((len(self.anchors),), -1, dtype=torch.int64)
        matches: Tensor = self.proposal_matcher(box_iou(boxes, self.anchors))
        return matches

    def decoded(self, offsets: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Convert the output of `forward` to boxes and scores.

        Returns:
            boxes (N, A, 4): left, top, right and bottom relative to the picture's sides; scores
            (N, A, classes) in 0..1.
        """
        anchors = self.anchors.repeat(len(offsets), 1)
        boxes = self.box_coder.decode_single(offsets.float().reshape(-1, 4), anchors)
        scores = logits.float().softmax(dim=2)[..., 1:]
        return boxes.reshape(offsets.shape) / self.side, scores


def _halving(inputs: int, outputs: int) -> nn.Sequential:
    """Return layers that halve a map: 1x1, depthwise 3x3 of stride 2, 1x1."""
    middle, act = outputs // 2, nn.ReLU6
    return nn.Sequential(
        conv_bn(inputs, middle, act=act),
        conv_bn(middle, middle, 3, stride=2, groups=middle, act=act),
        conv_bn(middle, outputs, act=act),
    )


def build_object_detector(network: str, classes: int, side: int) -> SsdLite:
    """Build a network of OBJECT_DETECTORS with random weights; for arguments, see `SsdLite`.

    Raises:
        ConfigError: the name is unknown.
    """
    if network not in OBJECT_DETECTORS:
        known = ", ".join(CLASSIFIERS)
        backbone = network.removeprefix(PREFIX)
        raise ConfigError(f"--backbone {backbone}: no such backbone; known: {known}")
    return SsdLite(network.removeprefix(PREFIX), classes, side)
