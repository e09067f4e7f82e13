"""Which long side and thresholds weights are evaluated with, and what is said of that."""

from pathlib import Path

import numpy as np
import pytest
import torch

from craftlite.data.sample import Sample
from craftlite.evaluate.runner import ModelRunner, published
from craftlite.model import build_model
from craftlite.postprocess import Thresholds
from craftlite.weights import find_weights


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file as the original CRAFT came in: its tensors, named as data-parallel training does."""
    state = build_model("craft-vgg16").state_dict()
    path = tmp_path_factory.mktemp("weights") / "craft_mlt_25k.pth"
    torch.save({f"module.{key}": value for key, value in state.items()}, path)
    return str(path)


def test_the_original_is_recognised_and_used_as_its_authors_said(
    official: str, tmp_path: Path
) -> None:
    model = ModelRunner(official, "icdar15", cache=tmp_path)
    assert model.network == "craft-vgg16"
    assert model.thresholds == Thresholds(text=0.85, link=0.2, low=0.5)
    assert model.detector.long_side == 2240
    facts = model.facts(model.thresholds)
    assert facts["origin"] == "the original authors' thresholds for icdar15"
    assert facts["parameters"] == 20_770_466
    assert facts["milliseconds"] is None


def test_a_long_side_that_is_given_wins(official: str, tmp_path: Path) -> None:
    model = ModelRunner(official, "icdar15", cache=tmp_path, long_side=64)
    sample = Sample("a", np.zeros((32, 64, 3), np.uint8), ())
    assert len(model.detections(sample, model.thresholds)) == 0
    assert model.detector.long_side == 64
    assert model.facts(Thresholds())["origin"] == "given by hand"
    assert model.facts(Thresholds())["milliseconds"] > 0
    other = Sample("b", np.ones((32, 64, 3), np.uint8), ())
    again = ModelRunner(official, "icdar15", cache=tmp_path, long_side=64)
    for one, cached in ((sample, 1), (other, 1)):
        again.detections(one, model.thresholds)
        assert again.cached == cached
        assert again.facts(Thresholds())["milliseconds"] is None


@pytest.mark.parametrize("dataset", ["words", "quads", "textocr"])
def test_nothing_is_published_for_other_datasets(
    official: str, tmp_path: Path, dataset: str
) -> None:
    model = ModelRunner(official, dataset, cache=tmp_path)
    assert model.thresholds == Thresholds()
    assert model.facts(model.thresholds)["origin"] == "defaults, not tuned"


def test_only_the_original_has_published_settings() -> None:
    assert published("craftlite-small", "icdar15") is None
    thresholds, side, said = published("craft-vgg16", "totaltext") or (None, 0, "")
    assert (thresholds, side) == (Thresholds(), 1280)
    assert "default thresholds" in said


def test_shipped_weights_say_where_they_were_tuned(tmp_path: Path) -> None:
    model = ModelRunner("craftlite-small", "icdar15", cache=tmp_path)
    assert model.facts(model.thresholds)["origin"].startswith("on icdar15 val")
    other = model.at(640)
    shipped = find_weights("craftlite-small").long_side
    assert (other.detector.long_side, model.detector.long_side) == (640, shipped)
