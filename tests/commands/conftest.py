"""`craftlite detect` with a real network that takes bright for text."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from craftlite.commands import detect
from craftlite.postprocess import Thresholds
from craftlite.weights import settings_text, tuned_settings


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file of the networks' form: the region map is the brightness, the affinity zero."""
    onnx = pytest.importorskip("onnx")
    make, tensor = onnx.helper.make_node, onnx.numpy_helper.from_array
    nodes = [
        make("Conv", ["picture", "weight", "bias"], ["both"], strides=[2, 2]),
        make("Clip", ["both", "zero", "one"], ["maps"]),
    ]
    weight = np.zeros((2, 3, 2, 2), np.float32)
    weight[0, 1] = 57.12 / 255 / 4
    constants = {"weight": weight, "bias": np.float32([116.28 / 255, 0]), "zero": 0, "one": 1}
    graph = onnx.helper.make_graph(
        nodes,
        "brightness",
        [onnx.helper.make_tensor_value_info("picture", 1, ["n", 3, "h", "w"])],
        [onnx.helper.make_tensor_value_info("maps", 1, ["n", 2, "hh", "ww"])],
        [tensor(np.asarray(value, np.float32), name) for name, value in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.helper.set_model_props(model, {"craftlite": json.dumps({"network": "brightness"})})
    path = tmp_path_factory.mktemp("network") / "brightness.onnx"
    onnx.save(model, path)
    settings = tuned_settings(Thresholds(), 1280, "for these tests", None, {})
    path.with_suffix(".json").write_text(settings_text(settings))
    return path


@pytest.fixture
def run(network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs the command on the words of a command line, in a working folder of its own."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> int:
        options = ["--weights", str(network), "--long-side", "256"]
        return detect.run(detect.parser().parse_args([*words, *options]))

    return command
