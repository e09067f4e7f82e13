"""The command line: parses it, runs one command, and reports errors as a sentence and exit code."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from types import FrameType, TracebackType
from typing import Any, TextIO

from craftlite import __version__
from craftlite.errors import ConfigError, CraftliteError, WeightsError
from craftlite.parallel import workers_are_busy

INTERRUPTED = 130  # the exit code of shells for Ctrl-C

# Each command is a file in commands/ with `parser()` and `run(args)`; only the command that runs is
# imported. The commands in GROUPS are folders of such files.
COMMANDS = {
    "detect": "Find the words in pictures.",
    "read": "Read the text in pictures.",
    "inspect": "Count what a dataset contains, list its problems and draw samples of it.",
    "convert": "Convert a dataset from one format into another.",
    "synth": "Generate pictures with text, and their ground truth.",
    "train": "Train a detector.",
    "pretrain": "Pretrain a backbone as an image classifier, to start a detector from.",
    "eval": "Score a detector, or existing result files, on a dataset.",
    "export": "Convert trained weights to ONNX.",
    "objects": "Train, run and score object detectors for your own classes.",
    "bench": "Measure the speed of networks and of whole detection side by side.",
    "demo": "Serve a web page to try the detector on.",
    "serve": "Serve the detector over HTTP.",
    "info": "List the networks and the weights that come with craftlite.",
}
GROUPS = {
    "objects": {
        "train": "Train SSD-lite on a backbone.",
        "detect": "Find objects in pictures.",
        "eval": "Score detectors on a dataset, side by side.",
        "export": "Convert trained weights to ONNX.",
    }
}

# The extra that installs each package; all other packages that a command may lack are in "train".
EXTRAS = {
    **dict.fromkeys(("onnx", "onnxscript"), "export"),
    **dict.fromkeys(("uharfbuzz", "scipy"), "synth"),
    **dict.fromkeys(("jinja2", "matplotlib"), "report"),
    **dict.fromkeys(("fastapi", "uvicorn", "prometheus_client"), "serve"),
    **{"cleval": "cleval", "gradio": "demo", "pyarrow": "parquet", "ray": "ray"},
    "pycocotools": "objects",
    "onnxruntime": "cpu",
}
# Commands that only run networks get the packages of --engine torch from the extra "gpu".
RUNNING, TORCH = ("detect", "read", "serve", "eval"), ("torch", "safetensors")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    0: success, 1: some inputs failed, 2: wrong usage, 130: interrupted.
    """
    arguments = sys.argv[1:] if argv is None else argv
    command = " ".join(arguments[:1])
    try:
        with interrupts_are_not_lost(command), redirect_stdout(Output(sys.stdout)):
            words = parse_command(arguments)
            command = " ".join(words)
            module = import_module(".".join(("craftlite.commands", *words)))
            parser = module.parser()
            parser.prog = f"craftlite {command}"
            code: int = module.run(parser.parse_args(arguments[len(words) :]))
            sys.stdout.flush()
            return code
    except BrokenPipeError:
        # The reader of our output has closed the pipe, which is not an error to report.
        return 1
    except (CraftliteError, OSError) as error:
        # An OSError, such as a full disk while a log is written, names the file and the reason.
        print(f"craftlite {command}: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError | WeightsError) else 1
    except ModuleNotFoundError as error:
        print(f"craftlite {command}: {missing_package(error, command)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"craftlite {command}: interrupted", file=sys.stderr, flush=True)
        if workers_are_busy():
            os._exit(INTERRUPTED)  # a normal exit would wait for them; files are written whole
        return INTERRUPTED


class Output:
    """Wraps standard output so that its errors name it, as errors of files name the file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._named():
            return self._stream.write(text)

    def flush(self) -> None:
        with self._named():
            self._stream.flush()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # Discard the rest of the buffer: Python would try to flush it at exit, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            raise OSError(error.errno, error.strerror, "standard output") from error


@contextmanager
def interrupts_are_not_lost(command: str) -> Iterator[None]:
    """Turn Ctrl-C into KeyboardInterrupt, or exit directly where that would be swallowed.

    During an import, a KeyboardInterrupt may vanish or surface as another exception; in a
    destructor, or in a callback from a C library, Python only prints it. Exiting there needs no
    clean-up, as files are written whole.
    """

    def end() -> None:
        os.write(2, f"craftlite {command}: interrupted\n".encode())
        os._exit(INTERRUPTED)

    def interrupt(number: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code.co_filename.startswith("<frozen importlib"):
                end()
            frame = frame.f_back
        raise KeyboardInterrupt

    def swallowed(lost: "sys.UnraisableHookArgs") -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            end()
        unraisable(lost)

    def printed(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            end()
        uncaught(kind, error, trace)

    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield  # the caller handles interrupts itself
        return
    # Cython passes exceptions that it swallows to the hook for uncaught exceptions first.
    unraisable, sys.unraisablehook = sys.unraisablehook, swallowed
    uncaught, sys.excepthook = sys.excepthook, printed
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook, sys.excepthook = unraisable, uncaught


def parse_command(argv: Sequence[str]) -> list[str]:
    """Return the one or two words that name the command.

    Exits after --help or --version, and for an unknown command.
    """
    text = "Find words in photographs, and train and evaluate the networks that find them."
    command = _chosen("craftlite", text, COMMANDS, argv[:1], version=True)
    if command not in GROUPS:
        return [command]
    prog, known = f"craftlite {command}", GROUPS[command]
    return [command, _chosen(prog, COMMANDS[command], known, argv[1:2])]


def _chosen(
    prog: str, text: str, known: Mapping[str, str], argv: Sequence[str], version: bool = False
) -> str:
    """Return the named one of the `known` commands; exits as `parse_command` does."""
    width = max(map(len, known)) + 2
    listed = "\n".join(f"  {name:<{width}}{text}" for name, text in known.items())
    parser = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} COMMAND [options]",
        description=text,
        epilog=f"commands:\n{listed}\n\nRun '{prog} COMMAND --help' for a command's options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help="Show this help and exit.")
    if version:
        shows = "Show the version and exit."
        parser.add_argument("--version", action="version", version=__version__, help=shows)
    parser.add_argument("command", choices=known, help=argparse.SUPPRESS)
    command: str = parser.parse_args(argv).command
    return command


def missing_package(error: ModuleNotFoundError, command: str = "train") -> str:
    """Return how to install a package that a command lacks, with the rest of its extra."""
    from craftlite.install import install_hint

    by_torch = command in RUNNING and error.name in TORCH
    hint = install_hint("gpu" if by_torch else EXTRAS.get(error.name or "", "train"))
    small = "; without a GPU, install torch's CPU build first (docs/training.md)"
    return f"needs {error.name}, which comes with: {hint}{small if error.name == 'torch' else ''}"


if __name__ == "__main__":
    sys.exit(main())
