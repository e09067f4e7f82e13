"""`craftlite detect`: find the words in pictures, and print or write them down."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveFloat, PositiveInt

from craftlite.commands.options import add_thresholds, chosen_thresholds, new_parser
from craftlite.commands.writers import ADVICE, Writer, new_writer, refuse_to_replace
from craftlite.detector import Detector, Maps
from craftlite.draw import heatmap, overlay, write_picture
from craftlite.errors import ConfigError, CraftliteError, InputError
from craftlite.formats import part_target
from craftlite.formats.files import LABELS
from craftlite.formats.record import lines_as_words
from craftlite.geometry import Picture, Size
from craftlite.image import open_document, read_scaled
from craftlite.image.document import Document, called, chosen_pages, parse_pages
from craftlite.image.pdf import Pdf
from craftlite.inputs import Input, expand, unread_line
from craftlite.postprocess import Thresholds
from craftlite.progress import Progress, write_line
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
    add = result.add_argument
    kinds = "file, folder, glob, http(s) URL, - (stdin) or @FILE (a text file with an INPUT a line)"
    add("inputs", nargs="+", metavar="INPUT", help=kinds)
    public = "refuse URLs that lead, even by redirects, to other networks than the public internet"
    add("--public-only", action="store_true", help=public)
    pages = "pages to read; by default all of a PDF or TIFF and the first frame of an animation"
    add("--pages", type=str, metavar="all|1,3-5", help=pages)
    every = "read one frame of each video in so many seconds"
    add("--every", type=PositiveFloat, metavar="SECONDS", help=every)
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
    tiles = (
        "run long and very large pictures as tiles: auto, off, or a tile's side in pixels of the "
        "picture"
    )
    add("--tiles", type=str, default="auto", metavar="auto|off|SIZE", help=tiles)
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
    unread: set[str] = set()
    inputs, errors = expand(args.inputs, skip=drawn, unread=unread)
    for error in errors:
        _complain(error)
    if unread:
        write_line(unread_line(unread))
    if not inputs:
        return 1
    return 1 if _detect_all(args, inputs, failed=len(errors)) else 0


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
    detector = Detector(
        args.weights,
        backend=args.backend,
        device=args.device,
        threads=args.threads,
        long_side=args.long_side,
        tiles=int(args.tiles) if args.tiles.isdecimal() else args.tiles,
    )
    thresholds = chosen_thresholds(args, args.weights, detector.thresholds)
    writer = new_writer(args)
    refuse_to_replace(args, inputs, writer)
    work = _Work(args, detector, thresholds, writer, failed)
    progress = Progress(inputs, unit="picture", leave=False, disable=len(inputs) == 1)
    try:
        for item in progress:
            if args.resume and writer.has(item.name, item.target):
                work.skipped += 1
            else:
                work.do(item)
    finally:
        writer.close()
        work.report_frames()
        work.report_counts(progress)
    return work.failed


@dataclass
class _Work:
    """Detects in one input after the other; each failure is named and counted.

    Attributes:
        failed, written, skipped: numbers of pictures, each page of a document being one.
        animated: names of the inputs of which only the first frame was read.
        tiled: whether the message on pictures that run as many tiles has been written.
    """

    args: Namespace
    detector: Detector
    thresholds: Thresholds
    writer: Writer
    failed: int
    written: int = 0
    skipped: int = 0
    animated: list[str] = field(default_factory=list)
    tiled: bool = False

    def do(self, item: Input) -> None:
        with self._named_failures():
            every, pages, public_only = self.args.every, self.args.pages, self.args.public_only
            labels = self.args.format in LABELS
            if labels and not isinstance(item.source, Path):
                raise InputError(f"{item.name}: only files are labelled; download it first")
            document = open_document(item.source, every=every, public_only=public_only)
            with closing(document):
                if labels and (document.several or isinstance(document, Pdf)):
                    raise InputError(
                        f"{item.name}: only files of one picture are labelled; save its pages or "
                        "frames as pictures first"
                    )
                if document.animated and pages is None:
                    self.animated.append(item.name)
                for number in chosen_pages(document, pages):
                    with self._named_failures():
                        self._do_page(item, document, number)

    def report_frames(self) -> None:
        if self.animated:
            others = len(self.animated) - 1
            names = self.animated[0] + (f" and {others} more animations" if others else "")
            write_line(f"{names}: only the first frame was read; --pages all reads every frame")

    def report_counts(self, progress: Progress) -> None:
        """Write how many pictures there were, if there were several."""
        done = self.written + self.failed
        if done + self.skipped > 1:
            progress.write_summary(done, failed=self.failed, skipped=self.skipped)

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        try:
            yield
        except CraftliteError as error:
            _complain(error)
            self.failed += 1

    def _do_page(self, item: Input, document: Document, number: int) -> None:
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
            maps, self.thresholds, polygons=args.polygons, characters=args.level == "char"
        )
        if args.out is not None:
            _draw(target, args, picture, maps, words)
        # The result comes last: where it is, --resume takes the picture for done.
        self.writer.write(item.name, target, words, part)
        self.written += 1

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


def _complain(error: CraftliteError) -> None:

    write_line(f"craftlite: {error}")
