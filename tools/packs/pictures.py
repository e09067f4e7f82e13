"""The pictures of packs: their order, their names, their bytes and their lines of words."""

import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import cv2

from craftlite.data.files.labelled import is_turned
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError
from craftlite.synth.writer import rounded
from tools.packs.content import PackedDataset

LOSSLESS = 101  # the WebP quality that means it to OpenCV


class Picture(NamedTuple):
    """A picture that goes into a pack, where `stem` is its file's name without the suffix."""

    dataset: str
    split: str
    stem: str
    sample: Sample


def interleave(datasets: Sequence[PackedDataset]) -> list[Picture]:
    """The pictures as they are stored, each split of each dataset spread evenly over them all."""
    placed = []
    for dataset in datasets:
        stems = iter(unique([picture_path(sample).stem for sample in dataset.samples]))
        for split, samples in dataset.splits.items():
            for number, sample in enumerate(samples):
                place = (number + 0.5) / len(samples)
                placed.append((place, Picture(dataset.name, split, next(stems), sample)))
    return [picture for _, picture in sorted(placed, key=lambda pair: pair[0])]


def unique(stems: Sequence[str]) -> list[str]:
    """The names, with a number added to each that has occurred before."""
    taken: dict[str, None] = {}
    for stem in stems:
        numbered = (f"{stem}-{number}" for number in range(2, len(stems) + 2))
        taken[next(name for name in chain([stem], numbered) if name not in taken)] = None
    return list(taken)


def picture_path(sample: Sample) -> Path:
    """A sample's file; every sample of `read_dataset` has one."""
    assert isinstance(sample.picture, Path)
    return sample.picture


def encode(sample: Sample, quality: int | None) -> tuple[str, bytes]:
    """The suffix and the bytes to store: the file's own, or those of a WebP if it is smaller.

    A picture that its EXIF tag turns is always encoded again, without the tag.

    Raises:
        DatasetError: the picture cannot be read or is too large for WebP.
    """
    path = picture_path(sample)
    own, turned = path.read_bytes(), is_turned(path)
    if quality is None and not turned:
        return path.suffix.lower(), own
    webp = _webp(sample, quality or LOSSLESS)
    return (".webp", webp) if turned or len(webp) < len(own) else (path.suffix.lower(), own)


def _webp(sample: Sample, quality: int) -> bytes:
    """The picture as it is stored, its EXIF tag ignored, as WebP."""
    bgr = cv2.cvtColor(sample.pixels(), cv2.COLOR_RGB2BGR)
    try:
        data = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, quality])[1]
    except cv2.error as error:
        raise DatasetError(
            f"{sample.picture}: cannot be written as WebP, whose sides have 16383 pixels at most; "
            "make it smaller or leave it out"
        ) from error
    return data.tobytes()


def line_of(image: str, picture: Picture) -> bytes:
    """The picture's line in the words format."""
    words = [_record(word) for word in picture.sample.words]
    return (json.dumps({"image": image, "words": words, "split": picture.split}) + "\n").encode()


def _record(word: Word) -> dict[str, Any]:
    """A word in the words format, to hundredths of a pixel."""
    facts = {"polygon": rounded(word.polygon), "text": word.text, "ignore": word.ignore}
    if word.characters is not None:
        facts["characters"] = rounded(word.characters)
        facts["confidence"] = round(word.confidence, 4)
    return facts
