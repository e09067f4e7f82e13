"""Running a network with OpenVINO, behind the interface of ONNX Runtime's."""

import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from craftlite.errors import ConfigError
from craftlite.install import install_hint
from craftlite.runtime import (
    FLOAT,
    METADATA,
    Port,
    Runtime,
    Tensor,
    check_exists,
    checked_network,
    not_opened,
)

if TYPE_CHECKING:
    from openvino import InferRequest

_TELEMETRY = "openvino_telemetry"
_SETTINGS = {
    "NUM_STREAMS": 1,
    "ENABLE_CPU_PINNING": False,  # other networks of this process would be pinned to the same cores
    # Kernels that are kept, one for each operator and size of picture. OpenVINO's own 5000 fill
    # 800 MB after 200 sizes; 500 fill 300 MB and are as fast.
    "CPU_RUNTIME_CACHE_CAPACITY": "500",
}


class OpenVinoRuntime(Runtime):
    """A network in an ONNX file, run by OpenVINO on the CPU.

    A network that OpenVINO has compiled runs one call at a time, so another is compiled, in about
    half a second, whenever more calls run at once than ever before; they share the weights.

    Args:
        file: the network.
        device: "auto" or "cpu".
        threads: of each call; None takes the machine's cores.
        half: compute in bfloat16, which takes about half the time where the CPU has instructions
            for it; else in float32, which OpenVINO would not choose there by itself.

    Raises:
        WeightsError: the file is missing, corrupt or not a network of this project.
        ConfigError: OpenVINO is not installed, the device is another, or the CPU has no
            instructions for bfloat16.
    """

    def __init__(
        self, file: Path, device: str = "auto", threads: int | None = None, half: bool = False
    ) -> None:
        openvino = _import_openvino()
        check_exists(file)
        if device.lower() not in ("auto", "cpu"):
            raise ConfigError(
                f"--device {device}: OpenVINO is run on the CPU alone; use --device cpu or "
                "--engine onnxruntime"
            )
        if half and not has_bfloat16():
            raise ConfigError(
                "--engine openvino-bf16: this CPU has no instructions for bfloat16 (AVX-512 BF16 "
                "or AMX); use --engine openvino"
            )
        self.source = str(file)
        try:
            # Not Core.read_model, which would try other formats than ONNX as well.
            frontend = openvino.frontend.FrontEndManager().load_by_framework("onnx")
            self._model = frontend.convert(frontend.load(str(file)))
            number = {"INFERENCE_PRECISION_HINT": "bf16" if half else "f32"}
            count = {"INFERENCE_NUM_THREADS": threads} if threads else {}
            self._settings = _SETTINGS | number | count
            # Those that no call runs on; append and pop are atomic.
            self._idle: list[InferRequest] = [self._compile()]
        except Exception as error:
            raise not_opened(file, error) from None
        path = ["framework", METADATA]  # where the reader puts an ONNX file's metadata
        model = self._model
        metadata = (
            {METADATA: model.get_rt_info(path).astype(str)} if model.has_rt_info(path) else {}
        )
        ports = (list(map(_port, side)) for side in (model.inputs, model.outputs))
        self.network = checked_network(file, metadata, *ports)
        self._arguments = (file, device, threads, half)

    def __reduce__(self) -> tuple[type["OpenVinoRuntime"], tuple[Any, ...]]:
        """Copies and other processes open the file anew; a compiled network cannot be copied."""
        return OpenVinoRuntime, self._arguments

    def _compile(self) -> "InferRequest":
        compiled = _core().compile_model(self._model, "CPU", self._settings)
        return compiled.create_infer_request()

    def _run(self, pictures: Tensor) -> Tensor:
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compile()
        try:
            maps: Tensor = request.infer([pictures], share_inputs=True)[0]
        finally:
            self._idle.append(request)
        return maps


def has_bfloat16() -> bool:
    """Whether the CPU has instructions for bfloat16."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@cache
def _core() -> Any:
    """OpenVINO's core, which all networks share and which is never freed.

    With a core for each network (2026.4), a process that had refused some damaged files crashed in
    the training after that: memory was overwritten.
    """
    return _import_openvino().Core()


def _import_openvino() -> ModuleType:
    """OpenVINO without its telemetry, which would report the import and keep an id in the home."""
    unknown = object()
    before = sys.modules.get(_TELEMETRY, unknown)
    if before is unknown and "openvino" not in sys.modules:
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # importing it fails
    try:
        import openvino
    except ImportError as error:
        hint = install_hint("openvino")
        raise ConfigError(f"--engine openvino: needs OpenVINO ({error}): {hint}") from None
    finally:
        if before is unknown and sys.modules.get(_TELEMETRY, unknown) is None:
            del sys.modules[_TELEMETRY]
    module: ModuleType = openvino
    return module


def _port(port: Any) -> Port:
    """A port of OpenVINO's, with a type as ONNX Runtime names it."""
    kind, shape = port.get_element_type().get_type_name(), port.get_partial_shape()
    if shape.rank.is_dynamic:
        return Port(kind, [])
    sizes = [size.get_length() if size.is_static else str(size) for size in shape]
    return Port(FLOAT if kind == "f32" else kind, sizes)
