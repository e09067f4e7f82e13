"""An exported file says by itself how it is run, and a program without craftlite can do it."""

import json
import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from craftlite import Detector
from craftlite.export.contract import contract, describe_file
from craftlite.files import sha256_of
from craftlite.postprocess import Thresholds
from craftlite.runtime import METADATA
from craftlite.weights import catalogue, find_weights, settings_text, tuned_settings

ROOT = Path(__file__).parents[2]
PROGRAM = re.search(r"```python\n(.*?)```", (ROOT / "docs/export.md").read_text("utf-8"), re.DOTALL)


def metadata(file: Path) -> dict[str, object]:
    session = onnxruntime.InferenceSession(str(file))
    facts: dict[str, object] = json.loads(session.get_modelmeta().custom_metadata_map[METADATA])
    return facts


@pytest.mark.parametrize("name", catalogue())
def test_shipped_files_say_what_the_catalogue_says(name: str) -> None:
    entry = catalogue()[name]
    assert entry.onnx is not None
    facts = metadata(entry.onnx)
    assert facts == contract(str(facts["network"]), entry)
    graph = onnx.load(entry.onnx).graph
    assert [port.name for port in (*graph.input, *graph.output)] == [
        facts["input"],
        facts["output"],
    ]


def test_a_file_is_described_anew_and_computes_the_same(tmp_path: Path) -> None:
    shipped = catalogue()["craftlite-small"].onnx
    assert shipped is not None
    file = tmp_path / "mine.onnx"
    file.write_bytes(shipped.read_bytes())
    levels = Thresholds(text=0.6, link=0.3, low=0.35)
    settings = tuned_settings(levels, 960, "on mine", None, {})
    file.with_suffix(".json").write_text(settings_text(settings))
    describe_file(file)
    facts = metadata(file)
    assert facts == contract("craftlite-small-v2", find_weights(file))
    assert (facts["long_side"], facts["thresholds"]) == (960, vars(levels))
    again = sha256_of(file)
    describe_file(file)
    assert sha256_of(file) == again
    graphs = [onnx.load(one).graph.SerializeToString() for one in (shipped, file)]
    assert graphs[0] == graphs[1]


@pytest.mark.parametrize("name", ["receipt", "street"])
def test_the_documented_program_finds_what_the_detector_finds(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PROGRAM is not None
    code = PROGRAM[1].replace("images/receipt", f"images/{name}")
    monkeypatch.chdir(ROOT)
    names: dict[str, list[np.ndarray]] = {}
    exec(code, names)
    assert "import craftlite" not in code and "from craftlite" not in code
    found = Detector("craftlite-small")(
        ROOT / f"data/samples/images/{name}.jpg", polygons=False
    ).quads
    assert len(found) > 5
    assert len(names["quads"]) == len(found)
    for quad, other in zip(names["quads"], found, strict=True):
        assert np.abs(boxes(quad) - boxes(other)).max() <= 1


def boxes(quad: np.ndarray) -> np.ndarray:
    """The corners in an order that does not depend on where they start."""
    first = quad.sum(axis=1).argmin()
    return np.roll(quad, -first, axis=0)
