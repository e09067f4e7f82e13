"""The service as users start it: a process of `craftlite serve` on a free port."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import httpx
from PIL import Image

SMALL = ("--threads", "1", "--long-side", "320", "--port", "0")
# What keeps a worker busy for some seconds, without much memory: many tiles.
SLOW = {"long_side": 2560, "tiles": "auto"}


class Server:
    """A process that serves, its address, and the lines that it has logged."""

    def __init__(self, *options: str, **environment: str) -> None:
        command = [sys.executable, "-m", "craftlite.cli", "serve", *SMALL, *options]
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env=os.environ | environment
        )
        self.lines: list[str] = []
        self.address = ""
        threading.Thread(target=self._read, daemon=True).start()
        wait_until(lambda: self.ready() or self.process.poll() is not None)
        assert self.process.poll() is None, self.lines

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)

    def ready(self) -> bool:
        return bool(self.events("ready"))

    def events(self, name: str) -> list[dict[str, Any]]:
        """What was logged under a name; every line must be JSON."""
        entries = [json.loads(line) for line in list(self.lines)]
        return [entry for entry in entries if entry["event"] == name]

    def client(self, **options: Any) -> httpx.Client:
        address = self.events("listening")[0]["address"]
        return httpx.Client(base_url=address, timeout=60, trust_env=False, **options)

    def metric(self, name: str) -> float:
        """A number of /metrics, 0 where there is none yet."""
        lines = self.client().get("/metrics").text.splitlines()
        found = [line.split()[-1] for line in lines if line.startswith(f"{name} ")]
        return float(found[0]) if found else 0.0

    def stop(self) -> int:
        """Ask it to end; the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=60)


def wait_until(good: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@contextmanager
def serving(*options: str, **environment: str) -> Iterator[Server]:
    server = Server(*options, **environment)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def blank(width: int, height: int) -> bytes:
    """A black picture's file."""
    file = BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return file.getvalue()


def tall() -> bytes:
    """A picture that is run as many tiles."""
    return blank(1500, 5000)


def error(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The error of an answer, which has the one shape that all have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    [found] = answer.json().values()
    assert found.keys() == {"code", "message", "field"}
    assert found["code"] and found["message"]
    return dict(found)
