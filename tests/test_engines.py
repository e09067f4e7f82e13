"""The engines: the words that each finds, what each refuses, and the devices they know."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from shapely import Polygon

from craftlite import Detector, Words
from craftlite.cli import main
from craftlite.errors import ConfigError, WeightsError
from craftlite.install import install_hint
from craftlite.providers import CPU, CUDA, chosen_providers, report_dropped, report_shared
from craftlite.runtime import Engine
from craftlite.weights import folder

SAMPLES = sorted((Path(__file__).parents[1] / "data/samples/images").glob("*.jpg"))
HALF: Engine = "openvino-bf16"
OTHERS = [engine for engine in get_args(Engine) if engine not in ("onnxruntime", HALF)]
SIDE = 640


def detector(engine: Engine, weights: str = "craftlite-small") -> Detector:
    if engine == HALF:
        return bfloat16()
    pytest.importorskip(engine)
    return Detector(weights, engine=engine, device="cpu", threads=1, long_side=SIDE)


@pytest.mark.parametrize("engine", OTHERS)
def test_an_engine_finds_the_words_that_onnx_runtime_finds(engine: Engine) -> None:
    found = detector(engine)(SAMPLES)
    expected = detector("onnxruntime")(SAMPLES)
    assert sum(map(len, expected)) > 100
    for one, other in zip(expected, found, strict=True):
        assert len(one) == len(other)
        assert np.abs(one.quads - other.quads).max() < 1
        assert np.abs(one.scores - other.scores).max() < 0.01


def test_openvino_in_integers_is_as_near_to_float32_as_onnx_runtime() -> None:
    # They round at different places, so that words at a threshold come and go.
    int8 = "craftlite-small-int8"
    both = detector("openvino", int8), detector("onnxruntime", int8)
    full = detector("onnxruntime")
    matched = words = 0
    for sample in SAMPLES:
        exact = full.maps(sample).region
        maps = [one.maps(sample) for one in both]
        errors = [float(np.abs(one.region - exact).mean()) for one in maps]
        assert errors[0] < 1.2 * errors[1]
        found, expected = (one.words(its) for one, its in zip(both, maps, strict=True))
        matched += sum(same_word(one, expected) for one in found)
        words += max(len(found), len(expected))
    assert matched > 0.95 * words > 100


def test_openvino_in_bfloat16_finds_the_same_words_with_scores_close_by() -> None:
    half = bfloat16()
    full = detector("onnxruntime")
    matched = words = 0
    for sample in SAMPLES:
        maps, exact = half.maps(sample), full.maps(sample)
        assert np.abs(maps.region - exact.region).max() < 0.15
        assert np.abs(maps.region - exact.region).mean() < 0.002
        found, expected = half.words(maps), full.words(exact)
        matched += sum(same_word(one, expected) for one in found)
        words += max(len(found), len(expected))
    assert matched > 0.95 * words > 100


def bfloat16() -> Detector:
    """A detector that computes in bfloat16, where the CPU can."""
    pytest.importorskip("openvino")
    from craftlite.openvino_runtime import has_bfloat16

    if not has_bfloat16():
        pytest.skip("this CPU has no instructions for bfloat16")
    return Detector(engine=HALF, device="cpu", threads=1, long_side=SIDE)


def test_a_cpu_without_bfloat16_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr("craftlite.openvino_runtime.has_bfloat16", lambda: False)
    assert main(["detect", str(SAMPLES[0]), "--engine", HALF]) == 2
    assert "no instructions for bfloat16" in capsys.readouterr().err


def same_word(word: Any, others: Words) -> bool:
    """Whether one of the others has an IoU of 0.7 with a word and a score within 0.1."""
    quad = Polygon(word.quad)
    return any(
        quad.intersection(Polygon(other.quad)).area > 0.7 * quad.union(Polygon(other.quad)).area
        and abs(word.score - other.score) < 0.1
        for other in others
    )


@pytest.mark.parametrize("engine", get_args(Engine))
def test_threads_share_a_detector(engine: Engine) -> None:
    shared = detector(engine)
    expected = [shared(sample) for sample in SAMPLES[:4]]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(shared, SAMPLES[:4] * 2))
    for one, other in zip(expected * 2, found, strict=True):
        assert one == other


def test_openvino_sends_no_telemetry(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    program = (
        "import sys\n"
        "from craftlite import Detector\n"
        f"assert len(Detector(engine='openvino', long_side=320)({str(SAMPLES[0])!r}))\n"
        "assert 'openvino_telemetry' not in sys.modules\n"
    )
    env = {name: text for name, text in os.environ.items() if name != "CI"}
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", program], env=env | home, check=False)
    assert run.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_without_openvino_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert main(["detect", str(SAMPLES[0]), "--engine", "openvino"]) == 2
    assert install_hint("openvino") in capsys.readouterr().err


def spoilt(tmp_path: Path) -> dict[str, tuple[Path, str]]:
    """Files that are not a network of this project, and what the error says of each."""
    shipped = (folder() / "craftlite-small.onnx").read_bytes()
    other = shipped.replace(b"craftlite-small-v2", b"\x01" * 18)
    nameless = shipped.replace(b"\x0a\x09craftlite\x12", b"\x0a\x09craftlots\x12")
    contents = {
        "no.onnx": (b"not a network", "can be opened"),
        "cut.onnx": (shipped[: len(shipped) // 2], "can be opened"),
        "empty.onnx": (b"", "onnx"),
        "other.onnx": (other, "does not name a network"),
        "nameless.onnx": (nameless, "was not exported by craftlite"),
    }
    for name, (raw, _) in contents.items():
        (tmp_path / name).write_bytes(raw)
    return {name: (tmp_path / name, says) for name, (_, says) in contents.items()}


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize(
    "name", ["no.onnx", "cut.onnx", "empty.onnx", "other.onnx", "nameless.onnx"]
)
def test_a_file_of_something_else_is_refused(engine: Engine, name: str, tmp_path: Path) -> None:
    pytest.importorskip(engine)
    file, says = spoilt(tmp_path)[name]
    with pytest.raises(WeightsError, match=says) as error:
        Detector(file, engine=engine)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)
    assert "Exception from" not in str(error.value)


def test_the_older_names_of_engines() -> None:
    pytest.importorskip("openvino")
    assert type(Detector(backend="onnx").runtime) is type(Detector(engine="onnxruntime").runtime)
    assert Detector(backend="onnx", engine="onnxruntime", long_side=SIDE).long_side == SIDE
    with pytest.raises(ConfigError, match="engine openvino and backend onnx contradict"):
        Detector(backend="onnx", engine="openvino")
    with pytest.raises(
        ConfigError, match="'tflite': must be one of onnxruntime, openvino, openvino-bf16"
    ):
        Detector(engine="tflite")  # type: ignore[arg-type]


def test_the_older_option_works_and_is_not_listed(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["detect", str(SAMPLES[0]), "--long-side", "320"]
    assert main([*options, "--backend", "onnx"]) == 0
    assert main([*options, "--backend", "onnx", "--engine", "torch"]) == 2
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["detect", "--help"])
    shown = capsys.readouterr().out
    assert "--engine" in shown and "--backend" not in shown


@pytest.mark.parametrize(
    ("device", "providers"),
    [
        ("auto", [CUDA, CPU]),
        ("cpu", [CPU]),
        ("CPUExecutionProvider", [CPU]),
        ("cuda", [CUDA, CPU]),
        ("CoreML", ["CoreMLExecutionProvider", CPU]),
        ("coremlexecutionprovider", ["CoreMLExecutionProvider", CPU]),
    ],
)
def test_a_device_is_the_name_of_a_provider(device: str, providers: list[str]) -> None:
    assert chosen_providers(device, ["CoreMLExecutionProvider", CUDA, CPU]) == providers


def test_a_provider_of_another_package_is_named_with_the_commands() -> None:
    assert chosen_providers("auto", ["AzureExecutionProvider", CPU]) == [CPU]
    with pytest.raises(ConfigError, match="has azure, cpu; dml comes with") as error:
        chosen_providers("dml", ["AzureExecutionProvider", CPU])
    command = "pip uninstall -y onnxruntime onnxruntime-directml && pip install"
    assert f"{command} onnxruntime-directml" in str(error.value)
    with pytest.raises(ConfigError, match="use one of those, or auto"):
        chosen_providers("abacus", [CPU])


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_an_engine_refuses_a_device_that_it_does_not_have(engine: Engine) -> None:
    pytest.importorskip(engine)
    with pytest.raises(ConfigError, match="--device coreml"):
        Detector(engine=engine, device="coreml")


def test_a_provider_that_does_not_load_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    report_dropped("cuda", [CUDA, CPU], [CUDA, CPU])
    assert capsys.readouterr().err == ""
    for _ in range(2):
        report_dropped("auto", [CUDA, CPU], [CPU], "no libcudart.so.13")
    assert capsys.readouterr().err.count("cannot load it (no libcudart.so.13)") == 1
    with pytest.raises(ConfigError, match=r"--device cuda: .* cannot load it"):
        report_dropped("cuda", [CUDA, CPU], [CPU])


def test_two_packages_of_one_module_are_reported_once(tmp_path: Path) -> None:
    for name in ("onnxruntime", "onnxruntime_gpu"):
        facts = tmp_path / f"{name}-9.0.dist-info" / "METADATA"
        facts.parent.mkdir()
        facts.write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 9.0\n")
    program = "from craftlite import Detector; Detector(); Detector()"
    env = os.environ | {"PYTHONPATH": os.pathsep.join((*sys.path, str(tmp_path)))}
    run = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
    )
    assert run.stderr.count("overwrite each other's files") == 1
    command = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install 'onnxruntime-gpu[cuda"
    assert command in run.stderr


def test_one_package_of_the_module_is_not_reported(capsys: pytest.CaptureFixture[str]) -> None:
    report_shared()
    assert capsys.readouterr().err == ""


def test_openvino_computes_in_float32_with_the_threads_asked_for() -> None:
    openvino = pytest.importorskip("openvino")
    [request] = Detector(engine="openvino", threads=2).runtime._idle  # type: ignore[attr-defined]
    compiled = request.get_compiled_model()
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 2
    assert compiled.get_property("INFERENCE_PRECISION_HINT") == openvino.Type.f32
    [request] = bfloat16().runtime._idle  # type: ignore[attr-defined]
    assert request.get_compiled_model().get_property("INFERENCE_PRECISION_HINT") == (
        openvino.Type.bf16
    )


@pytest.mark.slow
def test_openvino_keeps_little_of_each_size_of_picture() -> None:
    pytest.importorskip("openvino")
    psutil = pytest.importorskip("psutil")
    network = Detector(engine="openvino", threads=1).runtime
    sizes = [(32 * height, 32 * width) for height in range(12, 0, -1) for width in range(12, 0, -1)]
    network(np.zeros((1, 3, *sizes[0]), np.float32))
    before = psutil.Process().memory_info().rss
    for size in sizes:
        network(np.zeros((1, 3, *size), np.float32))
    # It grows by 107 MB, and by 567 with OpenVINO's own limit.
    assert psutil.Process().memory_info().rss - before < 200e6
