"""Load on the service: clients at once, faults in between, and the memory of the process.

    python -m tools.load_serve --minutes 10 --clients 8 -- --workers 2 --threads 2

Starts `craftlite serve` with the options after --, on a free port and with a key. Each client sends
the sample pictures one after another; between them, and as often as --faults says, something that a
server has to bear: a broken file, too many bytes or pixels, a wrong key, a connection that is cut
in the middle of a body, at once or after some seconds. Pictures that are refused with 429 are sent
again. Prints JSON: seconds and pictures a second, p50, p90 and p99 of the pictures, statuses by
kind, and the resident memory over time.

Ends with 1 if a picture failed, a fault was answered wrongly, or the memory in the end is larger
than in the first third by more than --growth.
"""

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from PIL import Image

from tools.memory import megabytes

KEY = "the-key-of-this-load-0123"
MOST_BYTES = 4 * 2**20
MOST_PIXELS = 5_000_000
TIMEOUT = 30.0
SLOW = 5.0  # seconds that a client holds a body back, before it gives up
PATH = "/v1/detect"
RAW = {"Content-Type": "application/octet-stream", "X-API-Key": KEY}


class Load:
    """What clients do to a server, and what came of it."""

    def __init__(self, address: str, pictures: list[bytes], faults: float) -> None:
        self.address, self.pictures, self.fault_share = address, pictures, faults
        self.seconds: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.stop = threading.Event()
        file = BytesIO()
        Image.new("1", (3000, 2000)).save(file, "PNG")
        self.huge = file.getvalue()
        self.faults: dict[str, Callable[[httpx.Client], None]] = {
            "broken": self._expecting(422, lambda: self.pictures[0][:5000], RAW),
            "no picture": self._expecting(422, lambda: random.randbytes(10_000), RAW),
            "too many bytes": self._expecting(413, lambda: bytes(MOST_BYTES + 1), RAW),
            "too many pixels": self._expecting(413, lambda: self.huge, RAW),
            "wrong key": self._expecting(401, lambda: self.pictures[0], RAW | {"X-API-Key": "no"}),
            "cut": lambda client: self._cut(0),
            "slow and cut": lambda client: self._cut(SLOW),
        }

    def visit(self, number: int) -> None:
        """Send pictures, and faults, until the time is over."""
        chance = random.Random(number)
        with httpx.Client(base_url=self.address, timeout=120, trust_env=False) as client:
            while not self.stop.is_set():
                if chance.random() < self.fault_share:
                    kind = chance.choice(list(self.faults))
                    self._noting_failures(kind, lambda: self.faults[kind](client))  # noqa: B023
                else:
                    picture = chance.choice(self.pictures)
                    self._noting_failures("good", lambda: self._send(client, picture))  # noqa: B023

    def _noting_failures(self, kind: str, act: Callable[[], None]) -> None:
        try:
            act()
        except httpx.HTTPError as error:
            self.wrong.append(f"{kind}: {error!r}")

    def _send(self, client: httpx.Client, picture: bytes) -> None:
        start = time.monotonic()
        while True:
            answer = client.post(PATH, content=picture, headers=RAW)
            self.statuses[f"good {answer.status_code}"] += 1
            if answer.status_code != 429 or self.stop.is_set():
                break
            time.sleep(float(answer.headers["Retry-After"]))
        if answer.status_code == 200 and answer.json()["words"]:
            self.seconds.append(time.monotonic() - start)
        elif answer.status_code != 429:
            self.wrong.append(f"good: {answer.status_code} {answer.text[:200]}")

    def _expecting(
        self, status: int, content: Callable[[], bytes], headers: dict[str, str]
    ) -> Callable[[httpx.Client], None]:
        def send(client: httpx.Client) -> None:
            answer = client.post(PATH, content=content(), headers=headers)
            self.statuses[f"fault {answer.status_code}"] += 1
            if answer.status_code not in (status, 429) or "error" not in answer.json():
                self.wrong.append(f"expected {status}: {answer.status_code} {answer.text[:200]}")

        return send

    def _cut(self, seconds: float) -> None:
        """Begin a body, wait, and break the connection off."""
        parts = urlsplit(self.address)
        picture = self.pictures[0]
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nContent-Type: image/jpeg\r\n"
        )
        head += f"Content-Length: {len(picture)}\r\n\r\n"
        with socket.create_connection((str(parts.hostname), int(parts.port or 80))) as connection:
            connection.sendall(head.encode() + picture[: len(picture) // 2])
            self.stop.wait(seconds)
        self.statuses["fault cut"] += 1


def start(options: list[str]) -> tuple[subprocess.Popen[str], str]:
    """A server that is ready, and its address."""
    command = [sys.executable, "-m", "craftlite.cli", "serve", "--port", "0"]
    limits = ["--max-bytes", str(MOST_BYTES), "--max-pixels", str(MOST_PIXELS)]
    process = subprocess.Popen(
        [*command, *limits, "--timeout", str(TIMEOUT), *options],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"CRAFTLITE_API_KEY": KEY},
    )
    assert process.stderr is not None
    address = ""
    for line in process.stderr:
        entry = json.loads(line)
        address = entry.get("address", address)
        if entry["event"] == "ready":
            # What it logs from now on is read, so that the pipe does not fill, and forgotten.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, address
    raise SystemExit("craftlite serve did not start")


def report(load: Load, seconds: float, memory: list[float]) -> dict[str, Any]:
    """What the load did."""
    cuts = statistics.quantiles(load.seconds, n=100) if len(load.seconds) > 1 else [0.0] * 99
    return {
        "seconds": round(seconds, 1),
        "pictures": len(load.seconds),
        "pictures_a_second": round(len(load.seconds) / seconds, 2),
        **{f"p{share}_ms": round(1000 * cuts[share - 1]) for share in (50, 90, 99)},
        "statuses": dict(sorted(load.statuses.items())),
        "megabytes": [round(one) for one in memory],
        "wrong": load.wrong[:10],
    }


def main() -> int:
    """Print what the load did; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--faults", type=float, default=0.2, help="share of requests")
    parser.add_argument("--growth", type=float, default=0.1, help="share of the memory")
    parser.add_argument("--pictures", type=Path, default=Path("data/samples/images"))
    parser.add_argument("options", nargs="*", help="of craftlite serve, after --")
    args = parser.parse_args()
    pictures = [path.read_bytes() for path in sorted(args.pictures.iterdir())]
    process, address = start(args.options)
    load = Load(address, pictures, args.faults)
    clients = [threading.Thread(target=load.visit, args=(n,)) for n in range(args.clients)]
    memory, begin = [megabytes(process.pid)], time.monotonic()
    for client in clients:
        client.start()
    for _ in range(12):
        time.sleep(5 * args.minutes)
        memory.append(megabytes(process.pid))
    load.stop.set()
    for client in clients:
        client.join()
    seconds = time.monotonic() - begin
    process.terminate()
    code = process.wait()
    print(json.dumps(report(load, seconds, memory), indent=2))
    settled = max(memory[: 1 + len(memory) // 3])
    flat = memory[-1] <= settled * (1 + args.growth)
    return 0 if flat and load.seconds and not load.wrong and code == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
