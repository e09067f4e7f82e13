"""Keys, addresses, metrics, logs and the end of the service."""

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import SLOW, Server, error, serving, tall, wait_until

from craftlite import Detector
from craftlite.errors import ConfigError
from craftlite.postprocess import Thresholds
from craftlite.runtime import Runtime
from craftlite.serve.admission import Admission
from craftlite.serve.app import Service, build
from craftlite.serve.keys import Keys, read_keys
from craftlite.serve.work import Analyser, Limits

FIRST, SECOND = "first-key-0123456789", "second-key-0123456789"
RAW = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that needs a key and takes addresses."""
    keys = tmp_path_factory.mktemp("keys") / "keys"
    keys.write_text(f"{FIRST}\n\n")
    proxy = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    with serving(
        "--api-key-file", str(keys), "--allow-urls", CRAFTLITE_API_KEY=SECOND, **proxy
    ) as running:
        yield running


@pytest.fixture
def client(server: Server) -> httpx.Client:
    return server.client(headers={"X-API-Key": FIRST})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": FIRST[:-1]},
        {"X-API-Key": f"{FIRST},{SECOND}"},
        {"Authorization": FIRST},
        {"Authorization": f"Basic {FIRST}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \xff\xfe"},
    ],
)
def test_without_a_key_nothing_is_detected(
    server: Server, headers: dict[str, str], photo: bytes
) -> None:
    given = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = server.client().post("/v1/detect?bad=1", content=photo, headers=RAW | given)
    assert error(answer, 401)["code"] == "no_key"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_each_key_opens_by_either_header(server: Server, photo: bytes) -> None:
    for headers in (
        {"X-API-Key": FIRST},
        {"Authorization": f"Bearer {SECOND}"},
        {"authorization": f"bearer {FIRST}"},
    ):
        answer = server.client().post("/v1/detect", content=photo, headers=RAW | headers)
        assert answer.status_code == 200


def test_health_and_metrics_need_no_key_and_logs_hold_none(server: Server) -> None:
    client = server.client()
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    assert client.get("/metrics").headers["Content-Type"].startswith("text/plain")
    assert not any(key in line for key in (FIRST, SECOND) for line in server.lines)


@pytest.fixture
def inside() -> Iterator[tuple[str, list[str]]]:
    """The address of a server on this machine, and the requests that reached it."""
    listener, reached = socket.create_server(("127.0.0.1", 0)), []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                reached.append(connection.recv(1000).decode())
                connection.close()

    threading.Thread(target=accept, daemon=True).start()
    yield f"127.0.0.1:{listener.getsockname()[1]}", reached
    listener.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://{}/a.jpg",
        "http://user:secret@{}/a.jpg",
        "http://localhost:{port}/a.jpg",
        "http://2130706433:{port}/a.jpg",
        "http://0x7f.1:{port}/a.jpg",
        "http://0.0.0.0:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "/etc/passwd",
        "ftp://{}/a.jpg",
        "HTTP://{}/a.jpg",
    ],
)
def test_no_address_but_of_the_public_internet_is_fetched(
    client: httpx.Client, inside: tuple[str, list[str]], url: str
) -> None:
    place, reached = inside
    url = url.replace("{}", place).replace("{port}", place.partition(":")[2])
    found = error(client.post("/v1/detect", json={"url": url}), 422)
    assert found["code"] == "bad_picture"
    assert "secret" not in found["message"]
    batch = client.post("/v1/detect/batch", json={"images": [{"url": url}]})
    assert batch.json()["results"][0]["error"]["code"] == "bad_picture"
    assert reached == []


def test_metrics_count_what_was_done(server: Server, client: httpx.Client, photo: bytes) -> None:
    names = ("craftlite_pictures_total", "craftlite_words_total", "craftlite_pixels_total")
    before = [server.metric(name) for name in names]
    words = client.post("/v1/detect", content=photo, headers=RAW).json()["words"]
    client.post("/v1/detect", content=b"broken", headers=RAW)
    client.get("/nowhere/at/all")
    client.request("BREW", "/v1/detect")
    after = [server.metric(name) for name in names]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, len(words), 1200 * 800]
    text = client.get("/metrics").text
    assert 'craftlite_requests_total{route="/v1/detect",status="422"}' in text
    assert 'craftlite_requests_total{route="other",status="404"}' in text
    assert "nowhere" not in text and "BREW" not in text
    assert server.metric("craftlite_body_bytes_held") == 0


def test_a_request_is_a_line_of_the_log(client: httpx.Client, server: Server, photo: bytes) -> None:
    answer = client.post("/v1/detect", content=photo, headers=RAW | {"X-Request-ID": "mine-1"})
    wait_until(lambda: [one for one in server.events("request") if one["id"] == "mine-1"])
    [entry] = [one for one in server.events("request") if one["id"] == "mine-1"]
    assert answer.headers["X-Request-ID"] == "mine-1"
    assert entry["status"] == 200
    assert entry["bytes"] == len(photo)
    assert (entry["pictures"], entry["pixels"]) == (1, 1200 * 800)
    assert entry["words"] == len(answer.json()["words"])


def test_it_ends_once_what_is_under_way_is_answered() -> None:
    with serving("--workers", "1", "--timeout", "120") as server:
        client = server.client()
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(client.post, "/v1/detect", params=SLOW, content=tall(), headers=RAW)
            wait_until(lambda: server.metric("craftlite_pictures_running") == 1)
            server.process.terminate()
            wait_until(lambda: server.client().get("/readyz").status_code == 503)
            late = server.client().post("/v1/detect", content=b"x", headers=RAW)
            assert error(late, 503)["code"] == "not_ready"
            assert server.client().get("/healthz").status_code == 200
            assert first.result().status_code == 200
            assert first.result().json()["height"] == 5000
        assert server.process.wait(timeout=60) == 0
        assert server.events("stopped")[0]["dropped"] == 0


def test_it_ends_without_what_timed_out() -> None:
    with serving("--workers", "1", "--timeout", "0.5") as server:
        answer = server.client().post("/v1/detect", params=SLOW, content=tall(), headers=RAW)
        assert error(answer, 503)["code"] == "timed_out"
        assert server.stop() == 0
        assert server.events("stopped")[0]["dropped"] == 1


class Broken(Runtime):
    """A network that fails, as one does that finds no memory."""

    network = source = "broken"

    def _run(self, pictures: Any) -> Any:
        raise MemoryError("of 123 bytes")


def test_a_failure_of_the_server_is_an_error_like_others(
    photo: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(10**6, 10**6, 640, 9, 2, 30.0, urls=False)
    analyser = Analyser(Detector(Broken(), long_side=320), Thresholds(), limits)
    service = Service(analyser, Admission(1, 1), Keys([]), ready=True)
    transport = httpx.ASGITransport(build(service))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post("/v1/detect", content=photo, headers=RAW)

    caplog.set_level(logging.INFO, "craftlite.serve")
    found = error(asyncio.run(ask()), 500)
    assert found["code"] == "failed" and "123" not in found["message"]
    assert "of 123 bytes" in caplog.text
    assert service.admission.taken == 0


def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "craftlite.cli", "serve", *options]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, timeout=60
    )


def test_what_cannot_be_served_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("--port", port)
    assert done.returncode == 2 and f"--port {port}" in done.stderr
    done = run("--port", "0", "--max-batch", "9", "--max-waiting", "1", "--workers", "1")
    assert done.returncode == 2 and "allow only 2" in done.stderr
    assert "Traceback" not in done.stderr


def test_keys_that_protect_nothing_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    for text in ("", "\n \n", "short\n", f"{FIRST}\nshort", "key with a tab\tin it", "ключ" * 9):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match="key") as caught:
            read_keys(file, {})
        assert FIRST not in str(caught.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_keys(tmp_path / "none", {})
    with pytest.raises(ConfigError, match="at least 16"):
        read_keys(None, {"CRAFTLITE_API_KEY": "short"})


def test_every_line_on_stderr_is_json(server: Server) -> None:
    assert all(json.loads(line)["time"] for line in server.lines)
