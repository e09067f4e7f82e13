"""Running a network: from the input tensor to its two maps, with ONNX Runtime or torch."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

from craftlite.errors import ConfigError, WeightsError

if TYPE_CHECKING:
    from torch import nn

Backend = Literal["onnx", "torch"]
Device = Literal["auto", "cpu", "cuda"]
Tensor = npt.NDArray[np.float32]
# The key under which both file formats carry what the network is; see `craftlite.export`.
METADATA = "craftlite"


class Runtime(Protocol):
    """A network that is ready to run; safe to call from several threads.

    Attributes:
        network: its name, as `craftlite info` lists it.
    """

    network: str

    def __call__(self, pictures: Tensor) -> Tensor:
        """Maps (N, 2, H/2, W/2), region then affinity, of normalised pictures (N, 3, H, W)."""
        ...


class OnnxRuntime:
    """A network in an ONNX file, run by ONNX Runtime.

    Args:
        file: the network.
        device: "auto" takes CUDA where ONNX Runtime has it.
        threads: within one operator; None takes the machine's cores.

    Raises:
        WeightsError: the file is missing, corrupt or not a network of this project.
        ConfigError: CUDA is asked for and this ONNX Runtime has none.
    """

    def __init__(self, file: Path, device: Device = "auto", threads: int | None = None) -> None:
        import onnxruntime

        if not file.is_file():
            raise WeightsError(f"{file}: no such weights file")
        cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
        if device == "cuda" and not cuda:
            raise ConfigError("--device cuda: this ONNX Runtime has no CUDA; use --device cpu")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        # Pictures come in all sizes: a plan of memory for each would be kept and grow without end.
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        if cuda and device != "cpu":
            providers.insert(0, "CUDAExecutionProvider")
        try:
            self.session = onnxruntime.InferenceSession(str(file), options, providers=providers)
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise WeightsError(f"{file}: not an ONNX network ({reason})") from None
        metadata = self.session.get_modelmeta().custom_metadata_map
        if METADATA not in metadata:
            raise WeightsError(f"{file}: an ONNX network, but not one that craftlite exported")
        self.network = str(json.loads(metadata[METADATA])["network"])
        self._input = self.session.get_inputs()[0].name

    def __call__(self, pictures: Tensor) -> Tensor:
        """Maps (N, 2, H/2, W/2) of normalised pictures (N, 3, H, W)."""
        maps: Tensor = self.session.run(None, {self._input: pictures})[0]
        return maps


class TorchRuntime:
    """A torch network behind the same protocol; it is put into eval mode."""

    def __init__(
        self,
        network: str,
        model: "nn.Module",
        device: Device = "auto",
        threads: int | None = None,
    ) -> None:
        import torch

        self.network = network
        if device == "cuda" and not torch.cuda.is_available():
            raise ConfigError("--device cuda: torch finds no CUDA device; use --device cpu")
        if threads:
            torch.set_num_threads(threads)
        use_cuda = device == "cuda" or (device == "auto" and torch.cuda.is_available())
        self.device = torch.device("cuda" if use_cuda else "cpu")
        self.model = model.to(self.device).eval()

    def __call__(self, pictures: Tensor) -> Tensor:
        """Maps (N, 2, H/2, W/2) of normalised pictures (N, 3, H, W)."""
        import torch

        with torch.inference_mode():
            scores, _ = self.model(torch.from_numpy(pictures).to(self.device))
            maps: Tensor = scores.permute(0, 3, 1, 2).float().cpu().numpy()
        return maps
