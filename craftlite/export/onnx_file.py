"""Exporting torch networks to ONNX: batch norm folded, tiny weights zeroed, result compared."""

import copy
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from craftlite.errors import CraftliteError
from craftlite.export.contract import MAPS, PICTURES, describe
from craftlite.files import written_whole
from craftlite.model import build_model
from craftlite.model.files import read_model
from craftlite.model.torch_runtime import TorchRuntime
from craftlite.runtime import OnnxRuntime, Runtime
from craftlite.weights import Weights, find_weights, intact

OPSET = 18
TRACED_SIZE = (96, 128)
# Heights and widths of the parity check; only the first was seen by the export.
PARITY_SIZES = (TRACED_SIZE, (64, 64), (160, 352))
PARITY = 1e-4
# Smaller weights do not affect results, but products of them are denormal numbers, which some CPUs
# compute ten times more slowly.
TINY = 1e-20


class _Maps(nn.Module):
    """CRAFT with its maps as the only output, channels first: (N, 2, H/2, W/2)."""

    def __init__(self, craft: nn.Module) -> None:
        super().__init__()
        self.craft = craft

    def forward(self, pictures: Tensor) -> Tensor:
        maps: Tensor = self.craft(pictures)[0].permute(0, 3, 1, 2)
        return maps


def folded(model: nn.Module) -> nn.Module:
    """Return a copy of a network in eval mode, with batch norms folded into convolutions."""
    model = copy.deepcopy(model).eval()
    for parent in model.modules():
        names = list(parent._modules)
        for first, second in pairwise(names):
            convolution, norm = parent._modules[first], parent._modules[second]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                parent._modules[first] = fuse_conv_bn_eval(convolution, norm)
                parent._modules[second] = nn.Identity()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter[parameter.abs() < TINY] = 0
    return model


def export_untrained(network: str, out: Path) -> None:
    """Write a detector with random weights, which runs as fast as a trained one.

    Raises:
        ConfigError: no network has this name.
    """
    out.write_bytes(onnx_of(network, build_model(network)).SerializeToString())


def onnx_of(network: str, model: nn.Module, entry: Weights | None = None) -> onnx.ModelProto:
    """Convert a detector to ONNX, with batch norm folded and its contract as metadata.

    The input is pictures (n, 3, h, w) float32, the output maps (n, 2, h/2, w/2), with any n, h and
    w; h and w must be multiples of 32. For the metadata, see `contract`.
    """
    module = _Maps(folded(model)).eval()
    pictures = torch.zeros(2, 3, *TRACED_SIZE)
    free = {0: torch.export.Dim.DYNAMIC, 2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    proto = traced(module, pictures, [MAPS], free)
    describe(proto, network, entry)
    return proto


def traced(
    module: nn.Module, pictures: Tensor, outputs: list[str], free: dict[int, Any]
) -> onnx.ModelProto:
    """Export a module to ONNX with an input named PICTURES; `free` has the axes of any size."""
    program = torch.onnx.export(
        module,
        (pictures,),
        dynamo=True,
        opset_version=OPSET,
        input_names=[PICTURES],
        output_names=outputs,
        dynamic_shapes=(free,),
        verbose=False,
    )
    assert program is not None
    proto = program.model_proto
    # The exporter records where each operation was called, with file paths of this machine.
    for noted in (*proto.graph.node, *proto.graph.value_info):
        noted.ClearField("metadata_props")
    return proto


def export_onnx(weights: Path, out: Path) -> float:
    """Write the network of a weights file as ONNX, see `onnx_of`; return the largest difference.

    It is the difference of the maps from torch's, relative to their largest value above 1.

    Raises:
        WeightsError: the weights cannot be read, or their maps are not finite.
        CraftliteError: the maps differ from torch's by more than PARITY, or the file cannot be
            written; an existing file is then left unchanged.
    """
    network, model = read_model(intact(weights))
    by_torch = TorchRuntime(network, model, "cpu", file=weights)
    with written_whole(out) as unfinished:
        proto = onnx_of(network, model, find_weights(weights))
        unfinished.write_bytes(proto.SerializeToString())
        difference = largest_difference(by_torch, OnnxRuntime(unfinished, "cpu"))
        if not difference <= PARITY:
            raise CraftliteError(
                f"{weights}: the exported maps differ from torch's by {difference:.2g}, more than "
                f"{PARITY:g} of their largest value; nothing was written"
            )
    return difference


def parity_inputs() -> list[npt.NDArray[np.float32]]:
    """Return noise (1, 3, h, w) for each of PARITY_SIZES, always the same."""
    random = np.random.default_rng(0)
    return [random.normal(size=(1, 3, *size)).astype(np.float32) for size in PARITY_SIZES]


def largest_difference(one: Runtime, other: Runtime) -> float:
    """Return the maps' largest difference at PARITY_SIZES, relative to the largest above 1."""
    differences = []
    for pictures in parity_inputs():
        wanted, found = one(pictures), other(pictures)
        differences.append(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max()))
    return float(max(differences))
