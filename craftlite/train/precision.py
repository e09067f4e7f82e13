"""The floating-point formats that a training computes in, and related device switches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from craftlite.errors import ConfigError
from craftlite.train.recipe import Settings

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
# CPU capabilities that make arithmetic in bf16 faster than in fp32.
FAST_BF16 = ("avx512_bf16", "amx_bf16")


def arithmetic(recipe: Settings, device: torch.device) -> torch.dtype:
    """Return the dtype that a network computes in on a device.

    Raises:
        ConfigError: the device does not support the recipe's precision.
    """
    if recipe.precision == "fp16" and device.type != "cuda":
        raise ConfigError("precision is fp16: needs a GPU; use bf16, fp32 or auto")
    if recipe.precision == "auto":
        return torch.bfloat16 if has_fast_bf16(device) else torch.float32
    return DTYPES[recipe.precision]


def autocast(recipe: Settings, device: torch.device) -> torch.autocast:
    """Return a context in which networks compute in the recipe's precision."""
    dtype = arithmetic(recipe, device)
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def has_fast_bf16(device: torch.device) -> bool:
    """Return whether a device has bf16 instructions; torch before 2.11 reports none for CPUs."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    capabilities: Callable[[], dict[str, object]] = getattr(torch.cpu, "get_capabilities", dict)
    return any(capabilities().get(name) for name in FAST_BF16)


def widen_depthwise(network: nn.Module) -> None:
    """Make depthwise convolutions that are slow in bf16 compute in fp32 under autocast.

    On a CPU these are the strided ones, whose gradients take oneDNN six times as long in bf16, more
    than a quarter of a training step, and those with kernels above 3x3, which take two to three
    times as long.
    """
    for module in network.modules():
        if not isinstance(module, nn.Conv2d) or module.groups == 1:
            continue
        if module.stride != (1, 1) or max(module.kernel_size) > 3:
            module.forward = partial(_in_fp32, module.forward)  # type: ignore[method-assign]


def _in_fp32(forward: Callable[[Tensor], Tensor], features: Tensor) -> Tensor:
    with torch.autocast(features.device.type, enabled=False):
        return forward(features.float())


@contextmanager
def flush_denormals() -> Iterator[None]:
    """Treat denormal numbers as zero inside the block; they slow some CPUs down tenfold."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@contextmanager
def cudnn_benchmark(on: bool) -> Iterator[None]:
    """Switch cuDNN's search for the fastest convolutions on or off inside the block.

    The search runs once for each input size: it pays off for crops, which all have one size, but
    costs seconds for each new picture size.
    """
    before, torch.backends.cudnn.benchmark = torch.backends.cudnn.benchmark, on
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
