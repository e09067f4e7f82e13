"""Networks run by OpenVINO, with the same interface as for ONNX Runtime."""

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
    "ENABLE_CPU_PINNING": False,  # would pin this process's other networks to the same cores
    # Number of cached kernels, one per operator and picture size. OpenVINO's default of 5000 fills
    # 800 MB after 200 sizes; 500 fill 300 MB and are as fast.
    "CPU_RUNTIME_CACHE_CAPACITY": "500",
}


class OpenVinoRuntime(Runtime):
    """A network in an ONNX file, run by OpenVINO on the CPU.

    A compiled OpenVINO network runs one call at a time. When more calls run in parallel than
    before, the network is compiled once more, in about half a second; the copies share weights.

    Args:
        file: the network.
        device: "auto" or "cpu".
        threads: CPU threads of each call; None uses all cores.
        half: compute in bfloat16, which takes about half the time and needs a CPU with bfloat16
            instructions. Otherwise compute in float32, even where OpenVINO would choose bfloat16.

    Raises:
        WeightsError: the file is missing, corrupt or not a network of this project.
        ConfigError: OpenVINO is not installed, the device is another, or the CPU has no bfloat16
            instructions.
    """

    def __init__(
        self, file: Path, device: str = "auto", threads: int | None = None, half: bool = False
    ) -> None:
        openvino = _import_openvino()
        check_exists(file)
        if device.lower() not in ("auto", "cpu"):
            raise ConfigError(
                f"--device {device}: OpenVINO runs on the CPU only; use --device cpu or "
                "--engine onnxruntime"
            )
        if half and not has_bfloat16():
            raise ConfigError(
                "--engine openvino-bf16: this CPU has no instructions for bfloat16 (AVX-512 BF16 "
                "or AMX); use --engine openvino"
            )
        self.source = str(file)
        try:
            # Core.read_model would also try formats other than ONNX.
            frontend = openvino.frontend.FrontEndManager().load_by_framework("onnx")
            self._model = frontend.convert(frontend.load(str(file)))
            number = {"INFERENCE_PRECISION_HINT": "bf16" if half else "f32"}
            count = {"INFERENCE_NUM_THREADS": threads} if threads else {}
            self._settings = _SETTINGS | number | count
            # Requests not in use; list.append and list.pop are atomic.
            self._idle: list[InferRequest] = [self._compile()]
        except Exception as error:
            raise not_opened(file, error) from None
        path = ["framework", METADATA]  # where OpenVINO's frontend stores ONNX metadata
        model = self._model
        metadata = (
            {METADATA: model.get_rt_info(path).astype(str)} if model.has_rt_info(path) else {}
        )
        ports = (list(map(_port, side)) for side in (model.inputs, model.outputs))
        self.network = checked_network(file, metadata, *ports)
        self._arguments = (file, device, threads, half)

    def __reduce__(self) -> tuple[type["OpenVinoRuntime"], tuple[Any, ...]]:
        """Reopen the file in copies and other processes; a compiled network cannot be copied."""
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
    """Return whether the CPU has bfloat16 instructions."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@cache
def _core() -> Any:
    """Return OpenVINO's core, which all networks share and which is never freed.

    With one core per network (2026.4), a process that had refused some damaged files crashed in a
    later training, because memory had been overwritten.
    """
    return _import_openvino().Core()


def _import_openvino() -> ModuleType:
    """Import OpenVINO without its telemetry.

    The telemetry would report the import and store an id in the home folder.
    """
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
    """Convert a port of OpenVINO, naming its type as ONNX Runtime does."""
    kind, shape = port.get_element_type().get_type_name(), port.get_partial_shape()
    if shape.rank.is_dynamic:
        return Port(kind, [])
    sizes = [size.get_length() if size.is_static else str(size) for size in shape]
    return Port(FLOAT if kind == "f32" else kind, sizes)
