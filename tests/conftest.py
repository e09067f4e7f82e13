"""Hypothesis as all tests use it: no example fails for being slow, for a machine may be busy."""

import os
import sys

import pytest
from hypothesis import settings

# Where CI is set, Hypothesis has a profile of its own without deadlines, and the same examples.
if not os.environ.get("CI"):
    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")


@pytest.fixture
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the packages of `export` are missing: a training skips that, which is slow."""
    monkeypatch.setitem(sys.modules, "craftlite.export", None)
