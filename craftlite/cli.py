"""The command line: parses, runs one command, and turns errors into a sentence and an exit code."""

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

# One file in commands/ each, with `parser()` and `run(args)`; only the one that runs is imported.
# Those of GROUPS are folders with such files.
COMMANDS = {
    "detect": "Find the words in pictures.",
    "read": "Read the text in pictures.",
    "inspect": "Count what a dataset holds, list its problems and draw samples of it.",
    "convert": "Convert a dataset from one format into another.",
    "synth": "Generate pictures with text, and their ground truth.",
    "train": "Train a detector.",
    "pretrain": "Pretrain a backbone as an image classifier, to train a detector from.",
    "eval": "Score a detector, or existing result files, on a dataset.",
    "export": "Convert trained weights to ONNX.",
    "objects": "Train, run and score detectors of objects of your own classes.",
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

# Which extra installs a package; all others that a command may lack come with "train".
EXTRAS = {
    **dict.fromkeys(("onnx", "onnxscript"), "export"),
    **dict.fromkeys(("uharfbuzz", "scipy"), "synth"),
    **dict.fromkeys(("jinja2", "matplotlib"), "report"),
    **dict.fromkeys(("fastapi", "uvicorn", "prometheus_client"), "serve"),
    **{"cleval": "cleval", "gradio": "demo", "pyarrow": "parquet", "ray": "ray"},
    "pycocotools": "objects",
    "onnxruntime": "cpu",
}
# What a command that only runs networks lacks for --engine torch comes with "gpu".
RUNNING, TORCH = ("detect", "read", "serve", "eval"), ("torch", "safetensors")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0, 1 some inputs failed, 2 wrong usage, 130."""
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
        # The reader of our output went away, which is no error of anybody's.
        return 1
    except (CraftliteError, OSError) as error:
        # An OSError, such as of a disk that fills while a log is written, names file and reason.
        print(f"craftlite {command}: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError | WeightsError) else 1
    except ModuleNotFoundError as error:
        print(f"craftlite {command}: {missing_package(error, command)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"craftlite {command}: interrupted", file=sys.stderr, flush=True)
        if workers_are_busy():
            os._exit(INTERRUPTED)  # Python would wait for them; files are written whole
        return INTERRUPTED


class Output:
    """Standard output whose errors name it, as errors of files name theirs."""

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
            # Discard what is left in the buffer: Python would try again at exit, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            raise OSError(error.errno, error.strerror, "standard output") from error


@contextmanager
def interrupts_are_not_lost(command: str) -> Iterator[None]:
    """Ctrl-C is a KeyboardInterrupt, or ends the process at once where that would be swallowed.

    During an import it may vanish or come out as another exception; in a destructor, or in a
    function that a C library calls, Python only prints it. No clean-up is needed there: files are
    written whole.
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
    # Cython shows what it swallows to the hook of uncaught exceptions first.
    unraisable, sys.unraisablehook = sys.unraisablehook, swallowed
    uncaught, sys.excepthook = sys.excepthook, printed
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook, sys.excepthook = unraisable, uncaught


def parse_command(argv: Sequence[str]) -> list[str]:
    """The one or two words that name the command.

    Exits after --help or --version, or if there is no such command.
    """
    text = "Find the words in photographs, and train and measure networks that do."
    command = _chosen("craftlite", text, COMMANDS, argv[:1], version=True)
    if command not in GROUPS:
        return [command]
    prog, known = f"craftlite {command}", GROUPS[command]
    return [command, _chosen(prog, COMMANDS[command], known, argv[1:2])]


def _chosen(
    prog: str, text: str, known: Mapping[str, str], argv: Sequence[str], version: bool = False
) -> str:
    """The one of the `known` commands that is named; exits as `parse_command` does."""
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
    """How to install the package that a command lacks, with all others of its extra."""
    from craftlite.install import install_hint

    by_torch = command in RUNNING and error.name in TORCH
    hint = install_hint("gpu" if by_torch else EXTRAS.get(error.name or "", "train"))
    small = "; without a GPU, install torch's CPU build first (docs/training.md)"
    return f"needs {error.name}, which comes with: {hint}{small if error.name == 'torch' else ''}"


if __name__ == "__main__":
    sys.exit(main())
