"""What the commands that read pictures share: from INPUT arguments to page after page."""

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveFloat

from craftlite.errors import CraftliteError
from craftlite.image import open_document
from craftlite.image.document import Document, chosen_pages
from craftlite.inputs import Input, expand, unread_line
from craftlite.progress import Progress, write_line


def add_inputs(parser: ArgumentParser) -> None:
    """The INPUT arguments, and the options on which of their pages are read."""
    add = parser.add_argument
    kinds = "file, folder, glob, http(s) URL, - (stdin) or @FILE (a text file with an INPUT a line)"
    add("inputs", nargs="+", metavar="INPUT", help=kinds)
    public = "refuse URLs that lead, even by redirects, to other networks than the public internet"
    add("--public-only", action="store_true", help=public)
    pages = "pages to read; by default all of a PDF or TIFF and the first frame of an animation"
    add("--pages", type=str, metavar="all|1,3-5", help=pages)
    every = "read one frame of each video in so many seconds"
    add("--every", type=PositiveFloat, metavar="SECONDS", help=every)


def find_inputs(args: Namespace, skip: Collection[Path] = ()) -> tuple[list[Input], int]:
    """The pictures that the arguments mean, and how many arguments failed, each named on stderr.

    skip: folders in which no picture is looked for.
    """
    unread: set[str] = set()
    inputs, errors = expand(args.inputs, skip=skip, unread=unread)
    for error in errors:
        _complain(error)
    if unread:
        write_line(unread_line(unread))
    return inputs, len(errors)


@dataclass(kw_only=True)
class PageWork:
    """Works on one page after the other; each failure is named and counted.

    Attributes:
        args: the command's, with those of `add_inputs`, of which `pages` are parsed.
        failed, done, skipped: numbers of pictures, each page of a document being one.
        animated: names of the inputs of which only the first frame was read.
    """

    args: Namespace
    failed: int
    done: int = 0
    skipped: int = 0
    animated: list[str] = field(default_factory=list)

    def go_through(self, inputs: list[Input]) -> None:
        """Work on all pages of all inputs, and write how many there were to stderr."""
        progress = Progress(inputs, unit="picture", leave=False, disable=len(inputs) == 1)
        try:
            for item in progress:
                self.do(item)
        finally:
            self.close()
            self._report(progress)

    def do(self, item: Input) -> None:
        """Work on the pages of one input."""
        with self._named_failures(), closing(self.open(item)) as document:
            if document.animated and self.args.pages is None:
                self.animated.append(item.name)
            for number in chosen_pages(document, self.args.pages):
                with self._named_failures():
                    self.do_page(item, document, number)

    def open(self, item: Input) -> Document:
        """The input as a document; raises InputError where it cannot be read."""
        every, public_only = self.args.every, self.args.public_only
        return open_document(item.source, every=every, public_only=public_only)

    def do_page(self, item: Input, document: Document, number: int) -> None:
        """Work on one page, and count it; raises CraftliteError where that fails."""
        raise NotImplementedError

    def close(self) -> None:
        """What is left to do after the last page, or after an interrupt."""

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        try:
            yield
        except CraftliteError as error:
            _complain(error)
            self.failed += 1

    def _report(self, progress: Progress) -> None:
        if self.animated:
            others = len(self.animated) - 1
            names = self.animated[0] + (f" and {others} more animations" if others else "")
            write_line(f"{names}: only the first frame was read; --pages all reads every frame")
        count = self.done + self.failed
        if count + self.skipped > 1:
            progress.write_summary(count, failed=self.failed, skipped=self.skipped)


def _complain(error: CraftliteError) -> None:
    write_line(f"craftlite: {error}")
