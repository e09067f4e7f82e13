"""`craftlite objects export`: convert a trained object detector to an ONNX file."""

from pathlib import Path

from jsonargparse import ArgumentParser, Namespace

from craftlite.commands.shared.options import new_parser
from craftlite.errors import ConfigError
from craftlite.progress import write_line


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser("Convert a trained object detector to ONNX. Needs craftlite[objects].")
    add = result.add_argument
    add("--weights", type=Path, required=True, metavar="FILE", help=".safetensors file of a run.")
    add("--out", type=Path, required=True, metavar="FILE.onnx", help="File to write.")
    return result


def run(args: Namespace) -> int:
    """Export as the options say; return 0 once the file is written and agrees with torch.

    Raises:
        ConfigError: --out cannot be written.
        WeightsError: the weights cannot be used.
    """
    if args.out.suffix != ".onnx":
        raise ConfigError(f"--out {args.out}: the file name must end in .onnx")
    if not args.out.parent.is_dir():
        raise ConfigError(f"--out {args.out}: the folder {args.out.parent} does not exist")
    from craftlite.export.objects import export_objects

    difference = export_objects(args.weights, args.out)
    write_line(f"{args.out}: boxes and scores agree with torch within {difference:.1e}")
    return 0
