"""Planning a batch of crops in numbers alone: everything that a device needs to draw them.

Crop *k* of the stream is cut from the same sample by the same matrix as in `data.loader.Crops`;
words with unknown characters are split before that, not after, so that perspective moves the
parts. Planning a crop takes a fraction of a millisecond, since no pixel is touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from craftlite.crops.gallery import level_for, to_level
from craftlite.data.augment import (
    Augmentation,
    draw_blur,
    draw_noise,
    draw_quality,
    draw_tone,
    random_matrix,
)
from craftlite.data.sample import Sample, Word
from craftlite.data.sources import Listed
from craftlite.data.targets import (
    SMALLEST_WORD,
    confidence_at_any_size,
    enlarged_boxes,
    on_map,
)
from craftlite.data.word_geometry import affinity_quads, characters_of
from craftlite.geometry import Points, to_square, transform
from craftlite.preprocess import MAP_STRIDE

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


class Shapes(NamedTuple):
    """The contents of one kind of map: M shapes, each within its own upright box.

    Attributes:
        boxes: (M, 5) int64: number of the crop, left, top, right, bottom in the map's pixels; right
            and bottom are exclusive.
        forms: (M, ...) float32: for a Gaussian, a homography (3, 3) from the box's pixels to the
            unit square; for an outline, corners (K, 2) in the map's pixels.
        values: (M,) float32: the peak of a Gaussian, or the confidence within an outline.
        pixels: total number of pixels in all boxes.
    """

    boxes: Tensor
    forms: Tensor
    values: Tensor
    pixels: int


class BatchPlan(NamedTuple):
    """The plan of N crops.

    Attributes:
        number: number of the first crop in the stream.
        pictures: (N,) int64, indices into the gallery.
        levels: (N,) int64, how many times each picture is halved before it is read.
        matrices: (N, 3, 3) float32, from the crop's pixels to those of the picture at its level.
        gains, offsets: (N, 3) float32, of the colours.
        blurred, sigmas: (B,) int64 and float32: which crops are blurred, and by how many pixels.
        noisy, noise: (Q,) int64 and float32: which get noise, and its standard deviation in 0..255.
        coded, qualities: (J,) int64 both: which get JPEG artefacts, and at what quality.
        characters: the shapes of the region maps.
        gaps: the shapes of the affinity maps.
        outlines: the words with a confidence below 1.
    """

    number: int
    pictures: Tensor
    levels: Tensor
    matrices: Tensor
    gains: Tensor
    offsets: Tensor
    blurred: Tensor
    sigmas: Tensor
    noisy: Tensor
    noise: Tensor
    coded: Tensor
    qualities: Tensor
    characters: Shapes
    gaps: Shapes
    outlines: Shapes


@dataclass(frozen=True)
class Truth:
    """The words of one sample as arrays.

    Attributes:
        outlines: (W, K, 2) float32; the last corner is repeated if a word has fewer than K.
        sure: (W,) float64, the confidence regardless of the word's size in a crop.
        characters: (M, 4, 2) float32 of all words, one after another.
        word_of: (M,) int64, the word that each character belongs to.
    """

    outlines: Points
    sure: Floats
    characters: Points
    word_of: Ints

    @classmethod
    def of(cls, words: Sequence[Word]) -> "Truth":
        """Build the arrays of a sample's words; unknown characters are even parts of outlines."""
        if not words:
            nothing = np.zeros((0, 4, 2), np.float32)
            return cls(nothing, np.zeros(0), nothing, np.zeros(0, np.int64))
        corners = max(len(word.polygon) for word in words)
        characters = [characters_of(word) for word in words]
        return cls(
            np.stack([_padded(word.polygon, 0, corners) for word in words]),
            np.array([confidence_at_any_size(word) for word in words]),
            np.concatenate(characters),
            np.repeat(np.arange(len(words)), [len(quads) for quads in characters]),
        )


class PlannedCrops(Dataset[dict[str, Any]]):
    """The same endless stream as `Crops`, as plans; pictures are numbered across all sources."""

    def __init__(
        self,
        sources: Sequence[Listed],
        shares: Sequence[float],
        crop: int,
        seed: int,
        sizes: Sequence[tuple[int, int]],
        how: Augmentation | None = None,
    ) -> None:
        """Args: `sizes`: (width, height) of the pictures of all sources, in order."""
        self.sources, self.shares, self.sizes = sources, shares, sizes
        self.crop, self.seed, self.how = crop, seed, how or Augmentation()
        self.first = np.cumsum([0, *(len(source.samples) for source in sources)])
        # Filled by each worker for the samples that it encounters.
        self._truths: dict[int, Truth] = {}

    def draw(self, index: int) -> tuple[int, Sample, np.random.Generator]:
        """Return picture, sample and generator of crop `index`, the same as in `Crops.draw`."""
        rng = np.random.default_rng((self.seed, index))
        source = int(rng.choice(len(self.sources), p=self.shares))
        samples = self.sources[source].samples
        place = int(rng.integers(len(samples)))
        return int(self.first[source]) + place, samples[place], rng

    def name(self, index: int) -> str:
        """Return the name of the sample that crop `index` is cut from."""
        return self.draw(index)[1].name

    def __getitem__(self, index: int) -> dict[str, Any]:
        picture, sample, rng = self.draw(index)
        size = self.sizes[picture]
        matrix = random_matrix(rng, size, sample.words, self.crop, self.how)
        level = level_for(float(np.sqrt(abs(np.linalg.det(matrix[:2, :2])))), size)
        facts = {
            "number": index,
            "pictures": picture,
            "levels": level,
            "matrices": np.linalg.inv(matrix @ to_level(level)),
        }
        if picture not in self._truths:
            self._truths[picture] = Truth.of(sample.words)
        return facts | _colours(rng, self.how) | _shapes(self._truths[picture], matrix, self.crop)

    @staticmethod
    def collate(crops: Sequence[dict[str, Any]]) -> BatchPlan:
        """Combine crops into the plan of a batch."""

        def all_of(name: str, kind: torch.dtype) -> Tensor:
            return torch.from_numpy(np.stack([crop[name] for crop in crops])).to(kind)

        def those_with(name: str, kind: torch.dtype) -> tuple[Tensor, Tensor]:
            which = [i for i, crop in enumerate(crops) if crop[name]]
            values = torch.tensor([crops[i][name] for i in which], dtype=kind)
            return torch.tensor(which, dtype=torch.int64), values

        return BatchPlan(
            crops[0]["number"],
            all_of("pictures", torch.int64),
            all_of("levels", torch.int64),
            all_of("matrices", torch.float32),
            all_of("gains", torch.float32),
            all_of("offsets", torch.float32),
            *those_with("blur", torch.float32),
            *those_with("noise", torch.float32),
            *those_with("quality", torch.int64),
            *(_joined([crop[name] for crop in crops]) for name in BatchPlan._fields[-3:]),
        )


def _colours(rng: np.random.Generator, how: Augmentation) -> dict[str, Any]:
    """Draw gains and offsets (3,), including inversion; and blur, noise and JPEG quality, or 0."""
    if not how.photometric:
        plain = {"gains": np.ones(3), "offsets": np.zeros(3)}
        return plain | {"blur": 0.0, "noise": 0.0, "quality": 0}
    gain, offset, inverted = draw_tone(rng)
    # (x - 128) gain + 128 + offset; if inverted, 255 minus that.
    gains, offsets = np.broadcast_to(gain, 3), 128 + offset - 128 * gain
    if inverted:
        gains, offsets = -gains, 255 - offsets
    return {
        "gains": gains,
        "offsets": offsets,
        "blur": draw_blur(rng),
        "noise": draw_noise(rng),
        "quality": draw_quality(rng),
    }


def _shapes(truth: Truth, matrix: npt.NDArray[np.float64], crop: int) -> dict[str, Any]:
    """Return a crop's shapes by the names of `BatchPlan`: boxes without crop, forms, values."""
    outlines = transform(truth.outlines, matrix)
    shown = _shown(truth.outlines, outlines, matrix, crop)
    characters = transform(truth.characters, matrix)
    sure = np.where(_heights(characters, truth.word_of, len(shown)) < SMALLEST_WORD, 0, truth.sure)
    learnt = (shown & (sure > 0))[truth.word_of]
    quads, word_of = on_map(characters[learnt]), truth.word_of[learnt]
    side = crop // MAP_STRIDE
    linked = word_of[1:] == word_of[:-1]
    gaps = affinity_quads(quads)[linked] if len(quads) else quads
    doubtful = shown & (sure < 1)
    return {
        "characters": _gaussians(quads, side),
        "gaps": _gaussians(gaps, side),
        "outlines": _outlines(np.round(on_map(outlines[doubtful])), sure[doubtful], side),
    }


def _shown(
    points: Points, moved: Points, matrix: npt.NDArray[np.float64], crop: int
) -> npt.NDArray[np.bool_]:
    """Return which words (W,) are visible in the crop, like `augment.warp`, by their outlines."""
    ahead = (points @ matrix[2, :2] + matrix[2, 2] > 0).all(axis=1)
    inside = (moved.max(axis=1) > 0).all(axis=-1) & (moved.min(axis=1) < crop).all(axis=-1)
    return np.asarray(ahead & inside)


def _heights(quads: Points, word_of: Ints, words: int) -> Floats:
    """Return the mean height (W,) of each word's characters in pixels, like `word_height`."""
    sides = quads[:, [3, 2]] - quads[:, [0, 1]]
    heights = np.hypot(sides[..., 0], sides[..., 1]).mean(axis=1)
    counts = np.maximum(np.bincount(word_of, minlength=words), 1)
    return np.asarray(np.bincount(word_of, heights, minlength=words) / counts)


def _gaussians(quads: Points, side: int) -> tuple[Ints, Floats, Floats]:
    """Return boxes (M, 4), homographies (M, 3, 3), peaks (M,) of the quads that can be drawn."""
    boxes, low, high = enlarged_boxes(quads, (side, side))
    forms = to_square(boxes - low[:, None])
    drawable = (low < high).all(axis=1) & np.isfinite(forms).all(axis=(1, 2))
    places = np.concatenate([low, high], axis=1)[drawable]
    return places, forms[drawable], np.ones(len(places))


def _outlines(outlines: Points, sure: Floats, side: int) -> tuple[Ints, Floats, Floats]:
    """Return boxes (M, 4), corners (M, K, 2) and confidence (M,) of the visible outlines."""
    low = np.clip(outlines.min(axis=1), 0, side).astype(np.int64)
    high = np.clip(outlines.max(axis=1) + 1, 0, side).astype(np.int64)
    drawable = (low < high).all(axis=1)
    return np.concatenate([low, high], axis=1)[drawable], outlines[drawable], sure[drawable]


def _joined(parts: Sequence[tuple[Ints, Floats, Floats]]) -> Shapes:
    """Join the shapes of all crops with their crop's number, padding outlines to equal length."""
    corners = max(forms.shape[1] for _, forms, _ in parts)
    boxes = np.concatenate([np.insert(part[0], 0, i, axis=1) for i, part in enumerate(parts)])
    forms = np.concatenate([_padded(forms, 1, corners) for _, forms, _ in parts])
    values = np.concatenate([values for *_, values in parts])
    return Shapes(
        torch.from_numpy(boxes),
        torch.from_numpy(forms.astype(np.float32)),
        torch.from_numpy(values.astype(np.float32)),
        int((boxes[:, 3:] - boxes[:, 1:3]).prod(axis=1).sum()),
    )


def _padded(points: Floats, axis: int, length: int) -> Floats:
    """Pad points to a length along an axis by repeating the last one."""
    missing = [(0, length - points.shape[i] if i == axis else 0) for i in range(points.ndim)]
    return np.pad(points, missing, mode="edge")
