"""Every tool can be imported, so that a name which moved is noticed."""

import pkgutil
from importlib import import_module

import pytest

import tools

NAMES = [module.name for module in pkgutil.walk_packages(tools.__path__, "tools.")]


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_can_be_imported(name: str) -> None:
    assert import_module(name).__doc__
