"""The page, served once for all tests of the demo."""

import socket
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest

pytest.importorskip("gradio", reason="needs craftlite[demo]")

import gradio as gr

from craftlite.demo.page import build, serve
from craftlite.demo.session import DetectorPool


@pytest.fixture(scope="session")
def pool() -> DetectorPool:
    return DetectorPool(threads=1)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def blocks(pool: DetectorPool) -> gr.Blocks:
    return build(pool)


@pytest.fixture(scope="session")
def address(blocks: gr.Blocks) -> Iterator[str]:
    """Where the page is served, on a free port."""
    port = free_port()
    threading.Thread(target=serve, args=(blocks, "127.0.0.1", port), daemon=True).start()
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(address)
            break
        except OSError:
            time.sleep(0.1)
    yield address
    blocks.close()
