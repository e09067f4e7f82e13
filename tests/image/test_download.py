"""Downloads from real servers on this machine: good ones, slow ones, and ones that lie."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from craftlite.errors import InputError
from craftlite.image import download as download_module
from craftlite.image.download import REDIRECTS, download, is_public, url_name

Serve = Callable[[Callable[[socket.socket, str], None]], str]
LONG = 60.0  # seconds that a slow server goes on for; no test waits that long


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that hands each connection and its request to a function; its address."""
    listeners: list[socket.socket] = []

    def start(handle: Callable[[socket.socket, str], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                handle(connection, connection.recv(1 << 16).decode("latin-1"))

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def fixed(text: str) -> Callable[[socket.socket, str], None]:
    """Answers everything with the same text."""
    return lambda connection, request: connection.sendall(text.encode("latin-1"))


def drip(connection: socket.socket, text: bytes) -> None:
    """Sends a text again and again, slowly."""
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        connection.sendall(text)
        time.sleep(0.02)


def failure(url: str, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        download(url, 1 << 20, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.startswith(f"{url_name(url)}: ")
    return message


def test_what_a_server_holds(serve: Serve) -> None:
    requests: list[str] = []

    def answer(connection: socket.socket, request: str) -> None:
        requests.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more")

    url = serve(answer)
    assert download(f"{url}/\u00e4 b%20c.jpg?q=\u00e4#part", 5).getvalue() == b"hello"
    line, *headers = requests[0].split("\r\n")
    assert line == "GET /%C3%A4%20b%20c.jpg?q=%C3%A4 HTTP/1.1"
    assert f"Host: {url.removeprefix('http://')}" in headers
    assert not any(header.startswith("Authorization") for header in headers)


def test_chunks_are_joined_and_a_missing_one_is_noticed(serve: Serve) -> None:
    head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    assert download(serve(fixed(f"{head}1\r\n!\r\n0\r\n\r\n")), 99).getvalue() == b"hello!"
    assert "before the file was complete" in failure(serve(fixed(f"{head}5\r\nhe")))


def test_an_answer_shorter_than_it_says_is_refused(serve: Serve) -> None:
    short = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello"
    assert "before the file was complete" in failure(serve(fixed(short)))


def test_a_large_answer_is_refused_by_what_it_says_and_by_what_it_is(serve: Serve) -> None:
    def endless(connection: socket.socket, request: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(bytes(1 << 16))

    announced = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n"
    for server in (serve(endless), serve(fixed(announced))):
        assert "larger than the limit of 1 MiB" in failure(server)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b"X-Slow: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["nothing", "headers", "one header", "100-continue", "body", "chunks"],
)
def test_a_slow_server_is_given_up(serve: Serve, first: bytes, again: bytes) -> None:
    def slow(connection: socket.socket, request: str) -> None:
        connection.sendall(first)
        drip(connection, again)

    assert "timed out after 0.5 seconds" in failure(serve(slow), seconds=0.5)


def test_slow_redirects_are_given_up_together(serve: Serve) -> None:
    def slow(connection: socket.socket, request: str) -> None:
        time.sleep(0.3)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /on\r\n\r\n")

    assert "timed out after 0.8 seconds" in failure(serve(slow), seconds=0.8)


def test_a_server_that_never_shakes_hands_is_given_up(serve: Serve) -> None:
    url = serve(lambda connection, request: time.sleep(LONG)).replace("http", "https")
    assert "timed out" in failure(url, seconds=0.5)


def test_a_look_up_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: time.sleep(LONG))
    assert "timed out" in failure("http://a.example/", seconds=0.5)


def countdown(connection: socket.socket, request: str) -> None:
    """Redirects /3 to /2, /2 to /1, /1 to /0, which is there."""
    number = int(request.split()[1].removeprefix("/"))
    head = f"302 Found\r\nLocation: {number - 1}" if number else "200 OK"
    connection.sendall(f"HTTP/1.1 {head}\r\nContent-Length: 2\r\n\r\nok".encode())


def test_redirects_are_followed_so_often_and_no_more(serve: Serve) -> None:
    url = serve(countdown)
    assert download(f"{url}/{REDIRECTS}", 99).getvalue() == b"ok"
    assert "redirects more than 5 times" in failure(f"{url}/{REDIRECTS + 1}")
    loop = serve(fixed("HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n"))
    assert "redirects more than 5 times" in failure(loop)


def test_a_redirect_with_an_endless_body_is_followed_at_once(serve: Serve) -> None:
    def endless(connection: socket.socket, request: str) -> None:
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {there}/0\r\n\r\n".encode())
        drip(connection, bytes(1 << 16))

    there = serve(countdown)
    assert download(serve(endless), 99).getvalue() == b"ok"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("ftp://127.0.0.1/a.jpg", "redirects to ftp://127.0.0.1/a.jpg: only http and https"),
        ("file:///etc/hostname", "redirects to file:///etc/hostname: only http and https"),
        ("data:text/plain,x", "only http and https"),
        ("http://[::1", "redirects to a malformed URL"),
        ("http://me:secret@127.0.0.1:99999/", "redirects to http://127.0.0.1:99999/: the URL"),
    ],
)
def test_redirects_that_are_not_followed(serve: Serve, location: str, reason: str) -> None:
    said = failure(serve(fixed(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n")))
    assert reason in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("HTTP/1.1 404 \x1b[31mLook here\r\n\r\n", "the server returned 404 Not Found"),
        ("HTTP/1.1 302 Found\r\n\r\n", "the server returned 302"),
        ("HTTP/1.1 799 What\r\n\r\n", "the server returned 799"),
        ("SSH-2.0-server\r\n", "response is not valid HTTP"),
        ("HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 200, "response is not valid HTTP"),
        ("", "cannot be fetched"),
    ],
)
def test_answers_that_are_none(serve: Serve, answer: str, reason: str) -> None:
    said = failure(serve(fixed(answer)))
    assert reason in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1/a.jpg",
        "http:///a.jpg",
        "http://",
        "http://a..b/",
        "http://a b/",
        "http://a\0b/",
        "http://\udce9/",
        "http://127.0.0.1:0/",
        "https://127.0.0.1:99999/a.jpg",
        f"http://{'a' * 70}.example/",
        "http://me:se/cret@a.example/",
    ],
)
def test_malformed_addresses(url: str) -> None:
    with pytest.raises(InputError) as caught:
        download(url, 1)
    said = str(caught.value)
    assert said.endswith(": the URL is malformed")
    assert said.isprintable()
    assert "cret" not in said


def test_a_password_goes_to_its_server_alone(serve: Serve) -> None:
    seen: list[str] = []

    def answer(connection: socket.socket, request: str) -> None:
        seen.append(request)
        place = "/near" if "GET /near" not in request else other
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {place}\r\n\r\n".encode())

    def away(connection: socket.socket, request: str) -> None:
        seen.append(request)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\n\r\n")

    other = serve(away)
    url = serve(answer)
    said = failure(url.replace("//", "//me:s%40cret@"))
    assert said == f"{url}: the server returned 404 Not Found"
    logins = ["Authorization: Basic bWU6c0BjcmV0" in request for request in seen]
    assert logins == [True, True, False]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("2606:4700::1", True),
        ("::1", False),
        ("::", False),
        ("fe80::1%1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_other_networks_are_refused_where_told_to(serve: Serve) -> None:
    url = serve(countdown)
    assert download(f"{url}/0", 99).getvalue() == b"ok"
    said = failure(f"{url}/0", public_only=True)
    assert "127.0.0.1 is not an address of the public internet" in said
    # The name's address counts, not the name.
    named = f"{url}/0".replace("127.0.0.1", "localhost")
    assert "is not an address of the public internet" in failure(named, public_only=True)


def test_a_redirect_into_another_network_is_refused(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "is_public", lambda address: address == "127.0.0.1")
    url = serve(countdown)
    assert download(f"{url}/2", 99, public_only=True).getvalue() == b"ok"
    there = "http://127.0.0.2:9/a.jpg"
    inward = serve(fixed(f"HTTP/1.1 302 Found\r\nLocation: {there}\r\n\r\n"))
    said = failure(inward, public_only=True)
    assert f"redirects to {there}: 127.0.0.2 is not an address of the public internet" in said


def test_a_proxy_is_used_except_for_public_only(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def proxy(connection: socket.socket, request: str) -> None:
        seen.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    monkeypatch.setenv("http_proxy", serve(proxy).replace("//", "//me:secret@"))
    assert download("http://nowhere.invalid/a.jpg?b", 99).getvalue() == b"ok"
    assert seen[0].startswith("GET http://nowhere.invalid/a.jpg?b HTTP/1.1\r\n")
    assert "Host: nowhere.invalid\r\n" in seen[0]
    assert "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n" in seen[0]
    assert "cannot be fetched" in failure("http://nowhere.invalid/a.jpg", public_only=True)
    assert len(seen) == 1


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of pictures.invalid, with its key, that downloads trust."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    file = tmp_path / "certificate.pem"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -out {file}"
    names = ["-keyout", tmp_path / "key.pem", "-addext", "subjectAltName=DNS:pictures.invalid"]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


def test_https_through_a_proxy(
    serve: Serve, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    seen: list[str] = []

    def proxy(connection: socket.socket, request: str) -> None:
        seen.append(request.partition("\r\n")[0])
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with context.wrap_socket(connection, server_side=True) as safe:
            seen.append(safe.recv(1 << 16).decode().partition("\r\n")[0])
            safe.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    monkeypatch.setenv("https_proxy", serve(proxy))
    assert download("https://pictures.invalid/a.jpg", 99).getvalue() == b"ok"
    assert seen == ["CONNECT pictures.invalid:443 HTTP/1.1", "GET /a.jpg HTTP/1.1"]
    assert "CERTIFICATE_VERIFY_FAILED" in failure("https://other.invalid/a.jpg")
    monkeypatch.setenv("https_proxy", serve(fixed("HTTP/1.1 403 Forbidden\r\n\r\n")))
    assert "returned 403" in failure("https://pictures.invalid/a.jpg")
    monkeypatch.setenv("https_proxy", "socks5://me:secret@127.0.0.1:9")
    said = failure("https://pictures.invalid/a.jpg")
    assert "the proxy socks5://127.0.0.1:9 is not an http proxy" in said
