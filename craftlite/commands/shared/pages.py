"""What the commands that read pictures share: from INPUT arguments to page after page."""

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


@dataclass(frozen=True)
class Page:
    """One picture to work on: all of an input, or a page of it.

    Attributes:
        item: the input.
        name: what messages call the picture.
        part: which part of the input it is; empty where it is all of it.
    """

    item: Input
    name: str
    part: Part


Finish: TypeAlias = Callable[[], None]
Job: TypeAlias = Callable[[], Finish]


@dataclass(kw_only=True)
class PageWork:
    """Works on several pages at once, and finishes them in order; failures are named and counted.

    Attributes:
        args: the command's, with those of `add_inputs`, of which `pages` are parsed.
        workers: how many pages are worked on at once, each by a thread.
        failed, done, skipped: numbers of pictures, each page of a document being one.
        animated: names of the inputs of which only the first frame was read.
    """

    args: Namespace
    failed: int
    workers: int = 1
    done: int = 0
    skipped: int = 0
    animated: list[str] = field(default_factory=list)

    def go_through(self, inputs: list[Input]) -> None:
        """Work on all pages of all inputs, and write how many there were to stderr."""
        only_one = len(inputs) == 1
        progress = Progress(unit="picture", leave=False, total=len(inputs), disable=only_one)
        # Its own uses would undo one another where threads overlap.
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
        """What there is to do for each page, and after each input."""
        for item in inputs:
            try:
                yield from self.jobs(item)
            except CraftliteError as error:
                yield partial(_fail, error)
            yield lambda: progress.update

    def jobs(self, item: Input) -> Iterator[Job]:
        """What there is to do for each page of one input, which is opened here.

        Raises:
            CraftliteError: it cannot be read, or has no such page.
        """
        document = self.open(item)
        if not (document.several or self.args.pages):
            yield partial(self._work_on_all, item, document)
            return
        # A page is read where the one before it ends: by one thread.
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
        """Work on the only page of an input."""
        with closing(document):  # frees what was decoded, which takes more than the picture
            picture, size = self.read(document, 1)
        return self.work_on(Page(item, document.name, Part()), picture, size)

    def open(self, item: Input) -> Document:
        """The input as a document; raises InputError where it cannot be read."""
        every, public_only = self.args.every, self.args.public_only
        return open_document(item.source, every=every, public_only=public_only)

    def wants(self, page: Page) -> bool:
        """Whether to work on a page of several; raises CraftliteError where that must not be."""
        return True

    def read(self, document: Document, number: int) -> tuple[Picture, Size]:
        """A page, maybe made smaller, and its size (width, height) as it was; raises InputError."""
        return read_scaled(document, number, lambda size: 1.0)

    def work_on(self, page: Page, picture: Picture, size: Size) -> Finish:
        """Work on a page, in a thread beside others.

        Returns:
            what is left to do: it is called in the pages' order, one after the other.

        Raises:
            CraftliteError: the work fails.
        """
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


def _fail(error: CraftliteError) -> NoReturn:
    raise error


def _complain(error: CraftliteError) -> None:
    write_line(f"craftlite: {error}")
