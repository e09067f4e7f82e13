"""The pictures that ship in data/samples are whole, and their ground truth fits them."""

from pathlib import Path

import numpy as np
import pytest

from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.geometry import Points, signed_area

ROOT = Path(__file__).parents[1] / "data" / "samples"
STEMS = sorted(path.stem for path in (ROOT / "images").glob("*.jpg"))


def samples() -> dict[str, Sample]:
    dataset = read_dataset("quads", ROOT, "test")
    assert not dataset.problems
    return {sample.name: sample for sample in dataset.samples}


def raw_quads(stem: str) -> Points:
    """The quads as written, for the reader turns round those that run the wrong way."""
    lines = (ROOT / "gt" / f"gt_{stem}.txt").read_text("utf-8").splitlines()
    corners = [line.split(",", 8)[:8] for line in lines]
    return np.array(corners, np.float32).reshape(-1, 4, 2)


def test_every_picture_is_read() -> None:
    assert len(STEMS) >= 8
    assert sorted(samples()) == STEMS


@pytest.mark.parametrize("stem", STEMS)
def test_picture_and_words(stem: str) -> None:
    sample = samples()[stem]
    height, width, channels = sample.pixels().shape
    assert channels == 3
    assert 900 <= max(height, width) <= 1600
    quads = raw_quads(stem)
    assert len(quads) == len(sample.words) > 0
    assert (quads >= 0).all()
    assert (quads <= (width, height)).all()
    assert all(signed_area(quad) > 20 for quad in quads)
    assert all(word.ignore or word.text for word in sample.words)
    assert any(word.text for word in sample.words)


@pytest.mark.parametrize("stem", STEMS)
def test_words_stand_out_from_their_ground(stem: str) -> None:
    """Ground truth that had slipped off its words would lie on even ground."""
    sample = samples()[stem]
    grey = sample.pixels().mean(axis=2)
    for word in sample.words:
        (x0, y0), (x1, y1) = word.polygon.min(axis=0), word.polygon.max(axis=0)
        patch = grey[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))]
        assert patch.std() > 5, word.text


def test_words_do_not_cover_each_other() -> None:
    """The middle of a word lies in no other word, so that each can be found on its own."""
    for sample in samples().values():
        middles = np.stack([word.polygon.mean(axis=0) for word in sample.words])
        apart = np.linalg.norm(middles[:, None] - middles[None], axis=2)
        assert apart[~np.eye(len(middles), dtype=bool)].min() > 5, sample.name


def test_samples_are_small() -> None:
    files = [path for path in ROOT.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2_500_000
    assert all(path.stat().st_size < 300_000 for path in files)
