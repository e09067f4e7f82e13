"""Weak supervision: the characters of real words, found by the network that is being trained.

Baek et al., "Character Region Awareness for Text Detection", CVPR 2019, section 3.2.2.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from craftlite.data.sample import Sample, Word
from craftlite.data.targets import GUESSED
from craftlite.data.word_geometry import letters
from craftlite.errors import DatasetError
from craftlite.files import write_whole
from craftlite.geometry import Points, is_convex
from craftlite.preprocess import to_tensor
from craftlite.progress import Progress
from craftlite.pseudo.watershed import find_characters
from craftlite.pseudo.word_strip import Strip, cut_strips
from craftlite.runtime import Runtime


class Label(NamedTuple):
    """A pseudo-label of a word: character quads (M, 4, 2) float32, and the confidence in them."""

    characters: Points
    confidence: float


@dataclass(frozen=True)
class Labels:
    """The characters that a network found in a list of samples."""

    names: tuple[str, ...]  # of the samples, in their order
    words: tuple[tuple[Label | None, ...], ...]  # of each sample; None if a word gets no label
    step: int  # of the training, when the network found them
    weights: str  # digest of the network's weights, see `state_digest`


def relabel(samples: Sequence[Sample], runtime: Runtime) -> list[Sample]:
    """Return the samples with unknown characters replaced by those that a network finds.

    Don't-care regions, and words that `label_of` gives no label, are left alone. Each picture is
    opened once, and strips of equal width go through the network together. A `TorchRuntime` leaves
    its model in eval mode.

    Raises:
        DatasetError: a picture cannot be read.
    """
    words = [list(sample.words) for sample in samples]
    for batch in cut_strips(Progress(samples, "characters", unit="picture", leave=False)):
        maps = runtime(np.concatenate([to_tensor(cut.pixels) for cut in batch]))
        for cut, region in zip(batch, maps[:, 0], strict=True):
            word = words[cut.sample][cut.place]
            words[cut.sample][cut.place] = _labelled(word, label_of(word, cut.strip, region))
    return [replace(s, words=tuple(found)) for s, found in zip(samples, words, strict=True)]


def label_of(word: Word, strip: Strip, region: npt.NDArray[np.float32]) -> Label | None:
    """Return a word's label from the region map (h, w) of its strip; None if even parts do as well.

    Without a text, the confidence is the mean height of the peaks, but at least GUESSED: in
    generated words, the share of correct characters grows with that height.
    """
    spans, peaks = find_characters(strip.on_map(region))
    if len(spans) == 0:
        return None
    count, height = letters(word), float(peaks.mean())
    sure = confidence_of(count, len(spans)) if count else min(max(height, GUESSED), 1.0)
    characters = strip.quads(spans)
    return Label(characters, sure) if sure >= GUESSED and is_convex(characters).all() else None


def confidence_of(length: int, found: int) -> float:
    """Return how well the number of characters found matches a text of `length` letters, in 0..1.

    This is the paper's equation 2. Below GUESSED, even parts are the better guess.
    """
    return (length - min(length, abs(length - found))) / length


def state_digest(state: Mapping[str, Tensor]) -> str:
    """Return a SHA-256 of a state dict's names, dtypes, shapes and values, in hexadecimal."""
    digest = hashlib.sha256()
    for name, value in sorted(state.items()):
        values = value.detach().cpu().contiguous().numpy()
        digest.update(f"{name} {values.dtype} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def save_labels(
    path: Path, samples: Sequence[Sample], step: int, weights: Mapping[str, Tensor]
) -> None:
    """Write the labels found by `relabel` as an .npz file, atomically.

    The arrays: `names` and `counts` (samples,), the name and number of words of each sample;
    `labelled` (words,), whether each word has characters; `confidence` float64 and `lengths`
    (labels,); `characters` (sum of lengths, 4, 2) float32; `step`; and `weights`, the digest of the
    network's state dict.

    Raises:
        CraftliteError: the file cannot be written.
    """
    words = [word for sample in samples for word in sample.words]
    labels = [Label(w.characters, w.confidence) for w in words if w.characters is not None]
    nothing = np.zeros((0, 4, 2), np.float32)  # for the case of no labels
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        names=np.array([sample.name for sample in samples], np.str_),
        counts=np.array([len(sample.words) for sample in samples], np.int64),
        labelled=np.array([word.characters is not None for word in words], np.bool_),
        confidence=np.array([label.confidence for label in labels], np.float64),
        lengths=np.array([len(label.characters) for label in labels], np.int64),
        characters=np.concatenate([nothing, *(label.characters for label in labels)]),
        step=np.array(step, np.int64),
        weights=np.array(state_digest(weights), np.str_),
    )
    write_whole(path, buffer.getvalue())


def load_labels(path: Path) -> Labels:
    """Read labels written by `save_labels`.

    Raises:
        DatasetError: the file is missing or is not a file of labels.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            parts = {name: file[name] for name in file.files}
        ends = np.cumsum(parts["lengths"])[:-1]
        characters = np.split(parts["characters"], ends) if len(parts["lengths"]) else []
        known = map(Label, characters, parts["confidence"].tolist())
        flat = [next(known) if labelled else None for labelled in parts["labelled"].tolist()]
        starts = np.cumsum([0, *parts["counts"]]).tolist()
        words = tuple(tuple(flat[a:b]) for a, b in pairwise(starts))
        names = tuple(parts["names"].tolist())
        return Labels(names, words, int(parts["step"]), str(parts["weights"]))
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file of labels") from None
    except Exception as error:  # NumPy and zipfile raise many errors for a corrupt file
        raise DatasetError(f"{path}: not a file of labels ({error})") from error


def apply_labels(samples: Sequence[Sample], labels: Labels) -> list[Sample]:
    """Return the samples with labels for all words whose characters are unknown.

    Raises:
        DatasetError: the labels are of other samples, or of samples with other words.
    """
    if len(samples) != len(labels.names):
        raise DatasetError(f"labels of {len(labels.names)} pictures for {len(samples)} pictures")
    result = []
    for sample, name, found in zip(samples, labels.names, labels.words, strict=True):
        if sample.name != name:
            raise DatasetError(f"labels of picture {name} where {sample.name} was expected")
        words = sample.words
        if len(words) != len(found):
            raise DatasetError(f"{name}: labels of {len(found)} words for {len(words)} words")
        result.append(replace(sample, words=tuple(map(_labelled, words, found))))
    return result


def _labelled(word: Word, label: Label | None) -> Word:
    if label is None or word.ignore or word.characters is not None:
        return word
    return replace(word, characters=label.characters, confidence=label.confidence)
