"""The commands of docs/engines.md that convert a shipped network for ncnn and LiteRT."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from craftlite.runtime import OnnxRuntime, Tensor
from craftlite.weights import folder

HEIGHT, WIDTH = 96, 160
NETWORK = "craftlite-small.onnx"


def command(name: str) -> str:
    """A converter beside this Python."""
    return str(Path(sys.executable).with_name(name))


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    shutil.copy(folder() / NETWORK, tmp_path)  # onnx2tf overwrites its input
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    return np.random.default_rng(0).normal(size=(1, 3, HEIGHT, WIDTH)).astype(np.float32)


@pytest.mark.slow
def test_pnnx_converts_for_ncnn(pictures: Tensor) -> None:
    ncnn = pytest.importorskip("ncnn")
    pytest.importorskip("pnnx")
    shape = f"inputshape=[1,3,{HEIGHT},{WIDTH}]"
    subprocess.run([command("pnnx"), NETWORK, shape, "fp16=0"], check=True)
    with ncnn.Net() as net:
        for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic"):
            setattr(net.opt, name, False)
        net.load_param("craftlite_small.ncnn.param")
        net.load_model("craftlite_small.ncnn.bin")
        with net.create_extractor() as extractor:
            extractor.input("in0", ncnn.Mat(pictures[0]).clone())
            maps = np.array(extractor.extract("out0")[1])[None]
    assert np.abs(maps - OnnxRuntime(folder() / NETWORK, "cpu")(pictures)).max() < 1e-4


@pytest.mark.slow
def test_onnx2tf_converts_for_litert(pictures: Tensor) -> None:
    pytest.importorskip("onnx2tf")
    interpreters = pytest.importorskip("ai_edge_litert.interpreter")
    # What onnx2tf would download for a check of its own.
    np.save("calibration_image_sample_data_20x128x128x3_float32.npy", np.ones((20, 128, 128, 3)))
    shape = f"pictures:1,3,{HEIGHT},{WIDTH}"
    subprocess.run([command("onnx2tf"), "-i", NETWORK, "-o", "tf", "-ois", shape], check=True)
    interpreter = interpreters.Interpreter("tf/craftlite-small_float32.tflite", num_threads=1)
    interpreter.allocate_tensors()
    [given], [got] = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.set_tensor(given["index"], pictures.transpose(0, 2, 3, 1).copy())
    interpreter.invoke()
    maps = interpreter.get_tensor(got["index"]).transpose(0, 3, 1, 2)
    assert np.abs(maps - OnnxRuntime(folder() / NETWORK, "cpu")(pictures)).max() < 1e-4
