"""`craftlite read`: print the text in pictures line by line."""

import json
import sys
from dataclasses import dataclass
from functools import partial
from typing import get_args

from jsonargparse import ArgumentParser, Namespace

from craftlite.commands.shared.options import (
    add_detector,
    chosen_thresholds,
    new_parser,
    open_detector,
)
from craftlite.commands.shared.pages import Finish, Page, PageWork, add_inputs, find_inputs
from craftlite.detector import Detector
from craftlite.errors import printable
from craftlite.formats.text_lines import text_record
from craftlite.geometry import Picture, Size
from craftlite.image.document import parse_pages
from craftlite.postprocess import Thresholds
from craftlite.progress import Progress
from craftlite.reading import TextLine, read_words
from craftlite.recognisers import Name, Recogniser, open_recogniser


def parser() -> ArgumentParser:
    """Return the argument parser of the command."""
    result = new_parser(
        "Read the text in pictures, and print it line by line in reading order, with an empty line "
        "between blocks. Needs the package rapidocr or the program tesseract."
    )
    add_inputs(result)
    add = result.add_argument
    add("--json", action="store_true", help="print one JSON object per picture, with boxes")
    add(
        "--recogniser",
        choices=get_args(Name),
        default="rapidocr",
        help="recogniser that reads the words found",
    )
    add_detector(result)
    return result


def run(args: Namespace) -> int:
    """Read all inputs; return the exit code, 0, or 1 if some inputs failed.

    Each failure is reported on stderr with its reason, and the remaining inputs are processed.

    Raises:
        ConfigError: the recogniser is not installed, or an option's value is invalid.
        WeightsError: the weights cannot be used.
    """
    args.pages = parse_pages(args.pages)
    recogniser = open_recogniser(args.recogniser, args.threads)
    inputs, failed = find_inputs(args)
    if not inputs:
        return 1
    detector = open_detector(args)
    thresholds = chosen_thresholds(args, args.weights, detector.thresholds)
    work = _Work(
        args=args, failed=failed, detector=detector, thresholds=thresholds, recogniser=recogniser
    )
    work.several = len(inputs) > 1
    work.go_through(inputs)
    return 1 if work.failed else 0


@dataclass(kw_only=True)
class _Work(PageWork):
    """Reads one page after another.

    Attributes:
        several: whether there is more than one input, so that each text needs a title.
    """

    detector: Detector
    thresholds: Thresholds
    recogniser: Recogniser
    several: bool = False

    def work_on(self, page: Page, picture: Picture, size: Size) -> Finish:
        words = self.detector(picture, self.thresholds, characters=True)
        return partial(self._print, page, size, read_words(picture, words, self.recogniser))

    def _print(self, page: Page, size: Size, lines: list[TextLine]) -> None:
        if self.args.json:
            text = json.dumps(text_record(page.item.name, size, lines, page.part))
        else:
            text = _as_text(lines)
            if self.several or page.part:
                title = f"==> {printable(page.name)} <==\n"
                text = ("\n" if self.done else "") + title + text
        _print(text)
        self.done += 1


def _as_text(lines: list[TextLine]) -> str:
    """Return the text of the lines, with an empty line between blocks."""
    text = ""
    for number, line in enumerate(lines):
        if number:
            text += "\n" if lines[number - 1].block == line.block else "\n\n"
        text += printable(line.text)
    return text


def _print(text: str) -> None:
    # Characters that the encoding of the terminal or file lacks become "?".
    encoding = sys.stdout.encoding or "utf-8"
    # tqdm's own print keeps the lines out of the progress bar when both share a terminal.
    Progress.write(text.encode(encoding, "replace").decode(encoding), file=sys.stdout)
    sys.stdout.flush()
