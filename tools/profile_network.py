"""Where a network's milliseconds go, by kind of operator, from ONNX Runtime's own profile.

    python -m tools.profile_network craftlite-small --sizes 1280x736 1920x1088 --threads 1 2

A table for each of the weights: milliseconds of each kind at every size and number of threads.
For the first of them also products and bytes, and how near the limit of this machine they come:
the time that the products would take at the pace of a large matrix product, or the bytes at that
of copying, whichever is longer, as a share of the time that they do take.
"""

import argparse
import json
import math
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from craftlite.commands.shared.options import parse_size
from craftlite.evaluate.speed import noise
from craftlite.files import cpu_model
from craftlite.geometry import Size
from craftlite.weights import find_weights

RUNS = 5
SIDE = 1024  # of the large matrix product
COPIED = 2**28  # bytes: more than a cache holds
BYTES = {"float": 4, "int64": 8, "int32": 4, "uint8": 1, "int8": 1}
KINDS = {
    "QuickGelu": "activations",
    "QLinearSigmoid": "activations",
    "QLinearMul": "activations",
    "Relu": "activations",
    "Resize": "resizing",
    "ReorderInput": "changes of layout or type",
    "ReorderOutput": "changes of layout or type",
    "Transpose": "changes of layout or type",
    "QuantizeLinear": "changes of layout or type",
    "DequantizeLinear": "changes of layout or type",
    "Add": "additions",
    "QLinearAdd": "additions",
}


class Cost(NamedTuple):
    """What some operators take in one run: milliseconds, products and bytes in and out."""

    milliseconds: float = 0.0
    products: float = 0.0
    bytes: float = 0.0

    def plus(self, other: "Cost") -> "Cost":
        """The sum of both."""
        return Cost(*(a + b for a, b in zip(self, other, strict=True)))


class Limits(NamedTuple):
    """What this machine can do in a second: products in float32 and 8-bit integers, bytes."""

    float32: float
    int8: float
    bytes: float

    def milliseconds(self, cost: Cost, in_integers: bool) -> tuple[float, float]:
        """The least that the products, and the bytes, can take."""
        pace = self.int8 if in_integers else self.float32
        return 1000 * cost.products / pace, 1000 * cost.bytes / self.bytes


def profile(file: Path, size: Size, threads: int) -> dict[tuple[str, bool], Cost]:
    """The cost of each kind of operator, in float32 and in integers apart, in one run."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.enable_mem_pattern = threads, False
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])
        for _ in range(RUNS + 1):
            session.run(None, {"pictures": noise(size)})
        events = json.loads(Path(session.end_profiling()).read_text())
    nodes = [e for e in events if e.get("cat") == "Node" and e["name"].endswith("_kernel_time")]
    costs: dict[tuple[str, bool], Cost] = defaultdict(Cost)
    weights = _weights(file)
    for event in nodes[len(nodes) // (RUNS + 1) :]:  # the first run is not counted
        name = re.sub(r"(_token_\d+)?_kernel_time$", "", event["name"])
        key, cost = _cost(event["dur"] / 1000, event["args"], weights.get(name, ()))
        costs[key] = costs[key].plus(Cost(*(part / RUNS for part in cost)))
    return costs


def _weights(file: Path) -> dict[str, Sequence[int]]:
    """Each convolution's shape of weights, by its name; the profile leaves out quantised ones."""
    graph = onnx.load(file).graph
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            shapes[node.output[0]] = shapes.get(node.input[0], [])
    return {node.name: shapes[node.input[1]] for node in graph.node if node.op_type == "Conv"}


def _cost(
    milliseconds: float, facts: Mapping[str, Any], weights: Sequence[int]
) -> tuple[tuple[str, bool], Cost]:
    """The kind of one operator, whether it computes in integers, and its cost.

    weights: the shape of a convolution's, where the profile does not tell.
    """
    inputs, outputs = (list(_tensors(facts[f"{end}_type_shape"])) for end in ("input", "output"))
    moved = sum(BYTES.get(kind, 4) * math.prod(shape) for kind, shape in inputs + outputs)
    name = facts["op_name"]
    in_integers = name.startswith("QLinear")
    if name not in ("Conv", "QLinearConv"):
        return (KINDS.get(name, "all else"), in_integers), Cost(milliseconds, 0, moved)
    if len(inputs) > 1 and len(inputs[1][1]) == 4:
        weights = inputs[1][1]
    products = math.prod(outputs[0][1]) * math.prod(weights[1:])
    kind = "1x1" if weights[2] == 1 else "depthwise" if weights[1] == 1 else "full"
    return (f"convolutions, {kind}", in_integers), Cost(milliseconds, products, moved)


def _tensors(listed: Sequence[Mapping[str, Sequence[int]]]) -> Iterator[tuple[str, Sequence[int]]]:
    for one in listed:
        yield from one.items()


def measure_limits(threads: int) -> Limits:
    """The paces of a large matrix product in ONNX Runtime, and of copying, on this machine."""
    rng, shape = np.random.default_rng(0), (SIDE, SIDE)
    floats = rng.normal(size=(2, *shape)).astype(np.float32)
    left, right = rng.integers(0, 64, (2, *shape))
    pace = SIDE**3
    source, target = np.ones(COPIED, np.uint8), np.empty(COPIED, np.uint8)
    return Limits(
        pace / _seconds(_product("MatMul", TensorProto.FLOAT, threads, *floats)),
        pace
        / _seconds(
            _product(
                *("MatMulInteger", TensorProto.INT32, threads),
                *(left.astype(np.uint8), right.astype(np.int8)),
            )
        ),
        2 * COPIED / _seconds(lambda: np.copyto(target, source)),
    )


def _product(
    operator: str, kind: int, threads: int, left: np.ndarray, right: np.ndarray
) -> Callable[[], object]:
    """A matrix product in ONNX Runtime; the right side is constant, as weights are."""
    constant = helper.make_tensor(
        "b", helper.np_dtype_to_tensor_dtype(right.dtype), right.shape, right.tobytes(), raw=True
    )
    given = helper.make_tensor_value_info(
        "a", helper.np_dtype_to_tensor_dtype(left.dtype), left.shape
    )
    result = helper.make_tensor_value_info("c", kind, left.shape)
    node = helper.make_node(operator, ["a", "b"], ["c"])
    graph = helper.make_graph([node], "product", [given], [result], [constant])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, ["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"a": left})


def _seconds(action: Callable[[], object]) -> float:
    """The least of several runs."""
    times = []
    for _ in range(2 * RUNS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def table(file: Path, sizes: Sequence[Size], threads: Sequence[int], limits: Limits) -> str:
    """A row for each kind of operator, the dearest first, as Markdown."""
    settings = list(product(sizes, threads))
    profiles = [profile(file, *setting) for setting in settings]
    first = profiles[0]
    heads = [f"{w}x{h}, {n}" for (w, h), n in settings]
    lines = [
        f"| ms: size, threads | {' | '.join(heads)} | G MACs | MB | of the limit |",
        "|---" * (len(settings) + 4) + "|",
    ]
    for key in sorted(first, key=lambda key: -first[key].milliseconds):
        kind, in_integers = key
        cost = first[key]
        by_products, by_bytes = limits.milliseconds(cost, in_integers)
        share = max(by_products, by_bytes) / max(cost.milliseconds, 1e-6)
        bound = "arithmetic" if by_products > by_bytes else "memory"
        cells = [
            f"{kind}{', 8 bit' * in_integers}",
            *(f"{each.get(key, Cost()).milliseconds:.1f}" for each in profiles),
            *(f"{cost.products / 1e9:.2f}", f"{cost.bytes / 1e6:.0f}", f"{share:.0%} {bound}"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    totals = [sum(cost.milliseconds for cost in each.values()) for each in profiles]
    lines.append(f"| **all** | {' | '.join(f'{total:.1f}' for total in totals)} | | | |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the limits, and a table for each of the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", nargs="+", help="names in the catalogue, or .onnx files")
    parser.add_argument("--sizes", nargs="+", default=["1280x736", "1920x1088"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    args = parser.parse_args(arguments)
    limits = measure_limits(args.threads[0])
    print(
        f"{cpu_model()}, {args.threads[0]} thread(s): {limits.float32 / 1e9:.0f} G MACs a second "
        f"in float32, {limits.int8 / 1e9:.0f} in 8-bit integers, {limits.bytes / 1e9:.1f} GB a "
        "second copied"
    )
    for name in args.weights:
        file = find_weights(name).onnx
        assert file is not None
        print(f"\n{name}\n\n{table(file, list(map(parse_size, args.sizes)), args.threads, limits)}")


if __name__ == "__main__":
    main()
