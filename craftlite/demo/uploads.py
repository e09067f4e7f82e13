"""Middleware that limits each visitor to the samples and their own uploads."""

import json
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from craftlite.demo.guard import PREFIX

COOKIE = "craftlite-visitor"
MAX_BYTES = 2**20  # limit for requests other than uploads: settings and file names
NOT_YOURS = (
    "This file is not one of your uploads, or has been deleted: upload it again, "
    f"and send the cookie {COOKIE} with every request."
)


class OwnFiles:
    """Refuses requests that name files other than samples and the visitor's own uploads.

    A cookie with a secret value identifies each visitor. Every "path" in a request's JSON is
    checked, whatever its purpose, before anything opens it.

    Args:
        app: handles the accepted requests.
        samples: paths that everyone may name.

    Attributes:
        owners: for each path of an upload, the visitors who have uploaded it.
    """

    def __init__(self, app: ASGIApp, samples: Collection[str]) -> None:
        self.app, self.samples = app, frozenset(samples)
        self.owners: dict[str, set[str]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, app = Request(scope, receive), self.app
        visitor = request.cookies.get(COOKIE)
        if not visitor:
            visitor = secrets.token_urlsafe()
            send = _with_cookie(send, visitor)
        path = scope["path"]
        if path.startswith(f"{PREFIX}file="):
            if self._is_anothers(path.removeprefix(f"{PREFIX}file="), visitor):
                app = JSONResponse({"detail": NOT_YOURS}, 403)
        elif path.rstrip("/") == f"{PREFIX}upload":
            send = self._noting_uploads(send, visitor)
        elif scope["method"] == "POST":
            app, receive = await self._checked(request, visitor)
        await app(scope, receive, send)

    async def _checked(self, request: Request, visitor: str) -> tuple[ASGIApp, Receive]:
        """Return the app that handles a JSON request, and a receiver of the checked JSON."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BYTES:
                return JSONResponse({"detail": "The request is too large."}, 413), request.receive
        paths: list[object] = []

        def note_path(part: dict[str, Any]) -> dict[str, Any]:
            paths.extend(value for key, value in part.items() if key == "path")
            return part

        try:
            # Serialise again, as parsers may differ in which of two equal keys they use.
            body = json.dumps(json.loads(body or b"null", object_hook=note_path)).encode()
        except (ValueError, RecursionError):
            return JSONResponse({"detail": "The request is not JSON."}, 400), request.receive
        if not all(self._may_name(path, visitor) for path in paths):
            return JSONResponse({"detail": NOT_YOURS}, 403), request.receive
        return self.app, _replayed(body, request.receive)

    def _may_name(self, path: object, visitor: str) -> bool:
        if not isinstance(path, str):
            return path is None
        if path not in self.samples and visitor not in self.owners.get(path, ()):
            return False
        return Path(path).is_file() and not Path(path).is_symlink()

    def _is_anothers(self, path: str, visitor: str) -> bool:
        """Return whether a requested file is known to belong to other visitors."""
        if "\0" in path:
            return True  # not a valid path
        real = str(Path(path).resolve())
        if real in self.samples:
            return False
        return visitor not in self.owners.get(real, {visitor})

    def _noting_uploads(self, send: Send, visitor: str) -> Send:
        """Return a sender that records the owner of the files named in an upload's response."""
        answer: list[bytes] = []

        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.body":
                answer.append(message.get("body", b""))
                if not message.get("more_body"):
                    self._note(b"".join(answer), visitor)
            await send(message)

        return send_and_note

    def _note(self, answer: bytes, visitor: str) -> None:
        try:
            paths = json.loads(answer)
        except ValueError:
            return  # the upload was refused, in plain text
        if not isinstance(paths, list):
            return
        # Forget the owners of uploads that have been deleted.
        kept = {path: owners for path, owners in self.owners.items() if Path(path).exists()}
        for path in paths:
            kept.setdefault(path, set()).add(visitor)
        self.owners = kept


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that yields a body that has been read, then further messages."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


def _with_cookie(send: Send, visitor: str) -> Send:
    cookie = f"{COOKIE}={visitor}; Path=/; HttpOnly; SameSite=Lax"

    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("Set-Cookie", cookie)
        await send(message)

    return send_with_cookie
