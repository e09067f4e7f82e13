"""What the tests of the service share."""

from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs craftlite[serve]")
pytest.importorskip("uvicorn", reason="needs craftlite[serve]")
pytest.importorskip("prometheus_client", reason="needs craftlite[serve]")


@pytest.fixture(scope="session")
def photo() -> bytes:
    samples = Path(__file__).parents[2] / "data/samples/images"
    return (samples / "plate.jpg").read_bytes()
