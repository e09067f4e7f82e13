"""Running a network with torch, through the same protocol as ONNX Runtime."""

from pathlib import Path

import torch
from torch import nn

from craftlite.errors import ConfigError, WeightsError
from craftlite.model import DETECTORS
from craftlite.model.files import read_model
from craftlite.runtime import Runtime, Tensor


class TorchRuntime(Runtime):
    """Runs a torch network; puts it into eval mode.

    Args:
        network: its name.
        model: a detector.
        device: "cpu", "cuda", or "auto", which uses CUDA if torch supports it.
        threads: number of torch's threads; None does not change it.
        file: the weights' file, to name in errors.

    Raises:
        ConfigError: torch does not have the device.
    """

    def __init__(
        self,
        network: str,
        model: nn.Module,
        device: str = "auto",
        threads: int | None = None,
        file: Path | None = None,
    ) -> None:
        self.network, self.source = network, str(file or network)
        device = device.lower()
        if device not in ("auto", "cpu", "cuda"):
            raise ConfigError(
                f"--device {device}: torch runs on cpu or cuda; use one of them, or --engine "
                "onnxruntime"
            )
        if device == "cuda" and not torch.cuda.is_available():
            raise ConfigError("--device cuda: torch finds no CUDA device; use --device cpu")
        if threads:
            torch.set_num_threads(threads)
        use_cuda = device == "cuda" or (device == "auto" and torch.cuda.is_available())
        self.device = torch.device("cuda" if use_cuda else "cpu")
        self.model = model.to(self.device).eval()

    def _run(self, pictures: Tensor) -> Tensor:
        with torch.inference_mode():
            scores, _ = self.model(torch.from_numpy(pictures).to(self.device))
            maps: Tensor = scores.permute(0, 3, 1, 2).float().cpu().numpy()
        return maps


def open_torch(file: Path, device: str, threads: int | None) -> TorchRuntime:
    """Open the detector of a .safetensors or official .pth file.

    Raises:
        WeightsError: the file cannot be read, or its network is not a detector.
        ConfigError: the device is not available.
    """
    network, model = read_model(file)
    if network not in DETECTORS:
        known = ", ".join(DETECTORS)
        raise WeightsError(f"{file}: is a {network}, not a text detector ({known})")
    return TorchRuntime(network, model, device, threads, file)
