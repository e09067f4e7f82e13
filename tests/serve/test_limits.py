"""What a request may not do: take more bytes, pixels, places or time than there are."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from served import SLOW, Server, blank, error, serving, tall, wait_until

MOST_BYTES = 200_000
JSON = {"Content-Type": "application/json"}
RAW = {"Content-Type": "application/octet-stream"}
PATIENT = ("--timeout", "120")
ONE_PLACE_AND_ONE_TO_WAIT = ("--workers", "1", "--max-waiting", "1", "--max-batch", "2")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    limits = ["--max-bytes", str(MOST_BYTES), "--max-pixels", "2000000", "--max-tiles", "4"]
    with serving(*limits, "--timeout", "3", "--max-batch", "2") as running:
        # What they send is no whole request; they are looked at in the end.
        running.silent = [connected(running) for _ in range(2)]
        running.silent[1].sendall(b"POST /v1/detect HTTP/1.1\r\nHost: x\r\n")
        yield running


@pytest.fixture
def client(server: Server) -> httpx.Client:
    return server.client()


def connected(server: Server) -> socket.socket:
    parts = urlsplit(server.events("listening")[0]["address"])
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def all_of(connection: socket.socket) -> bytes:
    """What a server sends until it closes the connection."""
    with connection:
        parts = []
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def test_a_body_is_measured_by_what_it_says_and_by_what_it_is(client: httpx.Client) -> None:
    for content in (bytes(MOST_BYTES + 1), iter([bytes(1000)] * 1000)):
        answer = client.post("/v1/detect", content=content, headers=RAW)
        assert error(answer, 413)["code"] == "too_large"
    text = "A" * MOST_BYTES
    assert error(client.post("/v1/detect", json={"image": text}), 413)
    assert error(client.post("/v1/detect", files={"file": text}), 413)
    assert client.post("/v1/detect", content=blank(64, 64), headers=RAW).status_code == 200


def test_an_endless_body_ends(server: Server) -> None:
    head = b"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
    connection = connected(server)
    connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")

    def send() -> None:
        with suppress(OSError):
            while True:
                connection.sendall(b"8000\r\n" + bytes(0x8000) + b"\r\n")

    threading.Thread(target=send, daemon=True).start()
    answer = connection.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 413 ")
    connection.close()


def test_a_slow_body_ends_at_a_deadline(server: Server) -> None:
    head = b"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
    connection = connected(server)
    connection.sendall(head + b"Content-Length: 1000\r\n\r\n1234")
    answer = all_of(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "slow_body"


def test_too_many_pixels_are_refused_before_they_are_decoded(client: httpx.Client) -> None:
    answer = client.post("/v1/detect", files={"file": ("big.png", blank(2000, 1001))})
    found = error(answer, 413)
    assert found["code"] == "too_large"
    assert found["message"].startswith("big.png: has 2000x1001 pixels")


def test_too_many_tiles_are_refused(client: httpx.Client) -> None:
    body = {"image": base64.b64encode(blank(100, 19_000)).decode()}
    found = error(client.post("/v1/detect", json=body | {"long_side": 900}), 413)
    assert found["field"] == "tiles"
    assert client.post("/v1/detect", json=body | {"tiles": "off"}).status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b'{"image": ' * 10_000 + b"1" + b"}" * 10_000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"image": null}', 422),
        (b'{"image": "AAAA", "url": "http://example.com/"}', 422),
        (b'{"image": 1}', 422),
        ('{"image": "A"}'.encode("utf-16"), 400),
        (b'{"image": "\xff"}', 400),
        (b'{"image": "\\ud800"}', 400),
        (b'{"image": ""}', 422),
        (b'{"image": "AAA"}', 422),
        (b'{"image": "' + b" " * 100_000 + b'"}', 422),
        (b'{"image": "' + b"\\n" * 50_000 + b'"}', 422),
    ],
)
def test_json_that_is_no_request(client: httpx.Client, content: bytes, status: int) -> None:
    error(client.post("/v1/detect", content=content, headers=JSON), status)


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("text/plain", b"x", 415),
        ("application/x-www-form-urlencoded", b"file=x", 415),
        ("", b"x", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"", 400),
        ("multipart/form-data; boundary=b", b"no part", 400),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 20_000, 400),
        ("image/png", b"", 400),
        ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(100), 422),
    ],
)
def test_bodies_that_hold_no_picture(
    client: httpx.Client, kind: str, content: bytes, status: int
) -> None:
    error(client.post("/v1/detect", content=content, headers={"Content-Type": kind}), status)


def test_names_of_files_are_echoed_and_never_opened(client: httpx.Client) -> None:
    picture = blank(64, 64)
    for name in ("/etc/passwd", "../../a.png", "http://127.0.0.1/a.png", "x" * 300):
        answer = client.post("/v1/detect", files={"file": (name, picture)})
        assert answer.json()["image"] == name[:255]
    name = "nul%00\x1b[31m\u202e.png"
    found = error(client.post("/v1/detect", files={"file": (name, b"no picture")}), 422)
    assert found["message"].isprintable()
    body = {"image": base64.b64encode(b"no picture").decode(), "name": "a\0b\n"}
    assert r"a\x00b\n: " in error(client.post("/v1/detect", json=body), 422)["message"]


def test_a_form_has_few_fields_and_its_file_is_a_file(client: httpx.Client) -> None:
    many = {f"field{number}": "x" for number in range(100)}
    error(client.post("/v1/detect", data=many, files={"file": b"x"}), 400)
    error(client.post("/v1/detect", data={"level": "x" * 2000}, files={"file": b"x"}), 400)
    error(client.post("/v1/detect", data={"file": "text"}, files={"other": b"x"}), 422)
    two = [("file", b"x"), ("file", b"x")]
    error(client.post("/v1/detect", files=two), 413)


def test_other_routes_and_methods_are_refused_in_json(client: httpx.Client) -> None:
    assert error(client.get("/v1/detect"), 405)["code"] == "method_not_allowed"
    assert error(client.get("/docs"), 404)["code"] == "not_found"
    assert error(client.get("/v1/detect/../../etc/passwd"), 404)
    assert (
        client.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    )
    bad = client.get("/healthz", headers={"X-Request-ID": "a b"}).headers["X-Request-ID"]
    assert bad != "a b"


def test_what_is_not_http_is_refused_in_json(server: Server) -> None:
    for text in (b"\0\1\2\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000):
        connection = connected(server)
        connection.sendall(text)
        answer = all_of(connection)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "bad_request"


def test_a_silent_connection_is_closed(server: Server) -> None:
    for connection in server.silent:
        with suppress(ConnectionError):
            assert all_of(connection) == b""


def test_nothing_fails_on_the_server(server: Server) -> None:
    """After all of the above: no 500, and no line of the log that is not JSON."""
    assert server.events("failed") == []
    assert {entry["status"] for entry in server.events("request")} >= {200, 400, 408, 413, 422}


def post(client: httpx.Client, data: bytes, **options: Any) -> httpx.Response:
    return client.post("/v1/detect", params=options, content=data, headers=RAW)


def test_more_than_there_is_room_for_is_refused(photo: bytes) -> None:
    with (
        serving(*ONE_PLACE_AND_ONE_TO_WAIT, "--timeout", "120") as server,
        ThreadPoolExecutor(2) as pool,
    ):
        clients = [server.client() for _ in range(3)]
        first = pool.submit(post, clients[0], tall(), **SLOW)
        wait_until(lambda: server.metric("craftlite_pictures_running") == 1)
        second = pool.submit(post, clients[1], photo, long_side=64)
        wait_until(lambda: server.metric("craftlite_pictures_waiting") == 1)
        third = post(clients[2], photo)
        assert error(third, 429)["code"] == "busy"
        assert third.headers["Retry-After"] == "1"
        assert clients[2].get("/readyz").status_code == 200
        assert [first.result().status_code, second.result().status_code] == [200, 200]
        assert post(clients[2], photo).status_code == 200


def test_time_is_limited_and_a_place_is_free_once_its_thread_is(photo: bytes) -> None:
    with serving(*ONE_PLACE_AND_ONE_TO_WAIT, "--timeout", "0.3") as server:
        client = server.client()
        slow = post(client, tall(), **SLOW)
        found = error(slow, 503)
        assert found["code"] == "timed_out" and "0.3 s" in found["message"]
        assert server.metric("craftlite_pictures_running") == 1
        wait_until(lambda: server.metric("craftlite_pictures_running") == 0)
        wait_until(lambda: post(client, blank(32, 32)).status_code == 200)


def test_what_nobody_waits_for_is_not_begun(photo: bytes) -> None:
    with (
        serving(*ONE_PLACE_AND_ONE_TO_WAIT, "--timeout", "120") as server,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(post, server.client(), tall(), **SLOW)
        wait_until(lambda: server.metric("craftlite_pictures_running") == 1)
        head = "POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
        head += f"Content-Length: {len(photo)}\r\n\r\n"
        gone = connected(server)
        gone.sendall(head.encode() + photo)
        wait_until(lambda: server.metric("craftlite_pictures_waiting") == 1)
        gone.close()
        wait_until(lambda: server.metric("craftlite_pictures_waiting") == 0)
        assert first.result().status_code == 200
        assert server.metric("craftlite_pictures_total") == 1
        assert 499 in {entry["status"] for entry in server.events("request")}
