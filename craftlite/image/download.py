"""Download from http(s) addresses, in bounded time and memory, from the networks allowed."""

import base64
import http.client
import io
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeGuard
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from craftlite.errors import InputError, TooLargeError

SECONDS = 30.0
REDIRECTS = 5

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_REDIRECTED = (301, 302, 303, 307, 308)
_KEPT = "%/:?#[]@!$&'()*+,;=~"  # characters that mean something in an address
_PART = 1 << 16  # bytes read at once
_SHOWN = 200  # characters of a redirect that a message repeats
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_url(source: object) -> TypeGuard[str]:
    """Whether a source is an address with a scheme, such as https://, rather than a path."""
    return isinstance(source, str) and _SCHEME.match(source) is not None


def url_name(url: str) -> str:
    """An address as it may be shown: without the user's name and password that it may hold."""
    try:
        urlsplit(url).port  # noqa: B018 (raises where the password holds a slash, say)
        login = r"[^/?#]*@"
    except ValueError:
        login = r".*@"
    return re.sub(rf"(?s)(?<=://){login}", "", url, count=1)


def download(
    url: str, most: int, *, public_only: bool = False, seconds: float = SECONDS
) -> io.BytesIO:
    """Download from an http(s) address, following REDIRECTS redirects at most.

    The proxies that the environment names (`https_proxy` and the like) are used, except with
    public_only: nobody but the proxy knows which network it reaches.

    Args:
        url: may hold a user's name and password, which are sent to its own server alone.
        most: bytes; a larger answer is refused.
        public_only: refuse a loopback, private, link-local or other network that is not public,
            wherever an address or a redirect leads to one.
        seconds: for all of it, from the look-up of the name to the last byte.

    Raises:
        InputError: it cannot or must not be fetched.
    """
    name, visit = url_name(url), _Visit(time.monotonic() + seconds, public_only)
    try:
        for _ in range(REDIRECTS + 1):
            with visit.ask(_parts(url)) as answer:
                if answer.status not in _REDIRECTED or "Location" not in answer.headers:
                    return _body(answer, most, name)
                url = _onward(url, answer.headers["Location"])
    except _RefusedError as error:
        found = url_name(url)
        via = "" if found == name else f"redirects to {found[:_SHOWN]}: "
        raise InputError(f"{name}: {via}{error}") from None
    except TimeoutError as error:
        raise InputError(f"{name}: timed out after {seconds:g} seconds") from error
    except http.client.IncompleteRead as error:
        raise InputError(f"{name}: the connection ended before the whole file had come") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be fetched ({error.strerror or error})") from error
    except http.client.HTTPException as error:
        kind = type(error).__name__
        raise InputError(f"{name}: the server does not keep to HTTP ({kind})") from error
    raise InputError(f"{name}: redirects more than {REDIRECTS} times")


class _RefusedError(Exception):
    """An address that must not be fetched; its text says why."""


def _parts(url: str) -> SplitResult:
    """The parts of an address; raises _RefusedError if it is not of http(s), or malformed."""
    scheme = _SCHEME.match(url)
    if scheme is None or scheme[1].lower() not in ("http", "https"):
        raise _RefusedError("only http and https addresses are read")
    try:
        parts = urlsplit(url)
        if re.fullmatch(r"[!-~]+", _authority(parts)) and parts.port != 0:
            return parts
    except ValueError:
        pass  # its text may repeat a password
    raise _RefusedError("the address is malformed")


def _authority(parts: SplitResult, port: int | None = None) -> str:
    """The server's name in ASCII, with its port where the address, or else the caller, has one."""
    host = (parts.hostname or "").encode("idna").decode("ascii")
    host = f"[{host}]" if ":" in host else host
    port = parts.port or port
    return f"{host}:{port}" if host and port else host


def _onward(url: str, location: str) -> str:
    """The address that a redirect leads to; http.client has decoded its bytes as Latin-1."""
    try:
        return urljoin(url, location.encode("latin-1").decode("utf-8", "surrogateescape"))
    except ValueError:
        raise _RefusedError("redirects to a malformed address") from None


def _body(answer: http.client.HTTPResponse, most: int, name: str) -> io.BytesIO:
    if not 200 <= answer.status < 300:
        # The server's own text is left out: it may be long, and contain anything.
        phrase = http.client.responses.get(answer.status, "")
        raise InputError(f"{name}: the server answers {answer.status} {phrase}".rstrip())
    body = io.BytesIO()
    while body.tell() + (answer.length or 0) <= most:
        part = answer.read1(_PART)
        if not part and answer.length:
            raise http.client.IncompleteRead(b"")
        if not part:
            return body
        body.write(part)
    raise TooLargeError(f"{name}: is larger than {most // 1024**2} MiB, the most that is read")


@dataclass(frozen=True)
class _Visit:
    """The rules that hold for every server on the way to a file."""

    deadline: float  # as `time.monotonic` counts
    public_only: bool  # refuse networks that are not public

    @contextmanager
    def ask(self, parts: SplitResult) -> Iterator[http.client.HTTPResponse]:
        """The answer of an address's server, with its body still to come."""
        secure = parts.scheme == "https"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        target = quote(path, _KEPT, errors="surrogateescape")
        headers = {"Host": _authority(parts), "User-Agent": "craftlite"}
        headers |= _login("Authorization", parts)
        proxy = None if self.public_only else _proxy(parts)
        if proxy is not None and not secure:
            target = f"http://{_authority(parts)}{target}"
            headers |= _login("Proxy-Authorization", proxy)
        with self._connected(proxy or parts, 443 if secure and proxy is None else 80) as sock:
            if not secure:
                yield self._answer(sock, "GET", target, headers)
                return
            if proxy is not None:
                self._tunnel(sock, parts, proxy)
            context = ssl.create_default_context()
            sock.settimeout(self._left())
            with context.wrap_socket(sock, server_hostname=parts.hostname) as safe:
                yield self._answer(safe, "GET", target, headers)

    def _left(self) -> float:
        """Seconds until the deadline; raises TimeoutError after it."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _connected(self, parts: SplitResult, port: int) -> socket.socket:
        """A connection to a server; with several addresses, each has its share of the time."""
        places = self._places(parts.hostname, parts.port or port)
        for number, (family, kind, protocol, _, place) in enumerate(places):
            if self.public_only and not is_public(str(place[0])):
                raise _RefusedError(f"{place[0]} is not an address of the public internet")
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self._left() / (len(places) - number))
                sock.connect(place)
                return sock
            except OSError as error:
                sock.close()
                failure = error
        raise failure

    def _places(self, host: str | None, port: int) -> list[Any]:
        """A server's addresses, as `socket.getaddrinfo` returns them."""
        answers: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except OSError as error:
                answers.put(error)

        # The system waits for its name servers as long as it likes: the call has no time limit.
        threading.Thread(target=look_up, daemon=True).start()
        try:
            answer = answers.get(timeout=self._left())
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _tunnel(self, sock: socket.socket, parts: SplitResult, proxy: SplitResult) -> None:
        """Ask a proxy to pass everything on to an address's server."""
        server = _authority(parts, 443)
        headers = {"Host": server, **_login("Proxy-Authorization", proxy)}
        answer = self._answer(sock, "CONNECT", server, headers)
        if answer.status != 200:
            raise OSError(f"the proxy {_authority(proxy)} answers {answer.status}")

    def _answer(
        self, sock: socket.socket, method: str, target: str, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        sock.settimeout(self._left())
        connection = http.client.HTTPConnection("")
        connection.sock = sock
        connection.request(method, target, headers=headers)
        answer = http.client.HTTPResponse(_TimedReader(sock, self._left), method=method)  # type: ignore[arg-type]
        answer.begin()
        return answer


class _TimedReader(io.RawIOBase):
    """Reads from a socket, and waits for each part no longer than the time left."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock, self._left = sock, left

    def makefile(self, mode: str) -> io.BufferedReader:
        """What `HTTPResponse` asks of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._left())
        return self._sock.recv_into(buffer)


def is_public(address: str) -> bool:
    """Whether a numeric address belongs to the public internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global
    # IPv6 has room for IPv4's addresses, private ones among them.
    inner = ip.ipv4_mapped or ip.sixtofour
    if ip in _NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.is_global if inner is None else inner.is_global


def _proxy(parts: SplitResult) -> SplitResult | None:
    """The proxy that the environment names for an address."""
    address = urllib.request.getproxies().get(parts.scheme)
    if not address or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    proxy = urlsplit(address if is_url(address) else f"http://{address}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise OSError(f"the proxy {url_name(address)} is not one of http")
    return proxy


def _login(header: str, parts: SplitResult) -> dict[str, str]:
    """The header with an address's user name and password, if it has them."""
    if parts.username is None:
        return {}
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    coded = base64.b64encode(login.encode("utf-8", "surrogateescape")).decode("ascii")
    return {header: f"Basic {coded}"}
