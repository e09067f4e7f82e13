"""Classified pictures, one folder per class as in ImageNet-1k, and batches of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, default_collate
from torchvision.datasets import ImageFolder
from torchvision.transforms import InterpolationMode, v2

from craftlite.errors import DatasetError
from craftlite.preprocess import MEAN, STD
from craftlite.train.draws import order, seeded
from craftlite.train.recipe import PretrainRecipe

LAYOUT = """expected layout:
  train/CLASS/*.jpg
  val/CLASS/*.jpg"""
BICUBIC = InterpolationMode.BICUBIC
SMALL = 96  # pixels; folders of larger pictures are trained with the ImageNet recipe
TRIES = 20  # replacements to try for a picture that cannot be read
RESIZED = 256 / 224  # the shorter side in validation over the crop, as in ImageNet-1k's protocol


class Batch(NamedTuple):
    """Normalised pictures (N, 3, S, S) float32, and targets (N, classes) float32 that sum to 1.

    unreadable: (N,) int64, the number of the unreadable file that was replaced, or -1.
    """

    pictures: Tensor
    targets: Tensor
    unreadable: Tensor


def read_splits(root: Path) -> tuple[ImageFolder, ImageFolder]:
    """Return the training and the validation split of a folder.

    Raises:
        DatasetError: a split is missing or has no pictures, or the splits have different classes.
    """
    train, val = (_read(root, split) for split in ("train", "val"))
    apart = sorted(set(train.classes) ^ set(val.classes))
    if apart:
        names = ", ".join(apart[:5]) + (f" and {len(apart) - 5} more" if len(apart) > 5 else "")
        raise DatasetError(f"{root}: train and val have different classes; in only one: {names}")
    return train, val


def _read(root: Path, split: str) -> ImageFolder:
    folder = root / split
    if not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder; {LAYOUT}")
    try:
        return ImageFolder(str(folder))
    except FileNotFoundError as error:
        reason = str(error).splitlines()[0]
        raise DatasetError(f"{folder}: {reason} {LAYOUT}") from error


def recipe_for(root: Path) -> tuple[str, str]:
    """Return the name of the shipped recipe that suits a folder's pictures, and their size as text.

    Raises:
        DatasetError: a split cannot be used, or none of the first 100 pictures can be read.
    """
    train, _ = read_splits(root)
    picture = next((p for file, _ in train.samples[:100] if (p := open_or_none(file))), None)
    if picture is None:
        raise DatasetError(f"{root}: none of its first pictures can be read")
    name = "small-images" if max(picture.size) <= SMALL else "imagenet"
    return name, f"pictures of {picture.width}x{picture.height}"


class Pictures(Dataset[tuple[Tensor, int, int, int]]):
    """An endless stream of training pictures; each epoch shows every picture once, in a new order.

    Picture k depends only on (seed, k). CutMix on a batch depends on the batch's first picture.
    """

    def __init__(self, split: ImageFolder, recipe: PretrainRecipe) -> None:
        self.files, self.classes = split.samples, len(split.classes)
        self.seed, self.chance, self.change = recipe.seed, recipe.cutmix, training_view(recipe)
        self.cutmix = v2.CutMix(num_classes=self.classes)

    def place(self, index: int) -> int:
        """Return the number of the file that picture `index` is made from."""
        epoch, place = divmod(index, len(self.files))
        return int(order(len(self.files), self.seed, epoch)[place])

    def name(self, index: int) -> str:
        """Return the file that picture `index` is made from."""
        file: str = self.files[self.place(index)][0]
        return file

    def __getitem__(self, index: int) -> tuple[Tensor, int, int, int]:
        """Return picture (3, S, S), class, `index`, and the number of its unreadable file or -1."""
        first = self.place(index)
        # If a picture cannot be read, randomly chosen others are tried instead.
        others = np.random.default_rng((self.seed, index)).integers(len(self.files), size=TRIES)
        for place in (first, *others.tolist()):
            file, label = self.files[place]
            if (picture := open_or_none(file)) is not None:
                with seeded(self.seed, index):
                    changed: Tensor = self.change(picture)
                return changed, label, index, -1 if place == first else first
        raise DatasetError(f"{self.name(index)} and {TRIES} other pictures cannot be read")

    def collate(self, samples: list[tuple[Tensor, int, int, int]]) -> Batch:
        """Return a batch; with probability `cutmix`, CutMix is applied to it.

        Yun et al., "CutMix", ICCV 2019: a rectangle of each picture is pasted into another, and
        the classes are mixed by area.
        """
        pictures, classes, indices, unreadable = default_collate(samples)
        with seeded(self.seed, int(indices[0]), 1):
            if torch.rand(()) < self.chance:
                pictures, targets = self.cutmix(pictures, classes)
                return Batch(pictures, targets, unreadable)
        targets = torch.nn.functional.one_hot(classes, self.classes).float()
        return Batch(pictures, targets, unreadable)


class CentreViews(Dataset[tuple[Tensor, int]]):
    """Every file of a split once, cropped for validation, with its class."""

    def __init__(self, files: Sequence[tuple[str, int]], crop: int) -> None:
        self.files, self.change = files, validation_view(crop)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        """Return picture (3, S, S) and class; the class is -1 if the picture cannot be read."""
        file, label = self.files[place]
        picture = open_or_none(file)
        if picture is None:
            picture, label = Image.new("RGB", (1, 1)), -1
        return self.change(picture), label


def open_or_none(file: str) -> Image.Image | None:
    """Return a picture as RGB, or None if it cannot be read."""
    try:
        with Image.open(file) as picture:
            return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def training_view(recipe: PretrainRecipe) -> v2.Compose:
    """Return ResNet's training transform: random crop, flip and colours, then normalisation.

    If the recipe asks for it, RandAugment (Cubuk et al., 2020) comes before the colours.
    """
    steps: list[torch.nn.Module] = [
        v2.RandomResizedCrop(recipe.crop, scale=(recipe.least_area, 1), interpolation=BICUBIC),
        v2.RandomHorizontalFlip(),
    ]
    if recipe.randaugment:
        steps.append(v2.RandAugment(num_ops=2, magnitude=recipe.randaugment))
    if recipe.colour:
        steps.append(v2.ColorJitter(recipe.colour, recipe.colour, recipe.colour))
    return v2.Compose([*steps, *to_network()])


def validation_view(crop: int) -> v2.Compose:
    """Return a transform: shorter side to RESIZED times `crop`, centre crop, normalisation."""
    resize = v2.Resize(round(crop * RESIZED), interpolation=BICUBIC)
    return v2.Compose([resize, v2.CenterCrop(crop), *to_network()])


def to_network() -> list[torch.nn.Module]:
    """Return transforms from a PIL picture to network input, normalised as for the detector."""
    mean, std = (MEAN / 255).tolist(), (STD / 255).tolist()
    return [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)]
