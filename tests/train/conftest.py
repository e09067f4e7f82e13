"""Trainings set the processor to take tiny numbers for zero; the tests after them need them."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def tiny_numbers() -> Iterator[None]:
    yield
    torch.set_flush_denormal(False)
