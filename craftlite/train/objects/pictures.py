"""Training pictures with their objects, augmented at random as in SSD's training."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

from craftlite.data.objects import ObjectPicture
from craftlite.data.pictures import stored_pixels
from craftlite.preprocess import MEAN, STD
from craftlite.train.draws import order, seeded

# Liu et al., "SSD", sections 2.2 and 3.6: random zooming out, onto up to 16 times the area.
MOST_ZOOM = 4.0


class Batch(NamedTuple):
    """N pictures of `side` pixels with up to M objects each.

    Attributes:
        pictures: (N, 3, side, side) float32, normalised.
        boxes: (N, M, 4) float32 left, top, right and bottom in pixels of the picture.
        labels: (N, M) int64, classes from 1; 0 where a picture has fewer than M objects.
    """

    pictures: Tensor
    boxes: Tensor
    labels: Tensor


class ObjectStream(Dataset[Batch]):
    """An endless stream of training pictures; each epoch shows every picture once, in a new order.

    Picture k depends only on (seed, k). Objects marked as difficult are left out.
    """

    def __init__(
        self, pictures: Sequence[ObjectPicture], classes: Sequence[str], side: int, seed: int
    ) -> None:
        self.pictures, self.classes, self.seed = pictures, classes, seed
        self.change = training_view(side)

    def _picture(self, index: int) -> ObjectPicture:
        epoch, place = divmod(index, len(self.pictures))
        return self.pictures[int(order(len(self.pictures), self.seed, epoch)[place])]

    def name(self, index: int) -> str:
        """Return the file that picture `index` is made from."""
        return str(self._picture(index).path)

    def __getitem__(self, index: int) -> Batch:
        """Return picture `index` as a batch without its first axis.

        Raises:
            DatasetError: the picture cannot be read.
        """
        one = self._picture(index)
        pixels = torch.from_numpy(stored_pixels(one.path).transpose(2, 0, 1).copy())
        kept = np.flatnonzero(~one.difficult)
        target = {
            "boxes": tv_tensors.BoundingBoxes(
                torch.from_numpy(one.boxes[kept]), format="XYXY", canvas_size=pixels.shape[1:]
            ),
            "labels": torch.tensor(
                [self.classes.index(one.labels[k]) + 1 for k in kept], dtype=torch.int64
            ),
        }
        with seeded(self.seed, index):
            picture, found = self.change(tv_tensors.Image(pixels), target)
        return Batch(
            picture.as_subclass(Tensor), found["boxes"].as_subclass(Tensor), found["labels"]
        )

    @staticmethod
    def collate(samples: list[Batch]) -> Batch:
        """Stack samples into a batch, padding with empty objects where a picture has fewer."""
        most = max(len(sample.labels) for sample in samples)
        padded = [
            (
                torch.nn.functional.pad(sample.boxes, (0, 0, 0, most - len(sample.boxes))),
                torch.nn.functional.pad(sample.labels, (0, most - len(sample.labels))),
            )
            for sample in samples
        ]
        boxes, labels = (torch.stack(part) for part in zip(*padded, strict=True))
        return Batch(torch.stack([sample.pictures for sample in samples]), boxes, labels)


def training_view(side: int) -> v2.Compose:
    """Return a transform: zoom out, crop around objects, flip, resize, change colours, normalise.

    Resizing comes early because the later steps, colours included, are then cheap: all but the
    first few steps work on small pictures.
    """
    fill = {tv_tensors.Image: MEAN.round().astype(int).tolist(), "others": 0}
    return v2.Compose(
        [
            v2.ClampBoundingBoxes(),
            v2.RandomZoomOut(fill=fill, side_range=(1.0, MOST_ZOOM)),
            v2.RandomIoUCrop(),
            v2.RandomHorizontalFlip(),
            v2.Resize((side, side), antialias=True),
            v2.SanitizeBoundingBoxes(),
            v2.RandomPhotometricDistort(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize((MEAN / 255).tolist(), (STD / 255).tolist()),
        ]
    )
