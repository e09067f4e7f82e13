"""Datasets whose labels, and sometimes pictures, are changed, through the readers."""

from pathlib import Path
from random import Random

import numpy as np

from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.errors import DatasetError
from craftlite.inspection.statistics import Statistics
from tools.attacks.label_trees import trees
from tools.attacks.mutate import mutated
from tools.attacks.worker import Attack, Broken


def attack_labels(rng: Random, folder: Path) -> None:
    """Read a dataset with a changed file, and look at every sample."""
    tree = rng.choice(trees())
    files = tree.files()
    changed = rng.choice(sorted(files if rng.random() < 0.1 else tree.labels))
    files[changed] = mutated(rng, changed, files[changed])
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    strict, pictures = rng.random() < 0.3, rng.random() < 0.7
    dataset = read_dataset(tree.name, folder, tree.split, pictures=pictures, strict=strict)
    for problem in dataset.problems:
        if not (problem.where and problem.what):
            raise Broken("a problem without a place or a kind")
    statistics = Statistics()
    for sample in dataset.samples:
        check_words(sample)
        if pictures:
            look(sample, statistics)
    statistics.facts()


def check_words(sample: Sample) -> None:
    """Raises Broken where a word is not as `Word` says."""
    for word in sample.words:
        shape = word.polygon.shape
        if len(shape) != 2 or shape[0] < 3 or shape[1] != 2 or word.polygon.dtype != np.float32:
            raise Broken(f"a polygon of {word.polygon.dtype} {shape}")
        if not np.isfinite(word.polygon).all():
            raise Broken("a polygon that is not finite")
        if word.characters is not None and word.characters.shape[1:] != (4, 2):
            raise Broken(f"characters of shape {word.characters.shape}")
        if not 0 <= word.confidence <= 1:
            raise Broken(f"a confidence of {word.confidence}")
        if word.ignore and word.text is not None:
            raise Broken("a don't-care word with a text")


def look(sample: Sample, statistics: Statistics) -> None:
    """Count the sample's words and decode its picture; a damaged picture is refused."""
    try:
        statistics.add(sample)
        pixels = sample.pixels()
    except DatasetError:
        return
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise Broken(f"pixels of shape {pixels.shape}")


LABELS = Attack(attack_labels, share=2)
