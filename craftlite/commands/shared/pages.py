"""Code shared by the commands that read pictures: from INPUT arguments to single pages."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeAlias

from jsonargparse import ArgumentParser, Namespace
from jsonargparse.typing import PositiveFloat

from craftlite.errors import CraftliteError
from craftlite.geometry import Picture, Size
from craftlite.image import open_document, read_scaled
from craftlite.image.document import Document, Part, called, chosen_pages
from craftlite.image.frames import without_remarks
from craftlite.inputs import Input, expand, unread_line
from craftlite.parallel import in_order
from craftlite.progress import Progress, write_line


def add_inputs(parser: ArgumentParser) -> None:
    """Add the INPUT arguments and the options that select the pages to read."""
    add = parser.add_argument
    kinds = "file, folder, glob, http(s) URL, - (stdin) or @FILE (a text file, one INPUT per line)"
    add("inputs", nargs="+", metavar="INPUT", help=kinds)
    public = "refuse URLs that lead outside the public internet, directly or by redirects"
    add("--public-only", action="store_true", help=public)
    pages = "pages to read; by default all of a PDF or TIFF and the first frame of an animation"
    add("--pages", type=str, metavar="all|1,3-5", help=pages)
    every = "read videos, one frame every SECONDS seconds"
    add("--every", type=PositiveFloat, metavar="SECONDS", help=every)


def find_inputs(args: Namespace, skip: Collection[Path] = ()) -> tuple[list[Input], int]:
    """Return the pictures that the arguments name, and the number of arguments that failed.

    Each failure is reported on stderr.

    skip: folders that are not searched for pictures.
    """
    unread: set[str] = set()
    inputs, errors = expand(args.inputs, skip=skip, unread=unread)
    for error in errors:
        _complain(error)
    if unread:
        write_line(unread_line(unread))
    return inputs, len(errors)


@dataclass(frozen=True)
class Page:
    """One picture to process: a whole input, or a page of it.

    Attributes:
        item: the input.
        name: the picture's name in messages.
        part: the part of the input; empty for a whole input.
    """

    item: Input
    name: str
    part: Part


Finish: TypeAlias = Callable[[], None]
Job: TypeAlias = Callable[[], Finish]


@dataclass(kw_only=True)
class PageWork:
    """Processes pages in parallel and finishes them in order; reports and counts failures.

    Attributes:
        args: the command's arguments, including those of `add_inputs`, with `pages` parsed.
        workers: number of pages to process in parallel, each in a thread.
        failed, done, skipped: numbers of pictures; each page of a document counts as one.
        animated: names of the inputs of which only the first frame was read.
    """

    args: Namespace
    failed: int
    workers: int = 1
    done: int = 0
    skipped: int = 0
    animated: list[str] = field(default_factory=list)

    def go_through(self, inputs: list[Input]) -> None:
        """Process all pages of all inputs, and write a summary to stderr."""
        only_one = len(inputs) == 1
        progress = Progress(unit="picture", leave=False, total=len(inputs), disable=only_one)
        # Entered once here: uses in overlapping threads would undo one another.
        with (
            without_remarks(),
            closing(in_order(self._jobs(inputs, progress), self.workers)) as jobs,
        ):
            try:
                for job in jobs:
                    with self._named_failures():
                        job.result()()
            finally:
                self.close()
                self._report(progress)

    def _jobs(self, inputs: list[Input], progress: Progress) -> Iterator[Job]:
        """Yield the jobs of all inputs, each input followed by a job that updates the progress."""
        for item in inputs:
            try:
                yield from self.jobs(item)
            except CraftliteError as error:
                yield partial(_fail, error)
            yield lambda: progress.update

    def jobs(self, item: Input) -> Iterator[Job]:
        """Open one input and yield a job for each of its pages.

        Raises:
            CraftliteError: the input cannot be read, or has no such page.
        """
        document = self.open(item)
        if not (document.several or self.args.pages):
            yield partial(self._work_on_all, item, document)
            return
        # Pages are read from one open document in sequence, so one thread reads them all.
        with closing(document):
            if document.animated and self.args.pages is None:
                self.animated.append(item.name)
            for number in chosen_pages(document, self.args.pages):
                page = Page(item, called(document, number), document.part(number))
                try:
                    if self.wants(page):
                        picture, size = self.read(document, number)
                        yield partial(self.work_on, page, picture, size)
                except CraftliteError as error:
                    yield partial(_fail, error)

    def _work_on_all(self, item: Input, document: Document) -> Finish:
        """Process the only page of an input."""
        with closing(document):  # frees the decoded data, which takes more memory than the picture
            picture, size = self.read(document, 1)
        return self.work_on(Page(item, document.name, Part()), picture, size)

    def open(self, item: Input) -> Document:
        """Return the input as a document; raises InputError if it cannot be read."""
        every, public_only = self.args.every, self.args.public_only
        return open_document(item.source, every=every, public_only=public_only)

    def wants(self, page: Page) -> bool:
        """Return whether to process one page of several; raises CraftliteError if not allowed."""
        return True

    def read(self, document: Document, number: int) -> tuple[Picture, Size]:
        """Return a page, possibly scaled down, and its original (width, height).

        Raises:
            InputError: the page cannot be read.
        """
        return read_scaled(document, number, lambda size: 1.0)

    def work_on(self, page: Page, picture: Picture, size: Size) -> Finish:
        """Process a page; called in several threads in parallel.

        Returns:
            a function that finishes the page; these are called one at a time, in page order.

        Raises:
            CraftliteError: the page cannot be processed.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Clean up after the last page or an interrupt."""

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
            write_line(f"{names}: only the first frame was read; add --pages all to read every one")
        count = self.done + self.failed
        if count + self.skipped > 1:
            progress.write_summary(count, failed=self.failed, skipped=self.skipped)


def _fail(error: CraftliteError) -> NoReturn:
    raise error


def _complain(error: CraftliteError) -> None:
    write_line(f"craftlite: {error}")
