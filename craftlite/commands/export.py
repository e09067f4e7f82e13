"""`craftlite export`: trained weights as an ONNX file."""

import sys
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace

from craftlite.errors import ConfigError


def parser() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(description="Write weights as ONNX; needs craftlite[train,export].")
    parser.add_argument(
        "--weights", type=Path, required=True, metavar="FILE", help=".safetensors or official .pth"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE.onnx", help="what to write"
    )
    return parser


def run(args: Namespace) -> int:
    """Export by the parsed options; 0 when the file is written and agrees with torch."""
    from craftlite.export import export_onnx

    if args.out.suffix != ".onnx":
        raise ConfigError(f"--out {args.out}: the file's name must end in .onnx")
    if not args.out.parent.is_dir():
        raise ConfigError(f"--out {args.out}: there is no folder {args.out.parent}")
    difference = export_onnx(args.weights, args.out)
    print(f"{args.out}: maps agree with torch within {difference:.1e}", file=sys.stderr)
    return 0
