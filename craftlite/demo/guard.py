"""Middleware that accepts only the page's own host names and routes, and sets security headers."""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/gradio_api/"
# Gradio has more routes, such as a proxy, video editing and saved sessions.
ROUTES = {
    *("app_id", "call", "cancel", "heartbeat", "info", "queue", "reset", "run"),
    *("startup-events", "theme.css", "upload", "upload_progress"),
}
EVERYWHERE = {"0.0.0.0", "::"}  # hosts that stand for every address of the machine
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}


class Guard:
    """Refuses requests to foreign host names or routes; sets headers on all responses.

    Another site can make its own name resolve to this machine, and a browser would then let that
    site read our page (DNS rebinding). The Host header holds the name that the browser used.

    Args:
        app: handles the accepted requests.
        host: the address that the server is bound to. If it stands for every address of the
            machine, any numeric address is accepted: only names can be made to resolve elsewhere.
        names: names of the page besides localhost, the loopback addresses and the host.
    """

    def __init__(self, app: ASGIApp, host: str, names: Collection[str]) -> None:
        self.app = app
        own = {"localhost", "127.0.0.1", "::1", host.strip("[]"), *names}
        self.names = {name.lower() for name in own}
        self.any_address = host.strip("[]") in EVERYWHERE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
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
            named = ", ".join(hosts) or "No host"
            refusal = f"{named} is not a name of this page; allow it with --allow-host NAME."
            app = PlainTextResponse(refusal, 421)
        elif not _is_route(scope["path"]):
            app = PlainTextResponse("The page has no such route.", 404)
        await app(scope, receive, send_safely)

    def _knows(self, host: str) -> bool:
        """Return whether a Host header, with or without a port, names the page."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
            if name in self.names:
                return True
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.any_address


def _is_route(path: str) -> bool:
    if not path.startswith(PREFIX):
        return not path.startswith("/file")  # the former name of the file route
    route = path.removeprefix(PREFIX)
    return route.startswith("file=/") or route.split("/")[0] in ROUTES
