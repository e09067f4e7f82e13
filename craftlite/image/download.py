"""Downloads from http(s) URLs with limits on time, memory and networks."""

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
_KEPT = "%/:?#[]@!$&'()*+,;=~"  # characters with a meaning in URLs, which are not quoted
_PART = 1 << 16  # bytes per read
_SHOWN = 200  # maximum number of characters of a redirect in a message
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_url(source: object) -> TypeGuard[str]:
    """Return whether a source is a URL with a scheme, such as https://, rather than a path."""
    return isinstance(source, str) and _SCHEME.match(source) is not None


def url_name(url: str) -> str:
    """Return a URL for display, without a user name and password."""
    try:
        urlsplit(url).port  # noqa: B018 (raises if the password contains a slash, for example)
        login = r"[^/?#]*@"
    except ValueError:
        login = r".*@"
    return re.sub(rf"(?s)(?<=://){login}", "", url, count=1)


def download(
    url: str, most: int, *, public_only: bool = False, seconds: float = SECONDS
) -> io.BytesIO:
    """Download from an http(s) URL, following at most REDIRECTS redirects.

    Proxies set in the environment (such as `https_proxy`) are used, except with public_only, as
    only the proxy knows which network it connects to.

    Args:
        url: may contain a user name and password, which are only sent to its own server.
        most: maximum number of bytes; a larger response is refused.
        public_only: refuse loopback, private, link-local and other non-public networks, whether a
            URL or a redirect leads to them.
        seconds: time limit, from the look-up of the name to the last byte.

    Raises:
        InputError: the URL cannot or must not be fetched.
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
        raise InputError(f"{name}: the connection ended before the file was complete") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be fetched ({error.strerror or error})") from error
    except http.client.HTTPException as error:
        kind = type(error).__name__
        raise InputError(f"{name}: the server's response is not valid HTTP ({kind})") from error
    raise InputError(f"{name}: redirects more than {REDIRECTS} times")


class _RefusedError(Exception):
    """A URL must not be fetched; the text gives the reason."""


def _parts(url: str) -> SplitResult:
    """Return the parts of a URL; raises _RefusedError if it is not http(s) or is malformed."""
    scheme = _SCHEME.match(url)
    if scheme is None or scheme[1].lower() not in ("http", "https"):
        raise _RefusedError("only http and https URLs are supported")
    try:
        parts = urlsplit(url)
        if re.fullmatch(r"[!-~]+", _authority(parts)) and parts.port != 0:
            return parts
    except ValueError:
        pass  # the error's text may contain a password
    raise _RefusedError("the URL is malformed")


def _authority(parts: SplitResult, port: int | None = None) -> str:
    """Return the server's ASCII name, with the port of the URL, or else of the caller, if any."""
    host = (parts.hostname or "").encode("idna").decode("ascii")
    host = f"[{host}]" if ":" in host else host
    port = parts.port or port
    return f"{host}:{port}" if host and port else host


def _onward(url: str, location: str) -> str:
    """Return the URL that a redirect leads to; http.client has decoded its bytes as Latin-1."""
    try:
        return urljoin(url, location.encode("latin-1").decode("utf-8", "surrogateescape"))
    except ValueError:
        raise _RefusedError("redirects to a malformed URL") from None


def _body(answer: http.client.HTTPResponse, most: int, name: str) -> io.BytesIO:
    if not 200 <= answer.status < 300:
        # The server's own text is omitted, as it may be long and contain anything.
        phrase = http.client.responses.get(answer.status, "")
        raise InputError(f"{name}: the server returned {answer.status} {phrase}".rstrip())
    body = io.BytesIO()
    while body.tell() + (answer.length or 0) <= most:
        part = answer.read1(_PART)
        if not part and answer.length:
            raise http.client.IncompleteRead(b"")
        if not part:
            return body
        body.write(part)
    raise TooLargeError(f"{name}: is larger than the limit of {most // 1024**2} MiB")


@dataclass(frozen=True)
class _Visit:
    """The rules for every server contacted on the way to a file."""

    deadline: float  # on the clock of `time.monotonic`
    public_only: bool  # refuse networks that are not public

    @contextmanager
    def ask(self, parts: SplitResult) -> Iterator[http.client.HTTPResponse]:
        """Request a URL and yield the response, whose body has not been read."""
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
        """Return the seconds until the deadline; raises TimeoutError after it."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _connected(self, parts: SplitResult, port: int) -> socket.socket:
        """Connect to a server; several addresses are tried in turn within the remaining time."""
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
        """Return a server's addresses, as `socket.getaddrinfo` does, within the time limit."""
        answers: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except OSError as error:
                answers.put(error)

        # The call has no time limit of its own, so run it in a thread.
        threading.Thread(target=look_up, daemon=True).start()
        try:
            answer = answers.get(timeout=self._left())
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _tunnel(self, sock: socket.socket, parts: SplitResult, proxy: SplitResult) -> None:
        """Ask a proxy to open a tunnel to a URL's server."""
        server = _authority(parts, 443)
        headers = {"Host": server, **_login("Proxy-Authorization", proxy)}
        answer = self._answer(sock, "CONNECT", server, headers)
        if answer.status != 200:
            raise OSError(f"the proxy {_authority(proxy)} returned {answer.status}")

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
    """Reads from a socket, waiting for each part no longer than the remaining time."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock, self._left = sock, left

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a buffered reader; `HTTPResponse` calls this method of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._left())
        return self._sock.recv_into(buffer)


def is_public(address: str) -> bool:
    """Return whether a numeric address belongs to the public internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global
    # IPv6 addresses may embed IPv4 addresses, including private ones.
    inner = ip.ipv4_mapped or ip.sixtofour
    if ip in _NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.is_global if inner is None else inner.is_global


def _proxy(parts: SplitResult) -> SplitResult | None:
    """Return the proxy that the environment sets for a URL."""
    address = urllib.request.getproxies().get(parts.scheme)
    if not address or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    proxy = urlsplit(address if is_url(address) else f"http://{address}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise OSError(f"the proxy {url_name(address)} is not an http proxy")
    return proxy


def _login(header: str, parts: SplitResult) -> dict[str, str]:
    """Return the header with a URL's user name and password, if it has them."""
    if parts.username is None:
        return {}
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    coded = base64.b64encode(login.encode("utf-8", "surrogateescape")).decode("ascii")
    return {header: f"Basic {coded}"}
