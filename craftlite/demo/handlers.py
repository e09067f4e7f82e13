"""What happens on the server when something on the page changes."""

import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import gradio as gr

from craftlite.demo.session import Analysis, DetectorPool, Found, at_level
from craftlite.demo.shelf import Shelf
from craftlite.demo.views import NOTHING, characters_view, json_view, map_view, words_view
from craftlite.draw import overlay, write_picture
from craftlite.errors import CraftliteError, InputError
from craftlite.formats import icdar, json_line, record

MOST_PICTURES = 50  # in a batch


class Handlers:
    """The page's functions; files for the browser are made in a `folder` of the server's own.

    Arguments named text, link, low, level and weights are the page's settings. A session knows its
    picture by a key of the shelf's, None before there is one.
    """

    def __init__(self, pool: DetectorPool, folder: Path, shelf: Shelf) -> None:
        self.pool, self.folder, self.shelf = pool, folder, shelf

    def open(
        self, key: str | None, file: tuple[str, str] | None, side: int, weights: str
    ) -> str | None:
        """Runs the network on an upload (its path and name); returns the key it is kept by."""
        if file is None:
            self.shelf.drop(key)
            return None
        with user_errors_as_gradio():
            analysis = self.pool.analyse_file(_uploaded(Path(file[0])), file[1], weights, side)
        return self.shelf.put(analysis, instead_of=key)

    def again(self, key: str | None, side: int, weights: str) -> str | None:
        """Runs the network again where the long side or the weights are others now."""
        analysis = self._kept(key)
        if analysis is None or (analysis.weights, analysis.long_side) == (weights, side):
            return key
        new = self.pool.analyse(analysis.name, analysis.picture, weights, side)
        return self.shelf.put(new, instead_of=key)

    def own(self, weights: str) -> tuple[float, float, float, int]:
        """Thresholds and long side that weights were tuned for."""
        detector = self.pool.detector(weights)
        own = detector.thresholds
        return own.text, own.link, own.low, detector.long_side

    def maps(self, key: str | None) -> tuple[str, str]:
        """Both maps over the picture, as HTML."""
        analysis = self._kept(key)
        if analysis is None:
            return NOTHING, NOTHING
        return (
            map_view(analysis, analysis.maps.region, "region map"),
            map_view(analysis, analysis.maps.affinity, "affinity map"),
        )

    def show(
        self,
        key: str | None,
        text: float,
        link: float,
        low: float,
        level: str,
        weights: str,
    ) -> tuple[str, str, str]:
        """Words and characters as HTML, and the JSON; no network runs."""
        analysis = self._kept(key)
        if analysis is None:
            return NOTHING, NOTHING, ""
        found = self._words(analysis, weights, text, link, low)
        return (
            words_view(analysis, found),
            characters_view(analysis, found),
            json_view(analysis, at_level(found.words, level)),
        )

    def save(
        self,
        form: str,
        key: str | None,
        text: float,
        link: float,
        low: float,
        level: str,
        weights: str,
    ) -> str:
        """A file of what is shown: form "json", "txt" or "png"."""
        analysis = self._kept(key)
        if analysis is None:
            raise gr.Error("Drop a picture first.", print_exception=False)
        found = self._words(analysis, weights, text, link, low)
        words, stem = at_level(found.words, level), Path(analysis.name).stem or "picture"
        path = self._new_file(f"res_{stem}.txt" if form == "txt" else f"{stem}.{form}")
        if form == "json":
            path.write_text(json_line(record(analysis.name, words)) + "\n")
        elif form == "txt":
            path.write_text(icdar(words))
        else:
            write_picture(path, overlay(analysis.picture, words))
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
        """A zip of the words of several pictures, and a line on each that could not be read."""
        if not paths:
            raise gr.Error("Choose some pictures first.", print_exception=False)
        if len(paths) > MOST_PICTURES:
            raise gr.Error(f"{MOST_PICTURES} pictures at a time.", print_exception=False)
        target, failed = self._new_file("words.zip"), []
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in progress.tqdm([Path(path) for path in paths], unit="pictures"):
                try:
                    analysis = self.pool.analyse_file(_uploaded(path), path.name, weights, side)
                except CraftliteError as error:
                    failed.append(f"- {path.name}: {error}")
                    continue
                found = self._words(analysis, weights, text, link, low)
                words = at_level(found.words, level)
                archive.writestr(f"{path.stem}.json", json_line(record(path.name, words)) + "\n")
                archive.writestr(f"res_{path.stem}.txt", icdar(words))
        done = len(paths) - len(failed)
        return str(target), "\n".join([f"{done} of {len(paths)} pictures.", *failed])

    def _kept(self, key: str | None) -> Analysis | None:
        """The picture of a key; where it is no longer kept, the page shows the shelf's sentence."""
        with user_errors_as_gradio():
            return None if key is None else self.shelf.get(key)

    def _words(
        self, analysis: Analysis, weights: str, text: float, link: float, low: float
    ) -> Found:
        """The words at three levels; boxes grow as the weights were tuned to."""
        own = self.pool.detector(weights).thresholds
        return self.pool.words(analysis, weights, replace(own, text=text, link=link, low=low))

    def _new_file(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder)) / name


def _uploaded(path: Path) -> bytes:
    """The bytes of an upload, which may have waited long enough to be cleared away."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError("the upload was cleared away: choose it again") from None


@contextmanager
def user_errors_as_gradio() -> Iterator[None]:
    """A mistake of the user's inside becomes a sentence on the page."""
    try:
        yield
    except CraftliteError as error:
        raise gr.Error(str(error), print_exception=False) from error
