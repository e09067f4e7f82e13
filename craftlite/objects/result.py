"""The objects found in one picture, and how they are selected from a network's boxes."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.geometry import Points, Size

OVERLAP = 0.5  # IoU above which two boxes of a class are the same object
MOST_TRIED = 1000  # boxes considered, those with the highest scores
MOST_FOUND = 100  # largest number of objects per picture, as in COCO's protocol


@dataclass(frozen=True, eq=False)
class Objects:
    """The N objects found in one picture, sorted by falling score.

    Attributes:
        boxes: (N, 4) float32: left, top, right and bottom in pixels of the upright picture.
        scores: (N,) float32 in 0..1.
        labels: N names of classes.
        size: (width, height) of the picture in pixels.
    """

    boxes: Points
    scores: npt.NDArray[np.float32]
    labels: tuple[str, ...]
    size: Size

    def __len__(self) -> int:
        return len(self.scores)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON of `craftlite objects detect`: boxes to one decimal, scores to four."""
        found = zip(self.boxes, self.labels, self.scores, strict=True)
        return {
            "width": self.size[0],
            "height": self.size[1],
            "objects": [
                {
                    "box": [round(float(side), 1) for side in box],
                    "label": label,
                    "score": round(float(score), 4),
                }
                for box, label, score in found
            ],
        }


def choose_objects(
    boxes: Points,
    scores: npt.NDArray[np.float32],
    classes: tuple[str, ...],
    size: Size,
    min_score: float,
) -> Objects:
    """Select the objects among a network's boxes: the best of overlapping boxes in each class.

    Args:
        boxes: (A, 4) left, top, right and bottom relative to the picture's sides.
        scores: (A, C), one column per class.
        classes: C names.
        size: (width, height) of the picture.
        min_score: minimum score of an object.
    """
    places, kinds = np.nonzero(scores >= min_score)
    values = scores[places, kinds]
    best = np.argsort(-values, kind="stable")[:MOST_TRIED]
    places, kinds, values = places[best], kinds[best], values[best]
    pixels = boxes[places].clip(0, 1) * np.array([*size, *size], np.float32)
    corner, sides = pixels[:, :2], pixels[:, 2:] - pixels[:, :2]
    # As lists, because OpenCV does not accept empty arrays here.
    kept = cv2.dnn.NMSBoxesBatched(
        np.hstack([corner, sides]).tolist(), values.tolist(), kinds.tolist(), 0.0, OVERLAP
    )
    order = np.sort(np.array(kept, np.int64).ravel())[:MOST_FOUND]
    labels = tuple(classes[kind] for kind in kinds[order])
    return Objects(pixels[order].astype(np.float32), values[order], labels, size)
