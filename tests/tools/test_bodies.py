"""Grown networks compute what those did that they are grown from."""

import pytest
import torch

from craftlite.model import build_model
from craftlite.model.files import read_model, read_state
from craftlite.weights import catalogue
from tools.bodies import BODIES, grown

SMALL = catalogue()["craftlite-small-synth"].torch


@pytest.mark.parametrize("name", ["kernels", "deeper", "wider"])
def test_a_grown_network_gives_the_maps_that_it_is_grown_from(name: str) -> None:
    assert SMALL is not None
    network = build_model(name)
    network.load_state_dict(grown(network, read_state(SMALL)[1]))
    pictures = torch.randn(1, 3, 96, 128, generator=torch.Generator().manual_seed(0))
    parameters = [sum(p.numel() for p in n.parameters()) for n in (network, read_model(SMALL)[1])]
    assert parameters[0] > parameters[1]
    with torch.no_grad():
        maps, before = network.eval()(pictures)[0], read_model(SMALL)[1](pictures)[0]
    torch.testing.assert_close(maps, before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", BODIES)
def test_every_kernel_of_a_grown_network_learns(name: str) -> None:
    assert SMALL is not None
    network = build_model(name)
    network.load_state_dict(grown(network, read_state(SMALL)[1]))
    optimiser = torch.optim.SGD(network.parameters(), 0.1)
    # A bias before a batch norm changes nothing.
    kernels = {key: value for key, value in network.named_parameters() if value.ndim == 4}
    before = {key: value.detach().clone() for key, value in kernels.items()}
    for seed in range(4):
        pictures = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(seed))
        optimiser.zero_grad()
        (network.train()(pictures)[0] - 0.5).square().mean().backward()
        optimiser.step()
    assert not [key for key, value in kernels.items() if torch.equal(value, before[key])]
