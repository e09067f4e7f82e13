"""Time classifiers, ours and torchvision's: fewer operations are not always faster.

    python -m tools.bench_backbones --threads 2 --plot backbones.png
    python -m tools.bench_backbones rexnet-lite resnet18 --size 224x224 --json

Each has random weights and sees one picture, in ONNX Runtime and in torch, in turn.
"""

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from torch import nn
from torchvision.models import get_model

from craftlite.commands.shared.options import parse_size
from craftlite.errors import ConfigError
from craftlite.evaluate.speed import time_in_turn
from craftlite.files import cpu_model, write_whole
from craftlite.model import CLASSIFIERS, build_model
from craftlite.model.cost import Cost, cost_of

# The networks of the field that ours are drawn beside, by torchvision's names.
OTHERS = (
    "mobilenet_v3_large",
    "mnasnet1_0",
    "efficientnet_b0",
    "shufflenet_v2_x1_0",
    "resnet18",
    "resnet50",
)


class Measured(NamedTuple):
    """A classifier's cost, and the median milliseconds of one picture, in two runtimes."""

    name: str
    cost: Cost
    onnx: float
    torch: float


def build_classifier(name: str) -> nn.Module:
    """One of CLASSIFIERS, or of torchvision's classifiers, with random weights, in eval mode.

    Raises:
        ConfigError: neither is called so.
    """
    if name in CLASSIFIERS:
        return build_model(name).eval()
    try:
        model: nn.Module = get_model(name, weights=None)
    except ValueError:
        raise ConfigError(
            f"{name}: neither one of {', '.join(CLASSIFIERS)} nor one of torchvision's"
        ) from None
    return model.eval()


def measure(
    names: Sequence[str], size: tuple[int, int], threads: int | None, runs: int
) -> list[Measured]:
    """All networks on one picture of `size` (width, height), in turn: ONNX Runtime, then torch."""
    if threads:
        torch.set_num_threads(threads)
    picture = torch.from_numpy(
        np.random.default_rng(0).normal(size=(1, 3, size[1], size[0])).astype(np.float32)
    )
    actions: dict[str, Callable[[], object]] = {}
    costs = {}
    for name in names:
        model = build_classifier(name)
        costs[name] = cost_of(model, *size)
        actions[f"{name} onnx"] = _onnx(model, picture, threads)
        actions[f"{name} torch"] = partial(_torch, model, picture)
    medians = {name: timing.median for name, timing in time_in_turn(actions, runs).items()}
    return [
        Measured(name, costs[name], medians[f"{name} onnx"], medians[f"{name} torch"])
        for name in names
    ]


def _onnx(model: nn.Module, picture: torch.Tensor, threads: int | None) -> Callable[[], object]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        torch.onnx.export(model, (picture,), file, dynamo=True, input_names=["x"], verbose=False)
        session = onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])
    return partial(session.run, None, {session.get_inputs()[0].name: picture.numpy()})


@torch.inference_mode()
def _torch(model: nn.Module, picture: torch.Tensor) -> object:
    return model(picture)


def scatter(measured: Sequence[Measured], title: str) -> bytes:
    """Milliseconds against operations as a PNG, a point each, both axes logarithmic."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    figure = Figure(figsize=(8, 5.5), dpi=110, layout="constrained")
    axes: Any = figure.subplots()
    for number, one in enumerate(sorted(measured, key=lambda one: one.cost.macs)):
        ours = one.name.startswith("rexnet")
        at = one.cost.macs / 1e9, one.onnx
        axes.plot(*at, "o", color="#d1495b" if ours else "#1f6fb4", markersize=8)
        # Neighbours have their names above and below in turn.
        aside = (6, 5) if number % 2 else (6, -13)
        axes.annotate(one.name, at, aside, textcoords="offset points", fontsize=9)
    axes.set(xscale="log", yscale="log", xlabel="operations, G MACs", ylabel="milliseconds")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FormatStrFormatter("%g"))
        axis.set_minor_formatter(NullFormatter())
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.25, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.2)
    with io.BytesIO() as png:
        figure.savefig(png, format="png")
        return png.getvalue()


def main(argv: Sequence[str]) -> int:
    """Time classifiers, and print a table or JSON; draw them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = f"by default {', '.join((*CLASSIFIERS, *OTHERS))}"
    parser.add_argument("names", nargs="*", metavar="NAME", help=known)
    parser.add_argument("--size", default="224x224", metavar="WxH", help="of the picture")
    parser.add_argument("--threads", type=int, help="by default all cores")
    parser.add_argument("--runs", type=int, default=7, help="counted runs of each")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw a PNG")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    names = args.names or [*CLASSIFIERS, *OTHERS]
    print(f"timing {', '.join(names)} ...", file=sys.stderr)
    measured = measure(names, parse_size(args.size), args.threads, args.runs)
    threads = f"{args.threads} threads" if args.threads else "all cores"
    where = f"{args.size}, {threads}, {cpu_model()}"
    if args.plot is not None:
        write_whole(args.plot, scatter(measured, f"ONNX Runtime, one picture of {where}"))
        print(f"wrote {args.plot}", file=sys.stderr)
    if args.json:
        rows = [
            {"name": one.name, **one.cost._asdict(), "onnx_ms": one.onnx, "torch_ms": one.torch}
            for one in measured
        ]
        print(json.dumps({"processor": cpu_model(), "threads": args.threads, "backbones": rows}))
        return 0
    print(f"{where}, {args.runs} runs each in turn, medians\n")
    print(f"{'':<24}{'parameters':>12}{'MACs':>12}{'ONNX Runtime':>16}{'torch':>12}")
    for one in measured:
        millions, giga = one.cost.parameters / 1e6, one.cost.macs / 1e9
        times = f"{one.onnx:>13.1f} ms{one.torch:>9.1f} ms"
        print(f"{one.name:<24}{millions:>10.2f} M{giga:>10.3f} G{times}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
