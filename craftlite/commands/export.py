"""`craftlite export`: convert trained weights to an ONNX file."""

from pathlib import Path

from jsonargparse import ArgumentParser, Namespace

from craftlite.commands.shared.options import new_parser
from craftlite.errors import ConfigError, WeightsError
from craftlite.inputs import expand
from craftlite.progress import write_line
from craftlite.weights import find_weights, take_over_settings


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser("Convert trained weights to ONNX. Needs craftlite[train,export].")
    add = result.add_argument
    weights = "Name of shipped weights, a .safetensors file, or an official .pth file of CRAFT."
    add("--weights", required=True, metavar="NAME|FILE", help=weights)
    add("--out", type=Path, required=True, metavar="FILE.onnx", help="File to write.")
    half = "Store the weights as 16-bit floats, which halves the file; computation uses 32 bits."
    add("--fp16", action="store_true", help=half)
    add("--int8", action="store_true", help="Compute with 8-bit integers. Needs --calibrate.")
    calibrate = "Folder of typical pictures on which --int8 measures the ranges of activations."
    add("--calibrate", type=Path, metavar="DIR", help=calibrate)
    return result


def run(args: Namespace) -> int:
    """Export as the options say; return 0 once the file is written and agrees with torch.

    Raises:
        ConfigError: options contradict one another, or the --calibrate folder holds no picture.
        WeightsError: the weights cannot be used.
        InputError: a picture cannot be read.
    """
    _check(args)
    pictures = _pictures(args.calibrate) if args.int8 else []
    entry = find_weights(args.weights)
    if entry.torch is None:
        raise WeightsError(f"{args.weights}: is already ONNX; give the .safetensors or .pth file")
    from craftlite.export import export_onnx, quantise

    if args.int8 or args.fp16:
        difference = quantise.export_smaller(entry.torch, args.out, pictures, entry.long_side)
        write_line(
            f"{args.out}: scores differ from float32 scores by {difference:.1e} on average; "
            "measure the effect with craftlite eval"
        )
    else:
        difference = export_onnx(entry.torch, args.out)
        write_line(f"{args.out}: score maps agree with torch within {difference:.1e}")
    if beside := take_over_settings(entry, args.out):
        write_line(f"wrote tuned thresholds and long side to {beside}")
    return 0


def _check(args: Namespace) -> None:
    """Raise a ConfigError for options that contradict one another."""
    if args.out.suffix != ".onnx":
        raise ConfigError(f"--out {args.out}: the file name must end in .onnx")
    if not args.out.parent.is_dir():
        raise ConfigError(f"--out {args.out}: the folder {args.out.parent} does not exist")
    if args.int8 and args.fp16:
        raise ConfigError("--int8 and --fp16: choose one")
    if args.int8 and args.calibrate is None:
        raise ConfigError("--int8 needs --calibrate DIR, a folder of typical pictures")
    if args.calibrate is not None and not args.int8:
        raise ConfigError("--calibrate can only be used with --int8")


def _pictures(folder: Path) -> list[Path]:
    """Return the pictures in a folder."""
    found, errors = expand([str(folder)])
    if errors or not found:
        raise ConfigError(f"--calibrate {folder}: holds no picture")
    return [Path(one.name) for one in found]
