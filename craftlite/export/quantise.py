"""Smaller ONNX files: half-precision weights, or a network that computes in 8-bit integers."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from craftlite.errors import CraftliteError
from craftlite.export.onnx_file import export_onnx, parity_inputs
from craftlite.files import write_whole
from craftlite.image import read_image
from craftlite.preprocess import Fit
from craftlite.progress import Progress
from craftlite.runtime import OnnxRuntime

# Number of pictures to measure the ranges of activations on, evenly spaced among those given.
PICTURES = 32
# Convolutions kept in float32: the stem with the first block, and the head. In craftlite's networks
# they have few channels, so they cost little, but their errors affect every score.
FIRST, LAST = 3, 5
Input = npt.NDArray[np.float32]


def export_smaller(weights: Path, out: Path, pictures: Sequence[Path], long_side: int) -> float:
    """Write an int8 network if there are pictures to measure on, otherwise fp16.

    Args:
        weights: a .safetensors or official .pth file.
        out: the ONNX file to write.
        pictures: picture files, some of which are measured on.
        long_side: length in pixels that their longer side is scaled to.

    Returns:
        The mean absolute difference of the scores from those in float32.

    Raises:
        WeightsError: the weights cannot be used.
        InputError: a picture cannot be read.
        CraftliteError: a file cannot be written.
    """
    with TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        export_onnx(weights, full)
        if not pictures:
            write_half(full, out)
            return mean_difference(full, out, parity_inputs())
        some = spread(pictures)
        bar = Progress(some, desc="calibrating", unit="picture")
        write_int8(full, out, (network_input(one, long_side) for one in bar))
        return mean_difference(full, out, [network_input(one, long_side) for one in some[:4]])


class _Inputs:
    """Supplies a network's inputs one after another, by ONNX Runtime's protocol."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        self.inputs = iter(inputs)

    def get_next(self) -> dict[str, Input] | None:
        """Return the next input by its name, or None after the last."""
        picture = next(self.inputs, None)
        return None if picture is None else {"pictures": picture}


def write_half(full: Path, out: Path) -> None:
    """Write a float32 network with its weights as float16, which halves the file.

    It still computes in float32: ONNX Runtime converts the weights once, when it opens the file.
    """
    proto = onnx.load(full)
    graph, casts = proto.graph, []
    for number, tensor in enumerate(graph.initializer):
        if tensor.data_type == TensorProto.FLOAT:
            name, narrow = tensor.name, numpy_helper.to_array(tensor).astype(np.float16)
            graph.initializer[number].CopyFrom(numpy_helper.from_array(narrow, f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    write_whole(out, proto.SerializeToString())


def write_int8(full: Path, out: Path, inputs: Iterable[Input]) -> None:
    """Write a float32 network with weights and activations as 8-bit integers.

    Weights have a scale per channel and use 7 bits, so that sums of products do not overflow on
    CPUs without VNNI. Activation ranges are averages over the inputs (1, 3, h, w). The FIRST and
    LAST convolutions are not changed.

    Raises:
        CraftliteError: a file cannot be written, including ONNX Runtime's temporary ones.
    """
    with TemporaryDirectory() as folder:
        prepared, quantised = Path(folder) / "prepared.onnx", Path(folder) / "int8.onnx"
        try:
            quant_pre_process(full, prepared, skip_symbolic_shape=True)
            convolutions = [n.name for n in onnx.load(prepared).graph.node if n.op_type == "Conv"]
            quantize_static(
                prepared,
                quantised,
                _Inputs(inputs),
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=[*convolutions[:FIRST], *convolutions[-LAST:]],
                # Otherwise the picture with the largest values makes the steps coarse for all.
                extra_options={"CalibMovingAverage": True},
            )
            content = quantised.read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise CraftliteError(f"{folder}: a file there cannot be written ({reason})") from error
    write_whole(out, content)


def spread(pictures: Sequence[Path]) -> list[Path]:
    """Return at most PICTURES of the pictures, evenly spaced from first to last."""
    numbers = np.linspace(0, len(pictures) - 1, min(PICTURES, len(pictures))).round().astype(int)
    return [pictures[number] for number in numbers]


def network_input(picture: Path, long_side: int) -> Input:
    """Read a picture file as a network's input (1, 3, h, w).

    Raises:
        InputError: the picture cannot be read.
    """
    pixels = read_image(picture)
    return Fit.of((pixels.shape[1], pixels.shape[0]), long_side).apply(pixels)


def mean_difference(full: Path, smaller: Path, inputs: Iterable[Input]) -> float:
    """Return the mean absolute difference of two networks' scores over inputs (1, 3, h, w)."""
    one, other = (OnnxRuntime(file, "cpu") for file in (full, smaller))
    return float(np.mean([np.abs(one(x) - other(x)).mean() for x in inputs]))
