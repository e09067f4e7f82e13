"""Small datasets for trainings of a few steps."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
import torch

from craftlite.data.sample import Sample
from craftlite.synth.generator import Generator
from craftlite.synth.typesetting.fonts import FaceId

PLAIN = {"latin": (FaceId(""),)}  # the face that is there on every machine


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Steps this small only wait for one another on more threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def write_dataset(samples: list[Sample], stems: list[str], pictures: Path, truths: Path) -> None:
    """Pictures and their words in ICDAR 2015's line format."""
    pictures.mkdir(parents=True)
    truths.mkdir(parents=True)
    for sample, stem in zip(samples, stems, strict=True):
        cv2.imwrite(str(pictures / f"{stem}.png"), sample.pixels()[..., ::-1])
        corners = [
            ",".join(str(round(v)) for v in w.polygon.ravel().tolist()) for w in sample.words
        ]
        texts = [word.text for word in sample.words]
        lines = [f"{corner},{text}\n" for corner, text in zip(corners, texts, strict=True)]
        (truths / f"gt_{stem}.txt").write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def quads(tmp_path: Path) -> Path:
    renderer = Generator(faces=PLAIN, size=(160, 120), typical_words=100)
    folder = tmp_path / "quads"
    samples = [renderer.sample(k) for k in range(3)]
    write_dataset(samples, ["a", "b", "c"], folder / "images", folder / "gt")
    return folder


@pytest.fixture
def icdar15(tmp_path: Path) -> Path:
    renderer = Generator(faces=PLAIN, size=(160, 120), typical_words=100)
    folder = tmp_path / "icdar15"
    write_dataset(
        [renderer.sample(k) for k in range(4)],
        ["img_1", "img_2", "img_901", "img_902"],
        folder / "ch4_training_images",
        folder / "ch4_training_localization_transcription_gt",
    )
    return folder
