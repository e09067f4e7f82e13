"""Pictures of classes: a folder for each class, as ImageNet-1k is laid out, and batches of them."""

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

LAYOUT = """expected are
  train/CLASS/*.jpg
  val/CLASS/*.jpg"""
BICUBIC = InterpolationMode.BICUBIC
SMALL = 96  # pixels; the recipe for larger pictures is ImageNet's
TRIES = 20  # pictures that are tried in place of one that cannot be read
RESIZED = 256 / 224  # the validation's shorter side to its crop, the protocol of ImageNet-1k


class Batch(NamedTuple):
    """Pictures (N, 3, S, S) float32 normalised; targets (N, classes) float32 that sum to 1.

    unreadable: (N,) int64, the number of the file in whose place another stands, or -1.
    """

    pictures: Tensor
    targets: Tensor
    unreadable: Tensor


def read_splits(root: Path) -> tuple[ImageFolder, ImageFolder]:
    """The training and the validation split of a folder, of the same classes.

    Raises:
        DatasetError: a split is missing or has no pictures, or their classes are not the same.
    """
    train, val = (_read(root, split) for split in ("train", "val"))
    apart = sorted(set(train.classes) ^ set(val.classes))
    if apart:
        names = ", ".join(apart[:5]) + (f" and {len(apart) - 5} more" if len(apart) > 5 else "")
        raise DatasetError(f"{root}: train and val have other classes: {names} in one of them only")
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
    """The name of the shipped recipe that suits the size of a folder's pictures, and what it suits.

    Raises:
        DatasetError: a split cannot be used, or none of the first pictures can be read.
    """
    train, _ = read_splits(root)
    picture = next((p for file, _ in train.samples[:100] if (p := open_or_none(file))), None)
    if picture is None:
        raise DatasetError(f"{root}: none of its first pictures can be read")
    name = "small-images" if max(picture.size) <= SMALL else "imagenet"
    return name, f"pictures of {picture.width}x{picture.height}"


class Pictures(Dataset[tuple[Tensor, int, int, int]]):
    """An endless stream of training pictures, every one once an epoch, in another order each time.

    Picture k depends on (seed, k) alone; what CutMix does to a batch, on its first picture.
    """

    def __init__(self, split: ImageFolder, recipe: PretrainRecipe) -> None:
        self.files, self.classes = split.samples, len(split.classes)
        self.seed, self.chance, self.change = recipe.seed, recipe.cutmix, training_view(recipe)
        self.cutmix = v2.CutMix(num_classes=self.classes)

    def place(self, index: int) -> int:
        """The number of the file that picture `index` is made from."""
        epoch, place = divmod(index, len(self.files))
        return int(order(len(self.files), self.seed, epoch)[place])

    def name(self, index: int) -> str:
        """The file that picture `index` is made from."""
        file: str = self.files[self.place(index)][0]
        return file

    def __getitem__(self, index: int) -> tuple[Tensor, int, int, int]:
        """Picture (3, S, S), class, `index`, and the number of its file if that was unreadable."""
        first = self.place(index)
        # Others stand in for a picture that cannot be read.
        others = np.random.default_rng((self.seed, index)).integers(len(self.files), size=TRIES)
        for place in (first, *others.tolist()):
            file, label = self.files[place]
            if (picture := open_or_none(file)) is not None:
                with seeded(self.seed, index):
                    changed: Tensor = self.change(picture)
                return changed, label, index, -1 if place == first else first
        raise DatasetError(f"{self.name(index)}: cannot be read, nor can {TRIES} other pictures")

    def collate(self, samples: list[tuple[Tensor, int, int, int]]) -> Batch:
        """A batch, by chance with a rectangle of each picture pasted into another.

        Yun et al., "CutMix", ICCV 2019; the classes are mixed by area.
        """
        pictures, classes, indices, unreadable = default_collate(samples)
        with seeded(self.seed, int(indices[0]), 1):
            if torch.rand(()) < self.chance:
                pictures, targets = self.cutmix(pictures, classes)
                return Batch(pictures, targets, unreadable)
        targets = torch.nn.functional.one_hot(classes, self.classes).float()
        return Batch(pictures, targets, unreadable)


class CentreViews(Dataset[tuple[Tensor, int]]):
    """Every file of a split once, with its class, as validation sees it."""

    def __init__(self, files: Sequence[tuple[str, int]], crop: int) -> None:
        self.files, self.change = files, validation_view(crop)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        """Picture (3, S, S) and class, which is -1 where the picture cannot be read."""
        file, label = self.files[place]
        picture = open_or_none(file)
        if picture is None:
            picture, label = Image.new("RGB", (1, 1)), -1
        return self.change(picture), label


def open_or_none(file: str) -> Image.Image | None:
    """A picture as RGB, or None where it cannot be read."""
    try:
        with Image.open(file) as picture:
            return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def training_view(recipe: PretrainRecipe) -> v2.Compose:
    """Random crop, flip and colours, as ResNet's training has them, then normalised.

    Cubuk et al., "RandAugment", 2020, in between, where the recipe asks for it.
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
    """The shorter side to RESIZED times the crop, and the middle of that, normalised."""
    resize = v2.Resize(round(crop * RESIZED), interpolation=BICUBIC)
    return v2.Compose([resize, v2.CenterCrop(crop), *to_network()])


def to_network() -> list[torch.nn.Module]:
    """From a PIL picture to what networks take, normalised as a detector's pictures are."""
    mean, std = (MEAN / 255).tolist(), (STD / 255).tolist()
    return [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)]
