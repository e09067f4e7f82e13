"""The command line: parses, runs one command, and turns errors into a sentence and an exit code."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from jsonargparse import ArgumentParser

from craftlite import __version__
from craftlite.errors import ConfigError, CraftliteError, WeightsError

# One file in commands/ each, with `parser()` and `run(args)`; none imports torch to be parsed.
COMMANDS = {
    "detect": "find the words in pictures",
    "inspect": "count and draw what a dataset holds",
    "synth": "make pictures with text whose characters are known",
    "train": "train a detector",
    "pretrain": "pretrain a backbone as a classifier",
    "eval": "measure a detector, or result files, on a dataset",
    "export": "turn trained weights into an ONNX file",
    "bench": "time the networks side by side",
    "demo": "serve a web page to try the detector on",
    "info": "list the networks and the weights",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0, 1 some inputs failed, 2 wrong usage, 130."""
    parser = ArgumentParser(
        prog="craftlite", description="Find text in photographs.", version=__version__
    )
    commands = parser.add_subcommands(dest="command")
    modules = {name: import_module(f"craftlite.commands.{name}") for name in COMMANDS}
    for name, help_text in COMMANDS.items():
        commands.add_subcommand(name, modules[name].parser(), help=help_text)
    args = parser.parse_args(argv)
    try:
        code: int = modules[args.command].run(args[args.command])
        return code
    except CraftliteError as error:
        print(f"craftlite {args.command}: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError | WeightsError) else 1
    except ModuleNotFoundError as error:
        print(f"craftlite {args.command}: {missing(args.command, error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away; keep Python from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # Such as a disk that fills while a log is written: its text names the file and the reason.
        print(f"craftlite {args.command}: {error}", file=sys.stderr)
        return 1


def missing(command: str, error: ModuleNotFoundError) -> str:
    """Which extra brings the package that a command lacks."""
    extras = {
        "onnx": "export",
        "onnxscript": "export",
        "uharfbuzz": "synth",
        "scipy": "synth",
        "jinja2": "report",
        "matplotlib": "report",
        "cleval": "cleval",
        "gradio": "demo",
    }
    extra = extras.get(error.name or "", "train")
    return f"needs {error.name}, which comes with: pip install 'craftlite[{extra}]'"


if __name__ == "__main__":
    sys.exit(main())
