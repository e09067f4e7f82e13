"""Weights that are broken or odd in any way are one sentence that names the file."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx.helper import make_node

import craftlite
from craftlite import Detector
from craftlite.errors import WeightsError
from craftlite.model import build_model
from craftlite.model.files import save_model
from craftlite.weights import find_weights, folder

PICTURE = np.full((120, 150, 3), 128, np.uint8)
NETWORK = json.dumps({"network": "craftlite-small"})
PICTURES = (TensorProto.FLOAT, ("n", 3, "h", "w"))
MAPS = (TensorProto.FLOAT, ("n", 2, "a", "b"))
CONV = make_node("Conv", ["pictures", "w"], ["maps"], strides=[2, 2], kernel_shape=[2, 2])
Port = tuple[int, Sequence[int | str] | None]


def filled(shape: tuple[int, ...], value: float = 0.01) -> TensorProto:
    return numpy_helper.from_array(np.full(shape, value, np.float32), "w")


def outside(location: str, length: int = 96) -> TensorProto:
    """Weights whose bytes lie in another file."""
    tensor = filled((2, 3, 2, 2))
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": "0", "length": str(length)}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def made(
    nodes: Sequence[NodeProto] = (CONV,),
    tensors: Sequence[TensorProto] = (filled((2, 3, 2, 2)),),
    inputs: dict[str, Port] | None = None,
    outputs: dict[str, Port] | None = None,
    metadata: str | None = NETWORK,
    opset: int = 18,
) -> bytes:
    """An ONNX file; without arguments, one that is a detector."""
    inputs = {"pictures": PICTURES} if inputs is None else inputs
    outputs = {"maps": MAPS} if outputs is None else outputs
    ports = [
        [helper.make_tensor_value_info(name, *port) for name, port in side.items()]
        for side in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "main_graph", *ports, tensors)
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    if metadata is not None:
        model.metadata_props.add(key="craftlite", value=metadata)
    raw: bytes = model.SerializeToString()
    return raw


def cast(kind: int) -> dict[str, Any]:
    """A detector whose maps have another type."""
    return {
        "nodes": (CONV, make_node("Cast", ["maps"], ["x"], to=kind)),
        "outputs": {"x": (kind, MAPS[1])},
    }


def shaped(*shape: int) -> TensorProto:
    return numpy_helper.from_array(np.array(shape, np.int64), "s")


def taking(*shape: int | str) -> dict[str, Any]:
    """A detector for pictures of another shape."""
    return {"inputs": {"pictures": (TensorProto.FLOAT, shape)}}


DOUBLE = make_node("Identity", ["maps"], ["more"])
NOT_ONNX = {
    "empty": b"",
    "noise": np.random.default_rng(0).bytes(5000),
    "zeros": bytes(5000),
    "text": b"hello",
    "page": b"<html>404</html>",
    "pointer": b"version https://git-lfs.github.com/spec/v1\n",
    "cut": made()[:-100],
    "one byte short": made()[:-1],
    "longer": made() + b"junk",
    "twice": made() + made(),
    "metadata no UTF-8": made().replace(b"craftlite-small", b"craftlite-\xff\xfe\xfd\xfcl"),
    "key no UTF-8": made().replace(b"\x09craftlite", b"\x09craft\xffite"),
}
ODD: dict[str, dict[str, Any]] = {
    "operator of nobody": {"nodes": (make_node("Frobnicate", ["pictures"], ["maps"]),)},
    "domain of nobody": {"nodes": (make_node("F", ["pictures"], ["maps"], domain="theirs"),)},
    "later version": {"opset": 99},
    "no weights": {"tensors": ()},
    "weights of integers": {
        "tensors": (numpy_helper.from_array(np.zeros((2, 3, 2, 2), int), "w"),)
    },
    "a file of the system": {"tensors": (outside("/etc/passwd"),)},
    "a file above": {"tensors": (outside("../../../etc/passwd"),)},
    "a file that is gone": {"tensors": (outside("gone.bin"),)},
    "a file of no name": {"tensors": (outside(""),)},
    "a terabyte of itself": {"tensors": (outside("weights.onnx", 10**12),)},
    "circle": {"nodes": (make_node("Add", ["pictures", "maps"], ["maps"]),)},
    "an output of nobody": {"outputs": {"nowhere": MAPS}},
    "no output": {"outputs": {}},
    "two outputs": {"nodes": (CONV, DOUBLE), "outputs": {"maps": MAPS, "more": MAPS}},
    "two inputs": {"inputs": {"pictures": PICTURES, "more": PICTURES}},
    "no input": {"nodes": (make_node("Identity", ["w"], ["maps"]),), "inputs": {}},
    "integers": cast(TensorProto.INT64),
    "halves": cast(TensorProto.FLOAT16),
    "doubles": cast(TensorProto.DOUBLE),
    "strings": cast(TensorProto.STRING),
    "one map": {"tensors": (filled((1, 3, 2, 2)),), "outputs": {"maps": (1, ("n", 1, "a", "b"))}},
    "channels last": {
        "nodes": (CONV, make_node("Transpose", ["maps"], ["x"], perm=[0, 2, 3, 1])),
        "outputs": {"x": (TensorProto.FLOAT, ("n", "a", "b", 2))},
    },
    "a number": {
        "nodes": (CONV, make_node("ReduceMean", ["maps"], ["x"], keepdims=0)),
        "outputs": {"x": (TensorProto.FLOAT, ())},
    },
    "half inputs": {
        "nodes": (
            make_node("Cast", ["pictures"], ["f"], to=1),
            make_node("Conv", ["f", "w"], ["maps"]),
        ),
        "inputs": {"pictures": (TensorProto.FLOAT16, PICTURES[1])},
    },
    "one size": taking(1, 3, 640, 640),
    "one picture": taking(1, 3, "h", "w"),
    "one height": taking("n", 3, 640, "w"),
    "grey": taking("n", 1, "h", "w") | {"tensors": (filled((2, 1, 2, 2)),)},
    "any channels": taking("n", "c", "h", "w"),
    "no picture": taking("n", 3) | {"nodes": (make_node("Identity", ["pictures"], ["maps"]),)},
    "no metadata": {"metadata": None},
    **{
        f"metadata {text[:25]}": {"metadata": text}
        for text in (
            *("", "{", "[]", "null", "3", '"x"', "{}", "[" * 100_000, '{"network":' * 5000),
            *('{"network": 3}', '{"network": null}', '{"network": ""}', '{"network": "a\\nb"}'),
            *(
                '{"network": "\\ud800"}',
                '{"network": "\\u001b[31m"}',
                f'{{"network": "{"x" * 999}"}}',
            ),
        )
    },
}
FAILING: dict[str, dict[str, Any]] = {
    "weights not a number": {"tensors": (filled((2, 3, 2, 2), np.nan),)},
    "weights too large": {"tensors": (filled((2, 3, 2, 2), 3e38),)},
    "weights of another shape": {"tensors": (filled((2, 5, 2, 2)),)},
    "maps as large as the picture": {
        "nodes": (make_node("Conv", ["pictures", "w"], ["maps"]),),
        "tensors": (filled((2, 3, 1, 1)),),
    },
    "maps of one size": {
        "nodes": (make_node("ConstantOfShape", ["s"], ["maps"]),),
        "tensors": (shaped(1, 2, 4, 4),),
    },
    "maps too large for any memory": {
        "nodes": (make_node("ConstantOfShape", ["s"], ["maps"]),),
        "tensors": (shaped(1, 2, 10**7, 10**7),),
    },
    "an index beyond the maps": {
        "nodes": (CONV, make_node("Gather", ["maps", "s"], ["x"], axis=1)),
        "outputs": {"x": MAPS},
        "tensors": (filled((2, 3, 2, 2)), shaped(0, 99)),
    },
}


def refused(action: Callable[[], object], file: Path) -> str:
    """What the error says, which is one line and names the file."""
    with pytest.raises(WeightsError) as raised:
        action()
    said = str(raised.value)
    assert str(file) in said
    assert "\n" not in said
    assert len(said.replace(str(file.parent), "")) < 400
    return said


def test_what_the_others_spoil_is_a_detector(tmp_path: Path) -> None:
    file = tmp_path / "weights.onnx"
    file.write_bytes(made())
    assert len(Detector(file, long_side=160)(PICTURE)) == 0


@pytest.mark.parametrize("name", NOT_ONNX)
def test_other_bytes_are_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "weights.onnx"
    file.write_bytes(NOT_ONNX[name])
    assert "craftlite export" in refused(lambda: Detector(file), file)


@pytest.fixture
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Fails where something is written to stderr, by compiled code too."""
    yield
    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("name", ODD)
def test_other_networks_are_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "weights.onnx"
    file.write_bytes(made(**ODD[name]))
    assert "craftlite export" in refused(lambda: Detector(file), file)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("name", FAILING)
def test_a_network_that_fails_names_its_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "weights.onnx"
    file.write_bytes(made(**FAILING[name]))
    detector = Detector(file, long_side=160)
    assert "other weights" in refused(lambda: detector(PICTURE), file)


def test_files_for_torch_that_fail_or_find_no_text_name_themselves(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    state = build_model("craftlite-small").state_dict()
    save_model(file, "craftlite-small", {k: v * float("nan") for k, v in state.items()})
    detector = Detector(file, long_side=160)
    assert "not finite" in refused(lambda: detector(PICTURE), file)
    save_model(file, "rexnet-lite", build_model("rexnet-lite").state_dict())
    assert "not a text detector" in refused(lambda: Detector(file), file)


SETTINGS: dict[str, Any] = {
    "thresholds": {"text": 0.7, "link": 0.4, "low": 0.4},
    "long_side": 1280,
    "tuned": "on photographs",
    "hmean": 0.5,
    "presets": {"pages": {"text": 0.6}},
}
DEEP = "[" * 100_000
NOT_SETTINGS = [
    *("", "{", "[]", "null", "3", DEEP, '{"thresholds":' * 5000, '"text"'),
    *(json.dumps({k: v for k, v in SETTINGS.items() if k != gone}) for gone in list(SETTINGS)[:4]),
    *(
        json.dumps(SETTINGS | {key: value})
        for key, values in {
            "thresholds": (
                *(None, 3, [], "text", [0.7, 0.4, 0.4], {"text": "0.7"}, {"text": float("nan")}),
                *({"text": 2}, {"text": -1}, {"text": None}, {"text": [0.7]}, {"other": 0.5}),
                {"text": 10**400},
            ),
            "long_side": (
                None,
                "1280",
                1280.5,
                float("inf"),
                float("nan"),
                True,
                [],
                0,
                -32,
                10**9,
            ),
            "tuned": (None, 3, ["on photographs"]),
            "hmean": ("0.5", float("nan"), 2, [], True),
            "presets": (None, 3, [], "pages", {"pages": 3}, {"pages": {"text": 7}}),
        }.items()
        for value in values
    ),
]


@pytest.mark.parametrize("text", NOT_SETTINGS, ids=lambda text: text[:60])
def test_odd_settings_beside_weights_are_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "weights.onnx"
    file.write_bytes(made())
    beside = file.with_suffix(".json")
    beside.write_text(json.dumps(SETTINGS))
    assert find_weights(file).long_side == 1280
    beside.write_text(text)
    assert "mend it or remove it" in refused(lambda: find_weights(file), beside)


def test_settings_that_are_no_text_or_no_file_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.onnx"
    file.write_bytes(made())
    beside = file.with_suffix(".json")
    beside.write_bytes(b"\xff\xfe" + json.dumps(SETTINGS).encode())
    assert "mend it or remove it" in refused(lambda: find_weights(file), beside)
    beside.unlink()
    beside.mkdir()
    assert "mend it or remove it" in refused(lambda: find_weights(file), beside)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "", "."])
def test_names_that_no_file_can_have_are_no_weights(name: str) -> None:
    with pytest.raises(WeightsError, match="no such weights"):
        find_weights(name)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the package with its weights in it, as it is installed."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(craftlite.__file__).parent, tmp_path / "craftlite", ignore=skip)
    shutil.copytree(folder(), tmp_path / "craftlite" / "_weights")
    return tmp_path


def run(installed: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        cwd=installed,
        env=os.environ | {"PYTHONPATH": str(installed)},
    )


@pytest.mark.parametrize("suffix", ["onnx", "safetensors"])
def test_a_shipped_file_that_has_changed_is_refused(suffix: str, installed: Path) -> None:
    program = (
        "import sys\n"
        "from craftlite.cli import main\n"
        "from craftlite.weights import folder\n"
        "_, suffix, *detect = sys.argv\n"
        "file = folder() / f'craftlite-small.{suffix}'\n"
        "raw = bytearray(file.read_bytes())\n"
        "assert main(detect) == 0\n"
        "raw[len(raw) // 2] ^= 1\n"
        "for spoilt in (raw, raw[:-1], b''):\n"
        "    file.write_bytes(spoilt)\n"
        "    assert main(detect) == 2\n"
        "file.unlink()\n"
        "assert main(detect) == 2\n"
    )
    picture = str(folder().parent / "data/samples/images/plate.jpg")
    options = ["--backend", "torch"] if suffix == "safetensors" else []
    answer = run(
        installed,
        *("-c", program, suffix, "detect", picture, "--long-side", "320"),
        *("--weights", "craftlite-small", *options),
    )
    assert answer.returncode == 0, answer.stderr
    lines = answer.stderr.splitlines()
    assert len(lines) == 4
    file = installed / "craftlite" / "_weights" / f"craftlite-small.{suffix}"
    assert all(str(file) in line and "reinstall" in line for line in lines)


def test_a_shipped_file_is_read_again_only_where_it_has_changed(installed: Path) -> None:
    program = (
        "import os\n"
        "from craftlite import Detector\n"
        "from craftlite.errors import WeightsError\n"
        "from craftlite.weights import find_weights\n"
        "file = find_weights('craftlite-small').onnx\n"
        "Detector(file)\n"
        "old = os.stat(file)\n"
        "raw = bytearray(file.read_bytes())\n"
        "raw[len(raw) // 2] ^= 1\n"
        "file.write_bytes(raw)\n"
        "os.utime(file, ns=(old.st_atime_ns, old.st_mtime_ns))\n"
        "Detector(file)\n"  # nothing says that it has changed
        "os.utime(file)\n"
        "try:\n"
        "    Detector(file)\n"
        "except WeightsError as error:\n"
        "    print(error)\n"
    )
    answer = run(installed, "-c", program)
    assert answer.returncode == 0, answer.stderr
    assert "reinstall" in answer.stdout


@pytest.mark.parametrize("name", ["catalogue.json", "backbones.json"])
def test_a_damaged_list_of_what_ships_is_named(name: str, installed: Path) -> None:
    file = installed / "craftlite" / "_weights" / name
    for spoilt in (b"{", b"\xff\xfe", None):
        file.unlink() if spoilt is None else file.write_bytes(spoilt)
        answer = run(installed, "-m", "craftlite.cli", "detect", "photo.jpg")
        assert answer.returncode == 2
        assert answer.stderr.count("\n") == 1
        assert str(file) in answer.stderr
        assert "reinstall" in answer.stderr
