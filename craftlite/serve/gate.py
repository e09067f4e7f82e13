"""Handling common to all requests: ids, limits on bodies, JSON errors and a line in the log."""

import asyncio
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from craftlite.serve.admission import ClientGoneError
from craftlite.serve.errors import ApiError, busy, failed, too_large
from craftlite.serve.logs import log
from craftlite.serve.metrics import Metrics

HELD = 8  # limit on the bytes of all bodies in memory, as a multiple of the largest body
CLOSED = 499  # status in logs and metrics of a request without a response
MOST = 256  # requests handled concurrently
LINGER = 2.0  # seconds for a client to read a response sent before its body was complete
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


@dataclass
class Exchange:
    """One request and its response.

    Attributes:
        id: the client's X-Request-ID, or else a random one.
        whole: whether the whole body has been received.
        start: time of the request's start, on the monotonic clock.
        received: number of bytes of the body received.
        status: HTTP status of the response.
        facts: additional fields of the log line.
    """

    id: str
    whole: bool
    start: float = field(default_factory=time.monotonic)
    received: int = 0
    status: int = CLOSED
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, headers: Headers) -> "Exchange":
        """Return the exchange of a request with these headers."""
        given = headers.get("X-Request-ID", "")
        no_body = "Transfer-Encoding" not in headers and headers.get("Content-Length", "0") == "0"
        return cls(given if _ID.fullmatch(given) else secrets.token_hex(8), no_body)


class Gate:
    """Limits, logs and counts requests, and responds to those that fail.

    Args:
        app: the application; it finds the `Exchange` as `exchange` in a request's state.
        metrics: the metrics that count requests.
        most_bytes: maximum size of a body.
        seconds: time limit for a body to arrive.
        routes: paths that logs and metrics name; all others are counted together.

    Attributes:
        seconds: time limit for a body to arrive.
        answering: number of requests in progress.
        held: total bytes of their bodies.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, most_bytes: int, seconds: float, routes: set[str]
    ) -> None:
        self.app, self._metrics, self._routes = app, metrics, routes
        self._most_bytes, self.seconds = most_bytes, seconds
        self.answering, self.held = 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        exchange = Exchange.of(headers)
        scope.setdefault("state", {})["exchange"] = exchange
        route = scope["path"] if scope["path"] in self._routes else "other"
        limited, answer = self._limited(receive, exchange), _answering(receive, send, exchange)
        self.answering += 1
        try:
            self._check(headers)
            await self.app(scope, limited, answer)
        except ClientGoneError:
            pass
        except Exception as error:
            await _refuse(error, exchange, scope, limited, answer)
        finally:
            self.answering -= 1
            self.held -= exchange.received
            seconds = time.monotonic() - exchange.start
            self._metrics.count_request(route, exchange.status, seconds)
            log(
                "request",
                id=exchange.id,
                method=scope["method"][:10],
                route=route,
                status=exchange.status,
                ms=round(1000 * seconds),
                bytes=exchange.received,
                **exchange.facts,
            )

    def _check(self, headers: Headers) -> None:
        """Raise an ApiError if the headers or the load rule a request out.

        The headers may misstate the size of the body, which is therefore counted as well.
        """
        length = headers.get("Content-Length", "0")
        if length.isdecimal() and int(length[:20]) > self._most_bytes:
            raise self._too_large()
        if self.answering > MOST:
            raise busy("too many requests at a time; try again later")

    def _too_large(self) -> ApiError:
        return too_large(f"the body exceeds the limit of {self._most_bytes} bytes")

    def _limited(self, receive: Receive, exchange: Exchange) -> Receive:
        """Return a receiver that enforces the limits on a body's size and time."""
        deadline = exchange.start + self.seconds

        async def receive_limited() -> Message:
            if exchange.whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), deadline - time.monotonic())
            except asyncio.TimeoutError:
                reason = f"the body did not arrive within {self.seconds:g} s"
                raise ApiError(HTTPStatus.REQUEST_TIMEOUT, "slow_body", reason) from None
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            size = len(message.get("body", b""))
            exchange.received += size
            self.held += size
            exchange.whole = not message.get("more_body", False)
            if exchange.received > self._most_bytes:
                raise self._too_large()
            if self.held > HELD * self._most_bytes:
                raise busy("the bodies of other requests use all memory; try again later")
            return message

        return receive_limited


def _answering(receive: Receive, send: Send, exchange: Exchange) -> Send:
    """Return a sender that adds the common headers to a response.

    A response sent before the whole body has arrived closes the connection, but only after a
    moment: otherwise the client would see a broken connection and never read the response.
    """

    async def send_answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS | {"X-Request-ID": exchange.id})
            if not exchange.whole:
                headers["Connection"] = "close"
        elif not exchange.whole and not message.get("more_body"):
            await send({**message, "more_body": True})
            await _discard(receive)
            message = {"type": "http.response.body"}
        await send(message)

    return send_answer


async def _discard(receive: Receive) -> None:
    """Read and discard the rest of a body for at most LINGER seconds."""

    async def read_on() -> None:
        more = True
        while more:
            more = (await receive()).get("more_body", False)

    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(read_on(), LINGER)


async def _refuse(
    error: Exception, exchange: Exchange, scope: Scope, receive: Receive, send: Send
) -> None:
    """Respond to a request that failed, and log unexpected errors."""
    if not isinstance(error, ApiError):
        log("failed", error=error, id=exchange.id)
        error = failed()
    if exchange.status == CLOSED:  # nothing has been sent yet
        await error.response()(scope, receive, send)
