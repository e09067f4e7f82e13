"""uvicorn with time limits on headers, JSON errors, and a graceful shutdown."""

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from types import FrameType
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from craftlite.errors import ConfigError
from craftlite.serve.app import Service, build
from craftlite.serve.errors import ApiError
from craftlite.serve.gate import Gate
from craftlite.serve.logs import log

HEADER_SECONDS = 10.0  # from the connection to the last header of its first request
NEXT_SECONDS = 60.0  # from a response to the next request, including time to read the response
END_SECONDS = 5  # for idle connections to close at shutdown


class _Connection(H11Protocol):
    """A connection that must send a request's headers, and read the response, in time."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request(HEADER_SECONDS)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._cancel()

    def on_response_complete(self) -> None:
        self._expect_request(NEXT_SECONDS)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Respond to data that is not HTTP, which never reaches the application."""
        error = ApiError(HTTPStatus.BAD_REQUEST, "bad_request", msg)
        headers = [("Content-Type", "application/json"), ("Connection", "close")]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=error.json().encode()),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _expect_request(self, seconds: float) -> None:
        self._cancel()
        self._late = self.loop.call_later(seconds, self.transport.abort)

    def _cancel(self) -> None:
        if self._late is not None:
            self._late.cancel()


class _Server(uvicorn.Server):
    """A server that keeps listening, as not ready, until the requests in progress are answered."""

    def __init__(self, config: uvicorn.Config, service: Service, gate: Gate) -> None:
        super().__init__(config)
        self._service, self._gate, self._end = service, gate, 0.0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while the server runs; being stopped by one is not a failure."""
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start to stop; a second signal stops immediately."""
        self.should_exit = self.force_exit = self._service.stopping
        self._service.stopping = True
        # Bodies and results each have their own time limit.
        self._end = time.monotonic() + 2 * self._gate.seconds

    async def on_tick(self, counter: int) -> bool:
        """Return whether the server should end; called ten times a second."""
        idle = self._gate.answering == 0 or time.monotonic() > self._end
        if self._service.stopping and idle:
            self.should_exit = True
        return await super().on_tick(counter)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address; port 0 chooses a free port.

    Raises:
        ConfigError: the address or the port cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=1024)
    except OSError as error:
        raise ConfigError(f"--host {host} --port {port}: {error}; choose another port") from None


def serve(service: Service, listener: socket.socket) -> None:
    """Serve until a signal arrives, then finish the requests in progress."""
    gate = build(service)
    options: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}
    config = uvicorn.Config(
        gate,
        http=_Connection,
        ws="none",
        proxy_headers=False,
        timeout_graceful_shutdown=END_SECONDS,
        **options,
    )
    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    log("listening", address=address)
    _Server(config, service, gate).run(sockets=[listener])
    log("stopped", dropped=service.dropped)
