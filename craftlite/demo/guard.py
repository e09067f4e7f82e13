"""Which requests the page answers: those to its own names and routes, all with safe headers."""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/gradio_api/"
# Gradio has more routes, among them a proxy, video editing and saved sessions.
ROUTES = {
    *("app_id", "call", "cancel", "heartbeat", "info", "queue", "reset", "run"),
    *("startup-events", "theme.css", "upload", "upload_progress"),
}
EVERYWHERE = {"0.0.0.0", "::"}  # hosts that mean every address of the machine
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}


class Guard:
    """Refuses requests to names or routes that are not the page's; sets headers on all answers.

    A page of someone else can have its own name resolve to this machine, and would then read
    ours as its own; the name that the browser asked for, in the Host header, gives it away.

    Args:
        app: what answers the other requests.
        host: that the server is bound to; on every address, any address is a good name, for only
            names can be made to resolve elsewhere.
        names: that the page has besides localhost, its loopback addresses and the host.
    """

    def __init__(self, app: ASGIApp, host: str, names: Collection[str]) -> None:
        self.app = app
        own = {"localhost", "127.0.0.1", "::1", host.strip("[]"), *names}
        self.names = {name.lower() for name in own}
        self.any_address = host.strip("[]") in EVERYWHERE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        hosts = Headers(scope=scope).getlist("host")
        app = self.app
        if len(hosts) != 1 or not self._knows(hosts[0]):
            said = f"{', '.join(hosts) or 'No host'} is not a name of this page"
            app = PlainTextResponse(f"{said}; --allow-host NAME makes it one.", 421)
        elif not _is_route(scope["path"]):
            app = PlainTextResponse("The page has no such route.", 404)
        await app(scope, receive, send_safely)

    def _knows(self, host: str) -> bool:
        """Whether a Host header, with or without a port, names the page."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self.names or (self.any_address and _is_address(name))


def _is_route(path: str) -> bool:
    if not path.startswith(PREFIX):
        return not path.startswith("/file")  # under its old name
    route = path.removeprefix(PREFIX)
    return route.startswith("file=/") or route.split("/")[0] in ROUTES


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
