"""`craftlite detect`: find the words in pictures, and print or write them down."""

import sys
import tempfile
from pathlib import Path, PurePath
from typing import Protocol

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveInt

from craftlite.commands.options import add_thresholds, chosen_thresholds, new_parser
from craftlite.detector import Detector, Maps
from craftlite.draw import heatmap, overlay, write_picture
from craftlite.errors import ConfigError, CraftliteError
from craftlite.formats import FilePerPicture, FilePerRun, json_line, record
from craftlite.geometry import Picture
from craftlite.image import read_image
from craftlite.inputs import Input, expand
from craftlite.postprocess import Thresholds
from craftlite.progress import Progress, write_line
from craftlite.words import Words

FORMATS = ("json", "jsonl", "icdar", "coco", "csv")
JPEG_LONGEST = 65_500  # pixels; a longer side does not fit the format


class Writer(Protocol):
    """Where results go: to stdout, to a file a picture, or to a file a run."""

    def has(self, name: str, target: PurePath) -> bool: ...
    def write(self, name: str, target: PurePath, words: Words) -> None: ...
    def close(self) -> None: ...


def parser() -> ArgumentParser:
    """The command's options."""
    result = new_parser(
        "Find the words in pictures. Without --out, one JSON object a picture and line "
        "goes to stdout."
    )
    add = result.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="file, folder, glob, http(s) URL or - (stdin)")
    public = "refuse URLs that lead, even by redirects, to other networks than the public internet"
    add("--public-only", action="store_true", help=public)
    add("--out", type=Path, metavar="DIR", help="folder to write results to")
    add("--format", choices=FORMATS, default="json", help="format of the results; needs --out")
    add("--overlay", action="store_true", help="also draw the words, to OUT/overlay")
    add("--heatmaps", action="store_true", help="also draw the score maps, to OUT/heatmaps")
    add("--resume", action="store_true", help="skip pictures that already have a result in OUT")
    add("--polygons", action="store_true", help="trace the outlines of curved words")
    add(
        "--level",
        choices=("word", "char"),
        default="word",
        help="char also finds the characters of each word",
    )
    add("--weights", default="craftlite-small", metavar="NAME|FILE", help="weights to use")
    add(
        "--backend", choices=("onnx", "torch"), help="by default the one that fits the weights file"
    )
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="device to run on")
    add(
        "--threads", type=PositiveInt, metavar="N", help="CPU threads; by default one for each core"
    )
    side = "pixels that the longer side is scaled to, enlarging at most twice"
    add("--long-side", type=PositiveInt, metavar="PIXELS", help=side)
    add_thresholds(result)
    return result


def run(args: Namespace) -> int:
    """Detects in every input and returns the exit code: 0, or 1 where some failed.

    Each failure is named on stderr with its reason, and the others go on.

    Raises:
        ConfigError: options contradict each other, or --out cannot be written to.
        WeightsError: the weights cannot be used.
    """
    _check(args)

    drawn = () if args.out is None else (args.out / "overlay", args.out / "heatmaps")
    inputs, errors = expand(args.inputs, skip=drawn)
    for error in errors:
        _complain(error)
    if not inputs:
        return 1
    failed = len(errors) + _detect_all(args, inputs)
    return 1 if failed else 0


def _check(args: Namespace) -> None:
    if args.out is None:
        for option in ("overlay", "heatmaps", "resume"):
            if getattr(args, option):
                raise ConfigError(f"--{option} needs --out DIR")
        if args.format not in ("json", "jsonl"):
            raise ConfigError(f"--format {args.format} needs --out DIR; stdout gets JSON lines")
        return
    if args.level == "char" and args.format not in ("json", "jsonl"):
        raise ConfigError(f"--format {args.format} has no place for characters; use json or jsonl")
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=args.out):
            pass
    except OSError as error:
        raise ConfigError(f"--out {args.out}: cannot be written to ({error.strerror})") from error


def _detect_all(args: Namespace, inputs: list[Input]) -> int:
    """Works through the inputs; returns how many failed."""
    detector = Detector(
        args.weights,
        backend=args.backend,
        device=args.device,
        threads=args.threads,
        long_side=args.long_side,
    )
    thresholds = chosen_thresholds(args, args.weights, detector.thresholds)
    writer = _writer(args)
    failed = 0
    quiet = len(inputs) == 1
    try:
        for item in Progress(inputs, unit="picture", disable=quiet):
            if args.resume and writer.has(item.name, item.target):
                continue
            try:
                _detect_one(item, args, detector, thresholds, writer)
            except CraftliteError as error:
                _complain(error)
                failed += 1
    finally:
        writer.close()
    return failed


def _detect_one(
    item: Input, args: Namespace, detector: Detector, thresholds: Thresholds, writer: Writer
) -> None:

    picture = read_image(item.source, public_only=args.public_only)
    maps = detector.maps(picture)
    words = detector.words(
        maps, thresholds, polygons=args.polygons, characters=args.level == "char"
    )
    if args.out is not None:
        _draw(item.target, args, picture, maps, words)
    # The result comes last: where it is, --resume takes the picture for done.
    writer.write(item.name, item.target, words)


def _draw(target: PurePath, args: Namespace, picture: Picture, maps: Maps, words: Words) -> None:

    if args.overlay:
        _save(args.out / "overlay" / target, overlay(picture, words))
    if args.heatmaps:
        folder, name = args.out / "heatmaps" / target.parent, target.name
        _save(folder / f"{name}.region", heatmap(picture, maps.region))
        _save(folder / f"{name}.affinity", heatmap(picture, maps.affinity))


def _save(stem: Path, picture: Picture) -> None:

    suffix = ".jpg" if max(picture.shape) <= JPEG_LONGEST else ".png"
    write_picture(stem.with_name(stem.name + suffix), picture)


def _writer(args: Namespace) -> Writer:

    if args.out is None:
        return _Stdout()
    if args.format in ("json", "icdar"):
        return FilePerPicture(args.out, args.format, polygons=args.polygons)
    return FilePerRun(args.out, args.format, resume=args.resume)


class _Stdout:
    """Prints one JSON object a line, each as soon as it is known."""

    def has(self, name: str, target: PurePath) -> bool:
        return False

    def write(self, name: str, target: PurePath, words: Words) -> None:

        # tqdm's own print keeps the line out of the progress bar where both are on one terminal.
        Progress.write(json_line(record(name, words)), file=sys.stdout)
        sys.stdout.flush()

    def close(self) -> None:
        pass


def _complain(error: CraftliteError) -> None:

    write_line(f"craftlite: {error}")
