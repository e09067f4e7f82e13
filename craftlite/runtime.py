"""Networks that turn an input tensor into two score maps, run by ONNX Runtime."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from craftlite.errors import WeightsError
from craftlite.providers import chosen_providers, load_libraries, report_dropped, report_shared

Engine = Literal["onnxruntime", "openvino", "openvino-bf16", "torch"]
Tensor = npt.NDArray[np.float32]
# The metadata key under which both file formats describe the network; see `craftlite.export`.
METADATA = "craftlite"
FLOAT = "tensor(float)"  # ONNX Runtime's name for float32


class Port(NamedTuple):
    """An input or output of a network: its type and shape, where names stand for free sizes."""

    kind: str
    shape: Sequence[int | str | None]


class Runtime(ABC):
    """A network that is ready to run; can be called from several threads.

    Attributes:
        network: the network's name, as listed by `craftlite info`.
        source: its name in error messages: the weights file, or else the network's name.
    """

    network: str
    source: str

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return maps (N, 2, H/2, W/2), region then affinity, of normalised pictures (N, 3, H, W).

        Raises:
            WeightsError: the network fails, or its maps have another shape or are not finite.
        """
        try:
            maps = self._run(pictures)
        except Exception as error:
            raise WeightsError(
                f"{self.source}: the network failed on pictures {pictures.shape} "
                f"({_reason(error)}); try a smaller long side or other weights"
            ) from error
        number, _, height, width = pictures.shape
        expected = (number, 2, height // 2, width // 2)
        if maps.shape != expected:
            raise WeightsError(
                f"{self.source}: the network returned maps of shape {maps.shape} for pictures of "
                f"shape {pictures.shape}, expected {expected}; use other weights"
            )
        if not np.isfinite(maps).all():
            raise WeightsError(
                f"{self.source}: the network returned scores that are not finite; use other weights"
            )
        return maps

    @abstractmethod
    def _run(self, pictures: Tensor) -> Tensor:
        """Return the network's maps, unchecked."""


class OnnxRuntime(Runtime):
    """A network in an ONNX file, run by ONNX Runtime.

    Args:
        file: the network.
        device: "cpu", the name of another ONNX Runtime execution provider, such as "cuda" or
            "coreml", or "auto", which uses CUDA if ONNX Runtime has it.
        threads: CPU threads for each operator; None uses all cores.

    Raises:
        WeightsError: the file is missing, corrupt or not a network of this project.
        ConfigError: the installed ONNX Runtime does not have the provider, or cannot load it.
    """

    def __init__(self, file: Path, device: str = "auto", threads: int | None = None) -> None:
        self.source = str(file)
        self.session, metadata = open_session(file, device, threads)
        inputs, outputs = self.session.get_inputs(), self.session.get_outputs()
        ports = ([Port(one.type, one.shape) for one in side] for side in (inputs, outputs))
        self.network = checked_network(file, metadata, *ports)
        self._input = inputs[0].name
        self._arguments = (file, device, threads)

    def __reduce__(self) -> tuple[type["OnnxRuntime"], tuple[Any, ...]]:
        """Reopen the file in copies and other processes; a session cannot be copied."""
        return OnnxRuntime, self._arguments

    def _run(self, pictures: Tensor) -> Tensor:
        maps: Tensor = self.session.run(None, {self._input: pictures})[0]
        return maps


def open_session(file: Path, device: str, threads: int | None) -> tuple[Any, dict[str, str]]:
    """Return an ONNX Runtime session for a file, and the file's metadata; see `OnnxRuntime`."""
    import onnxruntime

    check_exists(file)
    report_shared()
    providers = chosen_providers(device, onnxruntime.get_available_providers())
    printed = load_libraries(providers)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    # Pictures come in all sizes, and a memory plan would be kept for each size without limit.
    options.enable_mem_pattern = False
    options.log_severity_level = 4  # errors below this level are raised as well
    try:
        session = onnxruntime.InferenceSession(str(file), options, providers=providers)
        metadata = session.get_modelmeta().custom_metadata_map
    except Exception as error:
        raise not_opened(file, error) from None
    report_dropped(device, providers, session.get_providers(), printed)
    return session, metadata


def check_exists(file: Path) -> None:
    """Raise a WeightsError if the file does not exist."""
    if not file.is_file():
        raise WeightsError(f"{file}: no such weights file")


def not_opened(file: Path, error: Exception) -> WeightsError:
    """Return the error for an ONNX file that an engine cannot open."""
    return WeightsError(
        f"{file}: not an ONNX network that can be opened ({_reason(error)}); copy it again "
        "or write it with craftlite export"
    )


def checked_network(
    file: Path, metadata: Mapping[str, str], inputs: Sequence[Port], outputs: Sequence[Port]
) -> str:
    """Return the name of the network in an ONNX file, from its metadata.

    Raises:
        WeightsError: the file does not hold a network of this project.
    """
    if METADATA not in metadata:
        raise WeightsError(
            f"{file}: this ONNX network was not exported by craftlite; write it with craftlite "
            "export"
        )
    try:
        name = _network_name(metadata[METADATA])
        _check_ports(inputs, outputs)
    except ValueError as error:
        raise WeightsError(f"{file}: {error}; write it again with craftlite export") from None
    return name


def _network_name(metadata: str) -> str:
    """Return the network's name in a file's metadata; raises ValueError if there is none."""
    try:
        name = json.loads(metadata)["network"]
    except (ValueError, TypeError, LookupError, RecursionError):
        name = None
    if not isinstance(name, str) or not 0 < len(name) < 100 or not name.isprintable():
        raise ValueError(f"its metadata {metadata!r:.60} does not name a network")
    return name


def _check_ports(inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
    """Raise a ValueError unless a network takes pictures of any size and returns two maps."""
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(f"it has {len(inputs)} inputs and {len(outputs)} outputs, not one of each")
    [pictures], [maps] = inputs, outputs
    kind, shape = pictures
    if kind != FLOAT or len(shape) != 4 or shape[1] != 3:
        raise ValueError(f"it takes {kind} {shape}, not {FLOAT} (n, 3, h, w)")
    if any(isinstance(size, int) for size in (shape[0], *shape[2:])):
        raise ValueError(f"it takes pictures of one size only, {shape}; n, h and w must be free")
    if maps.kind != FLOAT or len(maps.shape) != 4 or maps.shape[1] != 2:
        raise ValueError(f"it returns {maps.kind} {maps.shape}, not {FLOAT} (n, 2, h/2, w/2)")


def _reason(error: Exception) -> str:
    """Shorten a library's error to one line; the end of an engine's message gives the cause."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    # OpenVINO's messages start with the source lines that the error passed through.
    text = lines[-1] if lines[0].startswith(("Exception from", "Check '")) else lines[0]
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (Load model from .*? failed:)?", "", text)
    return text if len(text) < 200 else f"... {text[-200:]}"
