"""Handlers that run on the server when something on the page changes."""

import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from craftlite.demo.session import MAX_PIXELS, RECOGNISER, Analysis, DetectorPool
from craftlite.demo.shelf import Shelf
from craftlite.demo.views import (
    NO_READING,
    NOTHING,
    characters_view,
    crops_view,
    json_view,
    lines_view,
    map_view,
    text_view,
    words_view,
)
from craftlite.draw import overlay, write_picture
from craftlite.errors import CraftliteError, InputError
from craftlite.formats import icdar, json_line, part_target, record
from craftlite.geometry import Picture
from craftlite.image import read_image
from craftlite.image.document import Part
from craftlite.image.pdf import is_pdf
from craftlite.image.pdf_process import draw_page
from craftlite.recognisers import is_installed
from craftlite.words import Words

MOST_PICTURES = 50  # maximum number in a batch
FURTHER = ("Lines", "Crops", "Text")  # tabs that are filled when they are selected


class Controls(NamedTuple):
    """The values of the page's controls; handlers receive them in this order, as `*settings`."""

    text: float
    link: float
    low: float
    level: str  # level of JSON and files: "word", or "char" to include characters
    weights: str


class Handlers:
    """The page's handlers; files for the browser are written to a private `folder`.

    A session refers to its picture by a key of the shelf, which is None before the first picture.
    """

    def __init__(self, pool: DetectorPool, folder: Path, shelf: Shelf) -> None:
        self.pool, self.folder, self.shelf = pool, folder, shelf

    def open(
        self, key: str | None, file: tuple[str, str] | None, side: int, weights: str
    ) -> tuple[Any, Any]:
        """Run the network on an upload, given by its path and name.

        Returns the key of the picture, and an update that hides the page control for PDFs. Without
        a file, nothing changes.
        """
        if file is None:
            return gr.skip(), gr.skip()
        with user_errors_as_gradio():
            analysis = self.pool.analyse(file[1], _read_upload(Path(file[0])), weights, side)
        return self.shelf.put(analysis, instead_of=key), gr.update(visible=False)

    def open_pdf(self, key: str | None, file: str, side: int, weights: str) -> tuple[str, Any, Any]:
        """Run the network on the first page of a PDF.

        Returns the key of the picture, None to clear the picture upload, and an update of the page
        control.
        """
        key, count = self._open_page(key, file, 1, side, weights)
        return key, None, gr.update(visible=count > 1, maximum=max(count, 2), value=1)

    def turn_page(self, key: str | None, file: str, page: int, side: int, weights: str) -> str:
        """Run the network on another page of a PDF; return the key of the picture."""
        return self._open_page(key, file, page, side, weights)[0]

    def _open_page(
        self, key: str | None, file: str, page: int, side: int, weights: str
    ) -> tuple[str, int]:
        with user_errors_as_gradio():
            picture, count = draw_page(_upload(Path(file)), page, MAX_PIXELS)
            part = Part(page=page) if count > 1 else Part()
            analysis = self.pool.analyse(Path(file).name, picture, weights, side, part)
        return self.shelf.put(analysis, instead_of=key), count

    def drop(self, key: str | None) -> None:
        """Drop the picture and set the key to None."""
        self.shelf.drop(key)

    def rerun(self, key: str | None, side: int, weights: str) -> str | None:
        """Run the network again if the long side or the weights have changed."""
        analysis = self._kept(key)
        if analysis is None or (analysis.weights, analysis.long_side) == (weights, side):
            return key
        with user_errors_as_gradio():
            analysis = self.pool.analyse(
                analysis.name, analysis.picture, weights, side, analysis.part
            )
        return self.shelf.put(analysis, instead_of=key)

    def tuned(self, weights: str) -> tuple[float, float, float, int]:
        """Return the thresholds and the long side that the weights were tuned for."""
        detector = self.pool.detector(weights)
        own = detector.thresholds
        return own.text, own.link, own.low, detector.long_side

    def maps(self, key: str | None) -> tuple[str, str]:
        """Return both maps over the picture, as HTML."""
        analysis = self._kept(key)
        if analysis is None:
            return NOTHING, NOTHING
        return (
            map_view(analysis, analysis.maps.region, "region map"),
            map_view(analysis, analysis.maps.affinity, "affinity map"),
        )

    def show(self, key: str | None, *settings: Any) -> tuple[str, str, str]:
        """Return words and characters as HTML, and the JSON, without running the network."""
        analysis, chosen = self._kept(key), Controls(*settings)
        if analysis is None:
            return NOTHING, NOTHING, ""
        words, milliseconds = self._words(analysis, chosen)
        return (
            words_view(analysis, words, milliseconds),
            characters_view(analysis, words),
            json_view(analysis, _at_level(words, chosen.level)),
        )

    def show_further(self, tab: str, key: str | None, *settings: Any) -> tuple[Any, ...]:
        """Return the HTML of the selected tab if it is in FURTHER; the others do not change."""
        analysis = self._kept(key)
        if analysis is None:
            return (NOTHING,) * len(FURTHER)
        if tab not in FURTHER:
            return (gr.skip(),) * len(FURTHER)
        words, _ = self._words(analysis, Controls(*settings))
        if tab == "Lines":
            view = lines_view(analysis, words)
        elif tab == "Crops":
            view = crops_view(analysis, words)
        elif not is_installed(RECOGNISER):
            view = NO_READING
        else:
            with user_errors_as_gradio():
                view = text_view(*self.pool.read(analysis, words))
        return tuple(view if name == tab else gr.skip() for name in FURTHER)

    def select(self, tab: str, key: str | None, *settings: Any) -> tuple[Any, ...]:
        """Return the name of the selected tab, and the result of `show_further`."""
        return tab, *self.show_further(tab, key, *settings)

    def save(self, form: str, key: str | None, *settings: Any) -> str:
        """Write the shown results to a file; form is "json", "txt" or "png"."""
        analysis, chosen = self._kept(key), Controls(*settings)
        if analysis is None:
            raise gr.Error("Drop a picture first.", print_exception=False)
        words = _at_level(self._words(analysis, chosen)[0], chosen.level)
        if form == "png":
            path = self._new_file(f"{_stem(analysis.name, analysis.part)}.png")
            write_picture(path, overlay(analysis.picture, words, scores=True))
        else:
            name, text = _text_file(form, analysis.name, words, analysis.part)
            path = self._new_file(name)
            path.write_text(text, encoding="utf-8")
        return str(path)

    def batch(
        self,
        paths: Sequence[str] | None,
        text: float,
        link: float,
        low: float,
        level: str,
        weights: str,
        side: int,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, str]:
        """Return a zip of the words of several pictures, and a report of unreadable pictures."""
        if not paths:
            raise gr.Error("Choose some pictures first.", print_exception=False)
        if len(paths) > MOST_PICTURES:
            raise gr.Error(f"At most {MOST_PICTURES} pictures at a time.", print_exception=False)
        settings = Controls(text, link, low, level, weights)
        target, failed = self._new_file("words.zip"), []
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in progress.tqdm([Path(path) for path in paths], unit="pictures"):
                try:
                    analysis = self.pool.analyse(path.name, _read_upload(path), weights, side)
                except CraftliteError as error:
                    failed.append(f"- {path.name}: {error}")
                    continue
                words = _at_level(self._words(analysis, settings)[0], level)
                for form in ("json", "txt"):
                    archive.writestr(*_text_file(form, path.name, words, Part()))
        done = len(paths) - len(failed)
        return str(target), "\n".join([f"{done} of {len(paths)} pictures.", *failed])

    def _kept(self, key: str | None) -> Analysis | None:
        """Return the picture of a key; if it was dropped, the page shows the shelf's message."""
        with user_errors_as_gradio():
            return None if key is None else self.shelf.get(key)

    def _words(self, analysis: Analysis, settings: Controls) -> tuple[Words, float]:
        """Return the words with their characters; `growth` is the weights' tuned value."""
        tuned = self.pool.detector(settings.weights).thresholds
        thresholds = replace(tuned, text=settings.text, link=settings.link, low=settings.low)
        return self.pool.words(analysis, settings.weights, thresholds)

    def _new_file(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder)) / name


def _upload(path: Path) -> bytes:
    """Return the bytes of an upload, which may have expired."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError("the upload has expired: choose the file again") from None


def _read_upload(path: Path) -> Picture:
    data = _upload(path)
    if is_pdf(data):
        raise InputError("use the button Open a PDF to read a PDF")
    return read_image(data, max_pixels=MAX_PIXELS)


def _at_level(words: Words, level: str) -> Words:
    """Return the words with characters if the level is "char", without if it is "word"."""
    return words if level == "char" else replace(words, characters=None)


def _stem(picture: str, part: Part) -> str:
    """Return the name, without suffix, of files with a picture's words."""
    return part_target(Path(Path(picture).stem or "picture"), part).name


def _text_file(form: str, picture: str, words: Words, part: Part) -> tuple[str, str]:
    """Return name and text of a file with a picture's words: "json", or "txt" in ICDAR format."""
    stem = _stem(picture, part)
    if form == "txt":
        return f"res_{stem}.txt", icdar(words)
    return f"{stem}.json", json_line(record(picture, words, part)) + "\n"


@contextmanager
def user_errors_as_gradio() -> Iterator[None]:
    """Show a CraftliteError raised in the block as a message on the page."""
    try:
        yield
    except CraftliteError as error:
        raise gr.Error(str(error), print_exception=False) from error
