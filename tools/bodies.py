"""Candidates for the detector's next body, and weights for them that compute what smaller ones do.

    python -m tools.bodies --time craftlite-small kernels deeper
    python -m tools.bodies --grow kernels --init craftlite-small-synth --out kernels.safetensors
    python -m tools.arms base --out runs/kernels -- --network kernels --init kernels.safetensors ...

Importing this module makes the candidates known by name, so that `tools.arms` trains them and
`tools.score_runs` scores them. A grown network starts where the smaller one ended (Chen et al.,
"Net2Net", ICLR 2016): kernels get a rim of zeros, what reads new channels begins with zeros, and
new residual blocks add nothing at first.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import torch
from torch import Tensor, nn

from craftlite import model as networks
from craftlite.evaluate.speed import noise, open_network, time_in_turn
from craftlite.export import onnx_of
from craftlite.model import Craft, build_model
from craftlite.model.blocks import InvertedResidual, separable
from craftlite.model.cost import cost_of
from craftlite.model.files import read_state, save_model
from craftlite.model.rexnet import LITE, Plan, ReXNet
from craftlite.model.slim import slim_decoder
from craftlite.weights import find_weights

SIZE = (1280, 736)  # pixels, width and height, of the picture that networks are timed on
RUNS = 9


class SubPixel(nn.Module):
    """A detector that stops at quarter size, where each place gives four scores of each map.

    Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
    Convolutional Neural Network", CVPR 2016.
    """

    def __init__(self, plan: Plan = LITE, widths: tuple[int, ...] = (96, 64, 48)) -> None:
        super().__init__()
        self.basenet = ReXNet(plan)
        *ups, _ = slim_decoder(self.basenet.channels[:4], widths)
        for number, up in enumerate(ups, 1):
            self.add_module(f"upconv{number}", up)
        self.scores = nn.Sequential(separable(widths[-1], 32), nn.Conv2d(32, 8, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As `Craft`'s."""
        deep, *skips = self.basenet(x)
        for number, skip in enumerate(skips[:3], 1):
            deep = self.get_submodule(f"upconv{number}")(deep, skip)
        maps = nn.functional.pixel_shuffle(self.scores(deep), 2)
        return maps.permute(0, 2, 3, 1), deep


def small(plan: Plan = LITE, widths: tuple[int, ...] = (96, 64, 48, 16)) -> Craft:
    """`craftlite-small`, with another body or another decoder's widths."""
    return Craft(ReXNet(plan), lambda channels: slim_decoder(channels, widths))


def widened_kernels(network: nn.Module, kernel: int, *places: str) -> nn.Module:
    """The network with larger depthwise kernels of stride 1 in its modules of these names."""
    for place in places:
        for module in network.get_submodule(place).modules():
            for name, layer in list(module.named_children()):
                if isinstance(layer, nn.Conv2d) and layer.groups > 1 and layer.stride == (1, 1):
                    channels = layer.out_channels
                    wide = nn.Conv2d(
                        *(channels, channels, kernel, 1, kernel // 2),
                        groups=channels,
                        bias=False,
                    )
                    setattr(module, name, wide)
    return network


def with_silu(network: Craft) -> nn.Module:
    """The network with SiLU for ReLU in its backbone from stride 8 on.

    There maps are small, so that it costs 7 % of the milliseconds in place of 17 %.
    """
    for stage in list(network.get_submodule("basenet.stages").children())[2:]:
        for module in stage.modules():
            for name, layer in list(module.named_children()):
                if isinstance(layer, nn.ReLU):
                    setattr(module, name, nn.SiLU(inplace=True))
    return network


def deeper() -> Plan:
    """One more block at stride 16, and one at stride 32."""
    *early, at16, at32 = LITE.stages
    more16 = replace(at16, channels=(*at16.channels, 112))
    more32 = replace(at32, channels=(*at32.channels, 176))
    return replace(LITE, stages=(*early, more16, more32))


def large_kernels(network: nn.Module) -> nn.Module:
    """The network with 5x5 at strides 8 and 16, 7x7 at stride 32 and early in the decoder."""
    widened_kernels(network, 5, "basenet.stages.2", "basenet.stages.3")
    return widened_kernels(network, 7, "basenet.stages.4", "upconv1", "upconv2")


BODIES: dict[str, Callable[[], nn.Module]] = {
    "kernels": lambda: large_kernels(small()),
    "deeper": lambda: small(deeper()),
    "wider": lambda: small(widths=(128, 96, 64, 16)),
    "subpixel": SubPixel,
    "silu": lambda: small(replace(LITE, act=nn.SiLU)),
    "hardswish": lambda: small(replace(LITE, act=nn.Hardswish)),
    "silu8": lambda: with_silu(small()),
}
networks._DETECTORS.update(BODIES)


def grown(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a new network that computes what the one of the `given` tensors does.

    Tensors that are in one of them alone keep their values in `network`, or are left out.
    """
    state = dict(network.state_dict())
    for name, module in network.named_modules():
        last = f"{name}.project.1.weight"
        if isinstance(module, InvertedResidual) and module.shortcut and last not in given:
            state[last] = torch.zeros_like(state[last])
    for name in state.keys() & given.keys():
        if state[name].ndim == given[name].ndim:
            state[name] = enlarged(given[name], state[name])
    return state


def enlarged(given: Tensor, random: Tensor) -> Tensor:
    """A tensor of the shape of `random` with `given` at its start, a kernel in its middle.

    More outputs are those of `random`; more inputs and the rim of a kernel are zero.
    """
    result = random.clone()
    outputs = slice(given.shape[0]) if given.ndim else ...
    if given.ndim == 4:
        result[outputs] = 0
        result[:, given.shape[1] :] = 0
        rim = (random.shape[2] - given.shape[2]) // 2
        sides = slice(rim, rim + given.shape[2])
        result[outputs, : given.shape[1], sides, sides] = given
    else:
        result[outputs] = given
    return result


def timings(names: list[str], threads: int | None) -> str:
    """Parameters, multiply-accumulates and milliseconds of networks in turn, as markdown."""
    built = {name: build_model(name).eval() for name in names}
    with TemporaryDirectory() as folder:
        files = [f"{folder}/{name}.onnx" for name in names]
        for (name, network), file in zip(built.items(), files, strict=True):
            onnx.save(onnx_of(name, network), file)
        runs = {file: partial(open_network(file, threads), noise(SIZE)) for file in files}
        times = time_in_turn(runs, RUNS).values()
    lines = ["| body | parameters | MACs | ms, median | ms, fastest |", "|---|---|---|---|---|"]
    for (name, network), timing in zip(built.items(), times, strict=True):
        parameters, macs = cost_of(network, *SIZE)
        lines.append(
            f"| `{name}` | {parameters / 1e6:.2f} M | {macs / 1e9:.1f} G "
            f"| {timing.median:.0f} | {timing.fastest:.0f} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Time networks, or write grown weights; the exit code is 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = f"craftlite-small, {', '.join(BODIES)}"
    parser.add_argument("--time", nargs="+", default=[], metavar="NAME", help=known)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--grow", choices=("craftlite-small-v2", *BODIES), metavar="NAME")
    parser.add_argument("--init", default="craftlite-small-synth", metavar="NAME|FILE")
    parser.add_argument("--out", type=Path, help="the file of grown weights")
    args = parser.parse_args()
    if args.time:
        print(timings(args.time, args.threads))
    if args.grow:
        torch.manual_seed(0)
        file = find_weights(args.init).torch
        if file is None or args.out is None:
            parser.error("--grow needs --out, and --init that is not ONNX")
        _, given = read_state(file)
        save_model(args.out, args.grow, grown(build_model(args.grow), given))
        print(f"wrote {args.grow}, grown from {args.init}, to {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
