"""What every request passes: an id, limits on its body, one JSON shape of errors, a line of log."""

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

HELD = 8  # times the largest body: the bytes of all bodies that are held at a time
CLOSED = 499  # the status of a request without an answer, which the log alone shows
MOST = 256  # requests that are answered at a time
LINGER = 2.0  # seconds for a client to see an answer that came before it had sent its whole body
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


@dataclass
class Exchange:
    """One request and its answer.

    Attributes:
        id: of the client's choice, or else a random one.
        whole: whether all of the body has come.
        received: bytes of it that have.
        facts: what the log says besides.
    """

    id: str
    whole: bool
    start: float = field(default_factory=time.monotonic)
    received: int = 0
    status: int = CLOSED
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, headers: Headers) -> "Exchange":
        """The exchange that begins with these headers."""
        given = headers.get("X-Request-ID", "")
        no_body = "Transfer-Encoding" not in headers and headers.get("Content-Length", "0") == "0"
        return cls(given if _ID.fullmatch(given) else secrets.token_hex(8), no_body)


class Gate:
    """Limits, logs and counts requests, and answers those that fail.

    Args:
        app: answers the requests; it finds the `Exchange` as `exchange` in a request's state.
        metrics: that count the requests.
        most_bytes: of a body.
        seconds: that a body may take to arrive.
        routes: paths that logs and metrics name; others are counted as one.

    Attributes:
        seconds: that a body may take to arrive.
        answering: requests that are being answered.
        held: bytes of their bodies.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, most_bytes: int, seconds: float, routes: set[str]
    ) -> None:
        self.app, self._metrics, self._routes = app, metrics, routes
        self._most_bytes, self.seconds = most_bytes, seconds
        self.answering, self.held = 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
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
        """Raise ApiError where a request need not begin; its headers may be wrong on its body."""
        length = headers.get("Content-Length", "0")
        if length.isdecimal() and int(length[:20]) > self._most_bytes:
            raise self._too_large()
        if self.answering > MOST:
            raise busy("too many requests at a time; try again later")

    def _too_large(self) -> ApiError:
        return too_large(f"the body is larger than the {self._most_bytes} bytes that are read")

    def _limited(self, receive: Receive, exchange: Exchange) -> Receive:
        """Receives a body within the limits of bytes and time, and then whatever comes after it."""
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
                raise busy("the bodies of other requests take all memory; try again later")
            return message

        return receive_limited


def _answering(receive: Receive, send: Send, exchange: Exchange) -> Send:
    """Sends an answer with the headers that all have.

    One that comes before the whole body closes the connection, but not at once: the client would
    find the connection broken, and never read the answer.
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
    """Read what is left of a body for a moment, and forget it."""

    async def read_on() -> None:
        more = True
        while more:
            more = (await receive()).get("more_body", False)

    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(read_on(), LINGER)


async def _refuse(
    error: Exception, exchange: Exchange, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request that failed, and log an error that nobody expected."""
    if not isinstance(error, ApiError):
        log("failed", error=error, id=exchange.id)
        error = failed()
    if exchange.status == CLOSED:  # nothing has been sent yet
        await error.response()(scope, receive, send)
