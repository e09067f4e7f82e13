"""Names and routes that the page answers to, and the headers of its answers."""

import asyncio
import re
import subprocess
import sys

import httpx
import pytest

pytest.importorskip("gradio", reason="needs craftlite[demo]")

from starlette.responses import PlainTextResponse
from starlette.types import Message

from craftlite.demo.guard import Guard


def served(host: str, *names: str) -> Guard:
    return Guard(PlainTextResponse("the page"), host, names)


def status(guard: Guard, *hosts: str) -> int:
    """The status of an answer to a request for one Host, or several at once."""
    headers = [(b"host", host.encode()) for host in hosts]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(guard(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost:80", "[::1]", "[::1]:7860"])
def test_local_names_are_the_pages(address: str, host: str) -> None:
    assert httpx.get(address, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "localhost.evil.example", "192.0.2.7", "", "[::1"]
)
def test_other_names_are_refused(address: str, host: str) -> None:
    for path in ("/", "/config", "/gradio_api/info"):
        refused = httpx.get(address + path, headers={"Host": host})
        assert refused.status_code == 421
        assert "--allow-host NAME" in refused.text


def test_names_that_were_allowed_and_the_host_itself_are_good() -> None:
    guard = served("192.0.2.7", "Words.example")
    assert [status(guard, host) for host in ("192.0.2.7", "words.example:80")] == [200, 200]
    assert [status(guard, host) for host in ("192.0.2.8", "example")] == [421, 421]


def test_a_request_names_one_host() -> None:
    guard = served("127.0.0.1")
    assert status(guard, "localhost", "evil.example") == status(guard) == 421


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_on_every_address_any_address_is_good_and_no_name(host: str) -> None:
    guard = served(host, "words.example")
    good = ("192.0.2.7:80", "[2001:db8::1]:80", "localhost", "words.example")
    assert [status(guard, name) for name in good] == [200] * 4
    assert status(guard, "evil.example") == 421


def test_the_command_serves_the_names_that_it_is_given(port: int) -> None:
    command = [sys.executable, "-m", "craftlite.cli", "demo", "--port", str(port)]
    names = ["--allow-host", "words.example", "--allow-host", "signs.example"]
    patient = httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=60)
    with subprocess.Popen([*command, *names, "--threads", "1"]) as server:
        try:
            for host, status in {
                "words.example": 200,
                "signs.example": 200,
                "example": 421,
            }.items():
                headers = {"Host": f"{host}:{port}"}
                answer = patient.get(f"http://127.0.0.1:{port}/config", headers=headers)
                assert answer.status_code == status
        finally:
            server.terminate()


@pytest.mark.parametrize("path", ["/", "/gradio_api/file=/etc/hostname", "/gradio_api/no-route"])
def test_every_answer_has_safe_headers(address: str, path: str) -> None:
    headers = httpx.get(address + path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'self'"


def test_the_cookie_is_out_of_scripts_reach(address: str) -> None:
    cookie = httpx.get(address).headers["Set-Cookie"]
    assert re.fullmatch(r"craftlite-visitor=[\w-]{40,}; Path=/; HttpOnly; SameSite=Lax", cookie)


@pytest.mark.parametrize(
    "route",
    [
        "file=http://example.com/",
        "file=https://example.com/",
        "file/etc/hostname",
        "proxy=http://example.com/",
        "component_server",
        "process_recording",
        "deep_link?session_hash=1",
        "stream/1",
        "vibe-code/",
    ],
)
def test_routes_that_the_page_does_not_use_are_closed(address: str, route: str) -> None:
    for method in ("GET", "POST"):
        assert httpx.request(method, f"{address}/gradio_api/{route}").status_code == 404
