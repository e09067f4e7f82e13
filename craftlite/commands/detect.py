"""`craftlite detect`: find the words in pictures, and print them or write them to files."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath
from threading import Lock

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import ClosedUnitInterval

from craftlite.commands.shared.options import (
    add_detector,
    chosen_thresholds,
    new_parser,
    open_detector,
    parse_workers,
)
from craftlite.commands.shared.pages import Finish, Job, Page, PageWork, add_inputs, find_inputs
from craftlite.commands.shared.writers import ADVICE, Writer, new_writer, refuse_to_replace
from craftlite.detector import Detector, Maps
from craftlite.draw import heatmap, overlay, write_drawing
from craftlite.errors import ConfigError, CraftliteError, InputError
from craftlite.formats import part_target
from craftlite.formats.files import LABELS
from craftlite.formats.record import lines_as_words
from craftlite.geometry import Picture, Size
from craftlite.image import open_document, read_scaled
from craftlite.image.document import MAX_PAGES, Document, parse_pages
from craftlite.image.pdf import Pdf
from craftlite.inputs import Input
from craftlite.parallel import share_threads
from craftlite.postprocess import Thresholds
from craftlite.progress import write_line
from craftlite.words import Words

FORMATS = ("json", "jsonl", "icdar", "coco", "csv", "parquet", *LABELS)
WHOLE = ("json", "jsonl", "parquet")  # formats that can hold characters and lines as well
MANY_TILES = 4  # a picture run as this many tiles or more is announced


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser(
        "Find the words in pictures. Without --out, prints one JSON object for each picture, "
        "each on a line of its own."
    )
    add_inputs(result)
    add = result.add_argument
    add("--out", type=Path, metavar="DIR", help="folder to write results to")
    form = (
        f"format of the results; needs --out. {', '.join(LABELS)}: labels to correct in the tool "
        "of that name"
    )
    add("--format", choices=FORMATS, default="json", help=form)
    overlays = (
        "also draw the words on the pictures, in OUT/overlay; scores are drawn where they hide no "
        "word"
    )
    add("--overlay", action="store_true", help=overlays)
    add("--heatmaps", action="store_true", help="also draw the score maps, in OUT/heatmaps")
    add("--resume", action="store_true", help="skip pictures that already have a result in OUT")
    add("--overwrite", action="store_true", help="replace results that are already in OUT")
    add("--polygons", action="store_true", help="trace the outlines of curved words")
    add(
        "--level",
        choices=("word", "char", "line"),
        default="word",
        help="units to find: char adds the characters of each word; line groups words into lines, "
        "which formats other than json, jsonl and parquet then hold instead of words",
    )
    workers = (
        "number of pictures to process in parallel; they share --threads. auto uses one worker "
        "per thread; a single picture gets all threads"
    )
    add("--workers", type=str, default="auto", metavar="auto|N", help=workers)
    add_detector(result)
    score = "leave out words with a lower score; a score is the probability that a word is right"
    add("--min-score", type=ClosedUnitInterval, default=0.0, metavar="S", help=score)
    return result


def run(args: Namespace) -> int:
    """Detect words in every input; return the exit code, 0, or 1 if some inputs failed.

    Each failure is reported on stderr with its reason, and the remaining inputs are processed.

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
    args.workers = parse_workers(args.workers)
    if args.out is None:
        for option in ("overlay", "heatmaps", "resume", "overwrite"):
            if getattr(args, option):
                raise ConfigError(f"--{option} needs --out DIR")
        if args.format not in ("json", "jsonl"):
            raise ConfigError(f"--format {args.format} needs --out DIR; stdout gets JSON lines")
        return
    if args.resume and args.overwrite:
        raise ConfigError("--resume and --overwrite: choose one")
    if args.level == "char" and args.format not in WHOLE:
        known = ", ".join(WHOLE)
        raise ConfigError(f"--format {args.format} has no place for characters; use one of {known}")
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=args.out):
            pass
    except OSError as error:
        raise ConfigError(f"--out {args.out}: cannot be written to ({error.strerror})") from error


def _detect_all(args: Namespace, inputs: list[Input], failed: int) -> int:
    """Process the inputs; return the number of failed pictures, including `failed`."""
    workers, args.threads = share_threads(args.workers, args.threads, _pictures(args, inputs))
    detector = open_detector(args)
    thresholds = chosen_thresholds(args, args.weights, detector.thresholds)
    writer = new_writer(args)
    refuse_to_replace(args, inputs, writer)
    work = _Work(
        args=args,
        failed=failed,
        workers=workers,
        detector=detector,
        thresholds=thresholds,
        writer=writer,
    )
    work.go_through(inputs)
    return work.failed


def _pictures(args: Namespace, inputs: list[Input]) -> int:
    """Return an upper bound on the number of pictures; each page of a single input counts."""
    [item, *others] = inputs
    if not others and isinstance(item.source, Path):
        with (
            suppress(InputError),  # reported when the input is processed
            closing(open_document(item.source, every=args.every)) as document,
        ):
            if document.several and (args.pages is not None or not document.animated):
                return len(args.pages) if args.pages else MAX_PAGES
    return len(inputs)


@dataclass(kw_only=True)
class _Work(PageWork):
    """Detects words in one page after another."""

    detector: Detector
    thresholds: Thresholds
    writer: Writer
    # Held by the first thread that announces a picture of many tiles, and never released.
    _announced: Lock = field(default_factory=Lock)

    def jobs(self, item: Input) -> Iterator[Job]:
        if self.args.resume and self.writer.has(item.name, item.target):
            self.skipped += 1
        else:
            yield from super().jobs(item)

    def open(self, item: Input) -> Document:
        labels = self.args.format in LABELS
        if labels and not isinstance(item.source, Path):
            raise InputError(f"{item.name}: only files can be labelled; download it first")
        document = super().open(item)
        if labels and (document.several or isinstance(document, Pdf)):
            document.close()
            raise InputError(
                f"{item.name}: only files that hold a single picture can be labelled; save its "
                "pages or frames as pictures first"
            )
        return document

    def close(self) -> None:
        self.writer.close()

    def wants(self, page: Page) -> bool:
        target = part_target(page.item.target, page.part)
        if self.args.overwrite or not page.part:
            return True
        if not self.writer.has(page.item.name, target, page.part):
            return True
        if not self.args.resume:
            raise CraftliteError(f"{page.name}: already has a result; {ADVICE}")
        self.skipped += 1
        return False

    def read(self, document: Document, number: int) -> tuple[Picture, Size]:
        drawn = self.args.overlay or self.args.heatmaps
        scale = (lambda size: 1.0) if drawn else self.detector.scale
        return read_scaled(document, number, scale)

    def work_on(self, page: Page, picture: Picture, size: Size) -> Finish:
        args = self.args
        self._announce_tiles(page.name, size)
        maps = self.detector.maps(picture, size)
        words = self.detector.words(
            maps,
            self.thresholds,
            polygons=args.polygons,
            characters=args.level == "char",
            min_score=args.min_score,
        )
        target = part_target(page.item.target, page.part)
        if args.out is not None:
            _draw(target, args, picture, maps, words)
        return partial(self._write, page, target, words)

    def _write(self, page: Page, target: PurePath, words: Words) -> None:
        """Write a result; its drawings come first, as --resume skips pictures with a result."""
        self.writer.write(page.item.name, target, words, page.part)
        self.done += 1

    def _announce_tiles(self, name: str, size: Size) -> None:
        """Report before the first slow run that a picture is processed as many tiles."""
        count = self.detector.tile_count(size)
        many = self.args.tiles == "auto" and count >= MANY_TILES
        if many and self._announced.acquire(blocking=False):
            write_line(
                f"{name}: {size[0]}x{size[1]} pixels are run as {count} tiles, which takes a "
                "while; --tiles off runs the whole picture once and misses small text"
            )


def _draw(target: PurePath, args: Namespace, picture: Picture, maps: Maps, words: Words) -> None:

    if args.overlay:
        drawn = lines_as_words(words) if args.level == "line" else words
        write_drawing(args.out / "overlay" / target, overlay(picture, drawn, scores=True))
    if args.heatmaps:
        folder, name = args.out / "heatmaps" / target.parent, target.name
        write_drawing(folder / f"{name}.region", heatmap(picture, maps.region))
        write_drawing(folder / f"{name}.affinity", heatmap(picture, maps.affinity))
