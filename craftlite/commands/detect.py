"""`craftlite detect`: find the words in pictures, and print or write them down."""

import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePath

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import ClosedUnitInterval

from craftlite.commands.options import (
    add_detector,
    chosen_thresholds,
    new_parser,
    open_detector,
)
from craftlite.commands.pages import PageWork, add_inputs, find_inputs
from craftlite.commands.writers import ADVICE, Writer, new_writer, refuse_to_replace
from craftlite.detector import Detector, Maps
from craftlite.draw import heatmap, overlay, write_picture
from craftlite.errors import ConfigError, CraftliteError, InputError
from craftlite.formats import part_target
from craftlite.formats.files import LABELS
from craftlite.formats.record import lines_as_words
from craftlite.geometry import Picture, Size
from craftlite.image import read_scaled
from craftlite.image.document import Document, called, parse_pages
from craftlite.image.pdf import Pdf
from craftlite.inputs import Input
from craftlite.postprocess import Thresholds
from craftlite.progress import write_line
from craftlite.words import Words

FORMATS = ("json", "jsonl", "icdar", "coco", "csv", *LABELS)
MANY_TILES = 4  # from which on a picture's tiles are announced
JPEG_LONGEST = 65_500  # pixels; a longer side does not fit the format


def parser() -> ArgumentParser:
    """The command's options."""
    result = new_parser(
        "Find the words in pictures. Without --out, one JSON object a picture and line "
        "goes to stdout."
    )
    add_inputs(result)
    add = result.add_argument
    add("--out", type=Path, metavar="DIR", help="folder to write results to")
    form = (
        f"format of the results; needs --out. {', '.join(LABELS)}: labels to correct in that tool"
    )
    add("--format", choices=FORMATS, default="json", help=form)
    overlays = "also draw the words, to OUT/overlay; with scores where these hide no word"
    add("--overlay", action="store_true", help=overlays)
    add("--heatmaps", action="store_true", help="also draw the score maps, to OUT/heatmaps")
    add("--resume", action="store_true", help="skip pictures that already have a result in OUT")
    add("--overwrite", action="store_true", help="replace the results that OUT already has")
    add("--polygons", action="store_true", help="trace the outlines of curved words")
    add(
        "--level",
        choices=("word", "char", "line"),
        default="word",
        help="char also finds the characters of each word; line groups words into lines of text, "
        "which formats other than json and jsonl then hold in place of words",
    )
    add_detector(result)
    score = "leave out words with a lower score; it is the chance that a word is right"
    add("--min-score", type=ClosedUnitInterval, default=0.0, metavar="S", help=score)
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
    inputs, failed = find_inputs(args, skip=drawn)
    if not inputs:
        return 1
    return 1 if _detect_all(args, inputs, failed) else 0


def _check(args: Namespace) -> None:
    args.pages = parse_pages(args.pages)
    if args.out is None:
        for option in ("overlay", "heatmaps", "resume", "overwrite"):
            if getattr(args, option):
                raise ConfigError(f"--{option} needs --out DIR")
        if args.format not in ("json", "jsonl"):
            raise ConfigError(f"--format {args.format} needs --out DIR; stdout gets JSON lines")
        return
    if args.resume and args.overwrite:
        raise ConfigError("--resume and --overwrite: choose one")
    if args.level == "char" and args.format not in ("json", "jsonl"):
        raise ConfigError(f"--format {args.format} has no place for characters; use json or jsonl")
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=args.out):
            pass
    except OSError as error:
        raise ConfigError(f"--out {args.out}: cannot be written to ({error.strerror})") from error


def _detect_all(args: Namespace, inputs: list[Input], failed: int) -> int:
    """Works through the inputs; returns how many pictures failed, with those that had before."""
    detector = open_detector(args)
    thresholds = chosen_thresholds(args, args.weights, detector.thresholds)
    writer = new_writer(args)
    refuse_to_replace(args, inputs, writer)
    work = _Work(args=args, failed=failed, detector=detector, thresholds=thresholds, writer=writer)
    work.go_through(inputs)
    return work.failed


@dataclass(kw_only=True)
class _Work(PageWork):
    """Detects in one page after the other.

    Attributes:
        tiled: whether the message on pictures that run as many tiles has been written.
    """

    detector: Detector
    thresholds: Thresholds
    writer: Writer
    tiled: bool = False

    def do(self, item: Input) -> None:
        if self.args.resume and self.writer.has(item.name, item.target):
            self.skipped += 1
        else:
            super().do(item)

    def open(self, item: Input) -> Document:
        labels = self.args.format in LABELS
        if labels and not isinstance(item.source, Path):
            raise InputError(f"{item.name}: only files are labelled; download it first")
        document = super().open(item)
        if labels and (document.several or isinstance(document, Pdf)):
            document.close()
            raise InputError(
                f"{item.name}: only files of one picture are labelled; save its pages or "
                "frames as pictures first"
            )
        return document

    def close(self) -> None:
        self.writer.close()

    def do_page(self, item: Input, document: Document, number: int) -> None:
        args, part = self.args, document.part(number)
        target = part_target(item.target, part)
        if part and not args.overwrite and self.writer.has(item.name, target, part):
            if args.resume:
                self.skipped += 1
                return
            raise CraftliteError(f"{called(document, number)}: has a result already; {ADVICE}")
        drawn = args.overlay or args.heatmaps
        scale = (lambda size: 1.0) if drawn else self.detector.scale
        picture, size = read_scaled(document, number, scale)
        if not document.several:
            document.close()  # frees what was decoded, which takes more than the picture
        self._announce_tiles(called(document, number), size)
        maps = self.detector.maps(picture, size)
        words = self.detector.words(
            maps,
            self.thresholds,
            polygons=args.polygons,
            characters=args.level == "char",
            min_score=args.min_score,
        )
        if args.out is not None:
            _draw(target, args, picture, maps, words)
        # The result comes last: where it is, --resume takes the picture for done.
        self.writer.write(item.name, target, words, part)
        self.done += 1

    def _announce_tiles(self, name: str, size: Size) -> None:
        """Say once, before it takes its time, that a picture is run as many tiles."""
        count = self.detector.tile_count(size)
        if self.args.tiles == "auto" and count >= MANY_TILES and not self.tiled:
            self.tiled = True
            write_line(
                f"{name}: {size[0]}x{size[1]} pixels are run as {count} tiles, which takes a "
                "while; --tiles off runs them as one, in which small text is lost"
            )


def _draw(target: PurePath, args: Namespace, picture: Picture, maps: Maps, words: Words) -> None:

    if args.overlay:
        drawn = lines_as_words(words) if args.level == "line" else words
        _save(args.out / "overlay" / target, overlay(picture, drawn, scores=True))
    if args.heatmaps:
        folder, name = args.out / "heatmaps" / target.parent, target.name
        _save(folder / f"{name}.region", heatmap(picture, maps.region))
        _save(folder / f"{name}.affinity", heatmap(picture, maps.affinity))


def _save(stem: Path, picture: Picture) -> None:

    suffix = ".jpg" if max(picture.shape) <= JPEG_LONGEST else ".png"
    write_picture(stem.with_name(stem.name + suffix), picture)
