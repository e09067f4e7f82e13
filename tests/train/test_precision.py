"""The type of number that a training computes in."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from craftlite.errors import ConfigError
from craftlite.model import build_model
from craftlite.train.precision import arithmetic, has_fast_bf16, widen_depthwise
from craftlite.train.recipe import Recipe

CPU = torch.device("cpu")
RECIPE = Recipe(steps=1)


def test_sixteen_bit_floats_need_a_gpu() -> None:
    with pytest.raises(ConfigError, match="fp16: needs a GPU"):
        arithmetic(replace(RECIPE, precision="fp16"), CPU)
    assert arithmetic(replace(RECIPE, precision="bf16"), CPU) == torch.bfloat16
    assert arithmetic(replace(RECIPE, precision="fp32"), CPU) == torch.float32


def test_auto_takes_bf16_where_the_processor_has_instructions_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for capabilities, dtype in (
        ({"avx512_bf16": True, "amx_bf16": False}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"avx512_f": True, "avx512_bf16": False}, torch.float32),
    ):
        monkeypatch.setattr(
            torch.cpu, "get_capabilities", lambda known=capabilities: known, raising=False
        )
        assert arithmetic(RECIPE, CPU) == dtype
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert not has_fast_bf16(CPU)


def test_strided_and_large_depthwise_convolutions_alone_compute_in_fp32() -> None:
    network = build_model("craftlite-small")
    network.basenet.stages[4][1].depthwise[0] = nn.Conv2d(768, 768, 5, padding=2, groups=768)
    network.upconv1.refine[1][0] = nn.Conv2d(96, 96, 7, padding=3, groups=96)
    widen_depthwise(network)
    widened, others = set(), set()

    def note(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        assert isinstance(module, nn.Conv2d)
        slow = module.stride != (1, 1) or module.kernel_size[0] > 3
        (widened if module.groups > 1 and slow else others).add(output.dtype)

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(note)
    with torch.autocast("cpu", torch.bfloat16):
        network(torch.rand(1, 3, 64, 64))
    assert (widened, others) == ({torch.float32}, {torch.bfloat16})


def test_widening_changes_neither_names_nor_copies() -> None:
    network = build_model("craftlite-small").eval()
    pictures = torch.rand(1, 3, 64, 64)
    before, names = network(pictures)[0], set(network.state_dict())
    widen_depthwise(network)
    assert set(network.state_dict()) == names
    torch.testing.assert_close(network(pictures)[0], before)
    twin = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    torch.testing.assert_close(twin(pictures)[0], before)
