"""The weights that ship are what the catalogue says."""

import hashlib

import pytest

from craftlite.runtime import OnnxRuntime
from craftlite.weights import DEFAULT, catalogue, find_weights, folder

MAX_BYTES = 10_000_000


@pytest.mark.parametrize("name", catalogue())
def test_shipped_files_match_their_hashes(name: str) -> None:
    entry = catalogue()[name]
    files = [entry.onnx, entry.torch]
    assert sorted(entry.sha256) == sorted(file.name for file in files if file)
    for file in files:
        assert file is not None
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
    assert OnnxRuntime(onnx).network == "craftlite-small"
