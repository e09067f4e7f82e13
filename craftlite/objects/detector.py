"""Detecting objects in a picture, with an exported SSD-lite in ONNX Runtime."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.errors import WeightsError
from craftlite.geometry import Picture
from craftlite.image import read_image
from craftlite.image.source import Source
from craftlite.objects.result import Objects, choose_objects
from craftlite.preprocess import to_tensor
from craftlite.runtime import METADATA, open_session

TASK = "objects"  # in the metadata of an exported network
MIN_SCORE = 0.5


class ObjectDetector:
    """Finds objects of the classes that a network was trained on; thread-safe.

    Args:
        weights: an ONNX file written by `craftlite objects train` or `craftlite objects export`.
        device: as in `Detector` for ONNX Runtime: "cpu", "cuda" or another provider, or "auto".
        threads: threads within one operator; None uses the machine's cores.

    Attributes:
        network: its name, such as "ssdlite-rexnet-lite".
        classes: the names of the classes that it finds.
        side: side in pixels of the square that each picture is scaled to, whatever its shape.

    Raises:
        WeightsError: the file is missing, corrupt, or not an object detector.
        ConfigError: this ONNX Runtime does not have the device.
    """

    def __init__(
        self, weights: str | Path, device: str = "auto", threads: int | None = None
    ) -> None:
        self.source = str(weights)
        self.session, metadata = open_session(Path(weights), device, threads)
        try:
            facts = json.loads(metadata.get(METADATA, "{}"))
            if facts.get("task") != TASK:
                raise ValueError("it does not detect objects")
            self.network, self.side = str(facts["network"]), int(facts["side"])
            self.classes = tuple(map(str, facts["classes"]))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise WeightsError(
                f"{weights}: not an object detector ({error}); give the ONNX file written by "
                "craftlite objects train"
            ) from None

    def __call__(self, source: Source, min_score: float = MIN_SCORE) -> Objects:
        """Find the objects of a picture: a file, a URL, bytes, or an array (H, W, 3) uint8 RGB.

        Raises:
            InputError: the picture cannot be read.
            WeightsError: the network fails.
        """
        return self.find(read_image(source), min_score)

    def find(self, picture: Picture, min_score: float = MIN_SCORE) -> Objects:
        """Find the objects of a picture (H, W, 3) uint8 RGB with at least `min_score`.

        Raises:
            WeightsError: the network fails, or its boxes or scores are not finite.
        """
        try:
            [boxes], [scores] = self.session.run(None, {"pictures": squared(picture, self.side)})
        except Exception as error:
            raise WeightsError(f"{self.source}: the network failed ({error})") from error
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise WeightsError(
                f"{self.source}: the network's output is not finite; use other weights"
            )
        size = picture.shape[1], picture.shape[0]
        return choose_objects(boxes, scores, self.classes, size, min_score)


def squared(picture: Picture, side: int) -> npt.NDArray[np.float32]:
    """Scale a picture to a square, whatever its shape: (1, 3, side, side), normalised."""
    shrinks = side < max(picture.shape[:2])
    smooth = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized: Any = cv2.resize(picture, (side, side), interpolation=smooth)
    return to_tensor(resized)
