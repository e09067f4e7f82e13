"""The weights that ship are what the catalogue says."""

import hashlib
from pathlib import Path

import pytest

from craftlite import Detector
from craftlite.errors import WeightsError
from craftlite.model import build_model
from craftlite.model.files import read_model
from craftlite.runtime import OnnxRuntime
from craftlite.weights import (
    DEFAULT,
    backbones,
    catalogue,
    find_weights,
    folder,
    settings_text,
    take_over_settings,
    tuned_settings,
)

MAX_BYTES = 10_000_000


@pytest.mark.parametrize("name", catalogue())
def test_shipped_files_match_their_hashes(name: str) -> None:
    entry = catalogue()[name]
    files = [file for file in (entry.onnx, entry.torch) if file is not None]
    assert sorted(entry.sha256) == sorted(file.name for file in files)
    for file in files:
        data = file.read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry.sha256[file.name]
        assert len(data) <= MAX_BYTES


@pytest.mark.parametrize("name", catalogue())
def test_every_set_of_weights_has_a_card(name: str) -> None:
    card = (folder() / f"{name}.md").read_text()
    for file, digest in catalogue()[name].sha256.items():
        assert file in card
        assert digest in card


def test_the_default_weights_run_without_a_name() -> None:
    onnx = find_weights(DEFAULT).onnx
    assert onnx is not None
    assert OnnxRuntime(onnx).network == "craftlite-small-v2"


def test_weights_of_integers_run_and_have_nothing_for_torch() -> None:
    detector = Detector("craftlite-small-int8", long_side=640)
    picture = folder().parent / "data" / "samples" / "images" / "plate.jpg"
    assert len(detector(picture)) > 0
    with pytest.raises(WeightsError, match="cannot be run by torch"):
        Detector("craftlite-small-int8", backend="torch")


@pytest.mark.parametrize("name", backbones())
def test_a_backbone_is_what_its_entry_says(name: str) -> None:
    entry = backbones()[name]
    card = (folder() / f"{name}.md").read_text()
    assert hashlib.sha256(entry.file.read_bytes()).hexdigest() == entry.sha256
    assert entry.file.name in card
    assert entry.sha256 in card
    assert f"{entry.top1_error:.2%}" in card
    assert read_model(entry.file)[0] == name


@pytest.mark.parametrize(
    ("name", "detector"),
    [(b.name, detector) for b in backbones().values() for detector in b.body_of],
)
def test_a_backbone_fits_the_body_of_its_detectors_exactly(name: str, detector: str) -> None:
    _, classifier = read_model(backbones()[name].file)
    given, body = (m.basenet.state_dict() for m in (classifier, build_model(detector)))
    assert {key: t.shape for key, t in given.items()} == {key: t.shape for key, t in body.items()}


def test_a_backbone_is_no_detector() -> None:
    with pytest.raises(WeightsError, match="rexnet-lite is a classification backbone"):
        find_weights("rexnet-lite")


def test_a_file_that_ships_has_what_was_tuned_for_it() -> None:
    shipped = catalogue()["craftlite-small"]
    for file in (shipped.onnx, shipped.torch):
        assert file is not None
        found = find_weights(file)
        assert found.name == file.name and found.file == file
        assert (found.thresholds, found.long_side) == (shipped.thresholds, shipped.long_side)
        assert (found.tuned, found.presets) == (shipped.tuned, shipped.presets)


def test_settings_are_taken_over_once(tmp_path: Path) -> None:
    shipped = catalogue()["craftlite-small"]
    (tmp_path / "mine.onnx").write_bytes(b"")
    beside = take_over_settings(shipped, tmp_path / "mine.onnx")
    assert beside == tmp_path / "mine.json"
    assert find_weights(tmp_path / "mine.onnx").thresholds == shipped.thresholds
    assert take_over_settings(shipped, tmp_path / "mine.onnx") is None
    settings = tuned_settings(shipped.thresholds, 640, "on nothing measured", None, {})
    beside.write_text(settings_text(settings), encoding="utf-8")
    assert find_weights(tmp_path / "mine.onnx").hmean is None
