"""JPEG's traces as tensors against those of an encoder."""

import cv2
import numpy as np
import pytest
import torch

from craftlite.crops.jpeg import jpeg_traces
from craftlite.synth.generator import Generator
from craftlite.synth.typesetting.fonts import FaceId


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    generator = Generator(
        faces={"latin": (FaceId(""),)}, size=(160, 128), typical_words=10, seed=17
    )
    return np.stack([generator.sample(k).pixels() for k in range(3)])


def encoded(picture: np.ndarray, quality: int) -> np.ndarray:
    """The picture written and read by OpenCV."""
    code = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))[..., ::-1].astype(np.float32)


def test_traces_are_those_of_an_encoder(pictures: np.ndarray) -> None:
    qualities = [25, 50, 79]
    pixels = torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2)
    traced = jpeg_traces(pixels, torch.tensor(qualities)).permute(0, 2, 3, 1).numpy()
    for picture, quality, own in zip(pictures, qualities, traced, strict=True):
        expected = encoded(picture, quality)
        assert abs(expected - picture).mean() > 1.5
        assert abs(own - expected).mean() < 0.75
        assert abs(own - expected).max() < 20


def test_grey_without_detail_is_left_alone() -> None:
    grey = torch.full((1, 3, 32, 48), 128.0)
    assert torch.equal(jpeg_traces(grey, torch.tensor([25])), grey)
