"""The whole road from targets to words: eight pictures, learnt by heart, give their words back."""

import numpy as np
import pytest
import torch

from craftlite.data.loader import Batch
from craftlite.data.sample import Sample, Word
from craftlite.data.targets import render_targets
from craftlite.detector import Detector
from craftlite.evaluate.protocols.metric import score
from craftlite.model.torch_runtime import TorchRuntime
from craftlite.postprocess import Thresholds
from craftlite.preprocess import to_tensor
from craftlite.synth.generator import Generator
from craftlite.synth.typesetting.fonts import FaceId
from craftlite.train.detector.task import DetectorTask
from craftlite.train.distributed import Group
from craftlite.train.precision import flush_denormals
from craftlite.train.recipe import Recipe
from craftlite.train.trainer import Trainer

PLAIN = {"latin": (FaceId(""),)}  # the face that is there on every machine
SIDE = 192
RECIPE = Recipe(steps=120, batch=8, crop=SIDE, learning_rate=4e-3, warmup=10, ema=0.9)


def is_large(word: Word) -> bool:
    """Whether a word is straight and each of its letters can be seen at half size."""
    assert word.characters is not None
    sides = np.linalg.norm(np.roll(word.characters, -1, axis=1) - word.characters, axis=2)
    return not word.ignore and len(word.polygon) == 4 and bool((sides > 10).all())


def legible_pictures(count: int) -> list[Sample]:
    """Generated pictures of words that are all large."""
    generator = Generator(faces=PLAIN, size=(SIDE, SIDE), typical_words=60)
    samples = (generator.sample(index) for index in range(2000))
    legible = (s for s in samples if len(s.words) >= 2 and all(map(is_large, s.words)))
    return [next(legible) for _ in range(count)]


def batch_of(samples: list[Sample]) -> Batch:
    """The samples as they are, without augmentation."""
    pictures = [to_tensor(sample.pixels())[0] for sample in samples]
    scores, weights = zip(*(render_targets(s.words, (SIDE, SIDE)) for s in samples), strict=True)
    return Batch(*(torch.from_numpy(np.stack(part)) for part in (pictures, scores, weights)))


@pytest.mark.slow
def test_eight_pictures_are_learnt_by_heart() -> None:
    samples = legible_pictures(8)
    batch = batch_of(samples)
    trainer = Trainer(DetectorTask(RECIPE), Group(torch.device("cpu")))
    with flush_denormals():
        for _ in range(RECIPE.steps):
            trainer.train_step([batch])
    detector = Detector(TorchRuntime("craftlite-small", trainer.ema.module, "cpu"), long_side=SIDE)
    result = score(samples, lambda pixels: detector(pixels, Thresholds()))
    assert result.truths >= 16
    assert result.hmean > 0.9
