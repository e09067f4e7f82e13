"""Every tool can be imported, so that a name which moved is noticed."""

import pkgutil
from importlib import import_module

import pytest

import tools

NAMES = [module.name for module in pkgutil.walk_packages(tools.__path__, "tools.")]
OF_THE_DOCUMENTS = ("tools.site_pages", "tools.run_notebooks")  # they need the extra docs


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_can_be_imported(name: str) -> None:
    if name in OF_THE_DOCUMENTS:
        pytest.importorskip("mkdocs")
        pytest.importorskip("nbclient")
    assert import_module(name).__doc__
