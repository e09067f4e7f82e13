"""SSD-lite: anchors, loss and decoding, on every backbone."""

import pytest
import torch

from craftlite.errors import ConfigError
from craftlite.model import CLASSIFIERS
from craftlite.model.ssd import OBJECT_DETECTORS, SCALES, build_object_detector
from craftlite.model.torchvision_backbones import BACKBONES


@pytest.mark.parametrize("network", OBJECT_DETECTORS)
def test_every_backbone_gives_boxes_and_scores_at_every_anchor(network: str) -> None:
    torch.manual_seed(0)
    model = build_object_detector(network, classes=3, side=96).eval()
    with torch.inference_mode():
        offsets, logits = model(torch.zeros(2, 3, 96, 96))
        boxes, scores = model.decoded(offsets, logits)
    # Six anchors at each place of maps of 6, 3, 2, 1, 1 and 1 pixels a side.
    anchors = 6 * (36 + 9 + 4 + 3)
    assert offsets.shape == boxes.shape == (2, anchors, 4)
    assert (logits.shape, scores.shape) == ((2, anchors, 4), (2, anchors, 3))
    assert ((scores > 0) & (scores.sum(dim=2, keepdim=True) < 1)).all()


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_of_torchvision_says_its_channels_and_strides(name: str) -> None:
    body = BACKBONES[name]().eval()
    features = body(torch.zeros(1, 3, 64, 96))
    for feature, channels, stride in zip(features, body.channels, body.strides, strict=True):
        assert feature.shape == (1, channels, 64 // stride, 96 // stride)
    assert body.strides == (32, 16, 8, 4, 2)


def test_anchors_are_shares_of_the_side_in_the_middle_of_their_places() -> None:
    model = build_object_detector("ssdlite-rexnet-lite", classes=1, side=320)
    first = model.anchors[0]
    assert first.tolist() == pytest.approx([8 - 16, 8 - 16, 8 + 16, 8 + 16])  # SCALES[0] of 320
    sides = model.anchors[:, 2:] - model.anchors[:, :2]
    # Scale and ratio 2 of the first map.
    assert sides[2].tolist() == pytest.approx([32 * 2**0.5, 32 / 2**0.5], rel=1e-5)
    assert sides[-6].tolist() == pytest.approx([SCALES[5] * 320] * 2)


def test_offsets_of_zero_are_the_anchors() -> None:
    model = build_object_detector("ssdlite-rexnet-lite", classes=2, side=64)
    count = len(model.anchors)
    boxes, scores = model.decoded(torch.zeros(2, count, 4), torch.zeros(2, count, 3))
    assert torch.allclose(boxes[1] * 64, model.anchors, atol=1e-4)
    assert torch.allclose(scores, torch.full_like(scores, 1 / 3))


def test_the_loss_is_small_where_the_truth_is_found() -> None:
    model = build_object_detector("ssdlite-rexnet-lite", classes=2, side=64)
    count = len(model.anchors)
    boxes, labels = model.anchors[None, 40:41].clone(), torch.tensor([[2]])
    logits = torch.zeros(1, count, 3)
    logits[..., 0] = 20
    matched = (model._match(boxes[0]) >= 0).nonzero().ravel()
    right = logits.clone()
    right[0, matched] = torch.tensor([0.0, 0.0, 20.0])
    offsets = torch.zeros(1, count, 4)
    of_boxes, of_classes = model.loss(offsets, right, boxes, labels)
    assert of_boxes >= 0
    assert of_classes == pytest.approx(0, abs=1e-3)
    assert model.loss(offsets, logits, boxes, labels)[1] > 10
    assert model.loss(offsets + 1, right, boxes, labels)[0] > of_boxes


def test_pictures_without_objects_have_a_loss_that_is_finite() -> None:
    model = build_object_detector("ssdlite-rexnet-lite", classes=2, side=64)
    offsets, logits = model(torch.zeros(2, 3, 64, 64))
    empty = torch.zeros(2, 0, 4), torch.zeros(2, 0, dtype=torch.int64)
    of_boxes, of_classes = model.loss(offsets, logits, *empty)
    (of_boxes + of_classes).backward()
    assert (of_boxes.item(), of_classes.item()) == (0, 0)


def test_an_unknown_backbone_is_named_with_those_there_are() -> None:
    with pytest.raises(
        ConfigError, match="--backbone resnet: no such backbone; known: rexnet-lite"
    ):
        build_object_detector("ssdlite-resnet", 1, 64)
    assert all(name in CLASSIFIERS for name in BACKBONES)
