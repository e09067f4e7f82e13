"""`craftlite demo`: the detector as a web page."""

import signal
import sys

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt, restricted_number_type

from craftlite.commands.options import new_parser
from craftlite.errors import ConfigError

Port = restricted_number_type("Port", int, [(">=", 1), ("<=", 65535)])


def parser() -> ArgumentParser:
    """The options of the command."""
    result = new_parser("Serve a web page to try the detector on.")
    here = "address to listen on; 0.0.0.0 lets other machines in"
    result.add_argument("--host", type=str, default="127.0.0.1", help=here)
    names = "a name, besides localhost and HOST, that visitors reach the page by; may be repeated"
    result.add_argument(
        "--allow-host", action="append", type=str, metavar="NAME", default=[], help=names
    )
    result.add_argument("--port", type=Port, default=7860, help="port to listen on")
    result.add_argument("--threads", type=PositiveInt, help="by default the machine's cores")
    return result


def run(args: Namespace) -> int:
    """Serve until it is interrupted; returns the exit code.

    Raises:
        ConfigError: the port is taken.
    """
    from craftlite.demo.page import build, serve
    from craftlite.demo.session import DetectorPool

    # A service is stopped by SIGTERM; leaving in good order removes what was uploaded.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    page = build(DetectorPool(args.threads))
    print(f"http://{args.host}:{args.port} (Ctrl-C stops it)", file=sys.stderr)
    try:
        serve(page, args.host, args.port, args.allow_host)
    except OSError as error:
        raise ConfigError(f"--port {args.port}: {error}; name another") from None
    return 0
