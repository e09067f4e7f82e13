"""`craftlite demo`: serve a web page to try the detector on."""

import signal
import sys

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt, restricted_number_type

from craftlite.commands.shared.options import new_parser
from craftlite.errors import ConfigError

Port = restricted_number_type("Port", int, [(">=", 1), ("<=", 65535)])


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser("Serve a web page to try the detector on. Needs craftlite[demo].")
    add = result.add_argument
    here = "Address to listen on; 0.0.0.0 accepts connections from other machines."
    add("--host", type=str, default="127.0.0.1", help=here)
    names = (
        "Host name under which visitors may reach the page, besides localhost and HOST. May be "
        "repeated."
    )
    add("--allow-host", action="append", type=str, metavar="NAME", default=[], help=names)
    add("--port", type=Port, default=7860, metavar="N", help="Port to listen on.")
    threads = "CPU threads; by default one for each core."
    add("--threads", type=PositiveInt, metavar="N", help=threads)
    return result


def run(args: Namespace) -> int:
    """Serve the page until interrupted; return the exit code.

    Raises:
        ConfigError: the port is already in use.
    """
    from craftlite.demo import page, session

    # Service managers stop a service with SIGTERM; an orderly exit removes uploaded files.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    built = page.build(session.DetectorPool(args.threads))
    print(f"http://{args.host}:{args.port} (press Ctrl-C to stop)", file=sys.stderr)
    try:
        page.serve(built, args.host, args.port, args.allow_host)
    except OSError as error:
        raise ConfigError(f"--port {args.port}: {error}; choose another port") from None
    return 0
