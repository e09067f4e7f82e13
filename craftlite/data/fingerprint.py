"""A digest of a dataset's pictures and words, to distinguish datasets."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from craftlite.data.sample import Sample


def fingerprint(samples: Sequence[Sample]) -> str:
    """Return a SHA-256 over the pictures' names and sizes in bytes, and all texts and outlines.

    The location of the pictures does not matter.
    """
    digest = hashlib.sha256()
    for sample in samples:
        texts = [(word.text, word.ignore, len(word.polygon)) for word in sample.words]
        digest.update(json.dumps([sample.name, size_of(sample), texts]).encode())
        for word in sample.words:
            digest.update(np.asarray(word.polygon, "<f4").tobytes())
    return digest.hexdigest()


def size_of(sample: Sample) -> int | None:
    """Return the size in bytes of a sample's file or pixels; None if the file does not exist."""
    if not isinstance(sample.picture, Path):
        return sample.picture.nbytes
    return sample.picture.stat().st_size if sample.picture.is_file() else None
