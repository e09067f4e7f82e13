"""Telling datasets apart: a digest of pictures and words."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from craftlite.data.sample import Sample


def fingerprint(samples: Sequence[Sample]) -> str:
    """SHA-256 over the pictures' names and sizes in bytes, and their words' texts and outlines.

    Where the pictures lie does not count.
    """
    digest = hashlib.sha256()
    for sample in samples:
        texts = [(word.text, word.ignore, len(word.polygon)) for word in sample.words]
        digest.update(json.dumps([sample.name, size_of(sample), texts]).encode())
        for word in sample.words:
            digest.update(np.asarray(word.polygon, "<f4").tobytes())
    return digest.hexdigest()


def size_of(sample: Sample) -> int | None:
    """Bytes of a sample's file, or of its pixels; None where the file is not there."""
    if not isinstance(sample.picture, Path):
        return sample.picture.nbytes
    return sample.picture.stat().st_size if sample.picture.is_file() else None
