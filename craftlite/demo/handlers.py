"""What happens on the server when something on the page changes."""

import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import gradio as gr

from craftlite.demo.session import Analysis, DetectorPool, Found, at_level
from craftlite.demo.views import NOTHING, characters_view, json_view, map_view, words_view
from craftlite.draw import overlay, write_picture
from craftlite.errors import CraftliteError
from craftlite.formats import icdar, json_line, record

MOST_PICTURES = 50  # in a batch


class Handlers:
    """The page's functions; files for the browser are made in a `folder` of the server's own.

    Arguments named text, link, low, level and weights are the page's settings.
    """

    def __init__(self, pool: DetectorPool, folder: Path) -> None:
        self.pool, self.folder = pool, folder

    def open(self, file: tuple[str, str] | None, side: int, weights: str) -> Analysis | None:
        """Runs the network on an upload, given as its path and name."""
        if file is None:
            return None
        with user_errors_as_gradio():
            return self.pool.analyse_file(Path(file[0]).read_bytes(), file[1], weights, side)

    def again(self, analysis: Analysis | None, side: int, weights: str) -> Analysis | None:
        """Runs the network again where the long side or the weights are others now."""
        if analysis is None or (analysis.weights, analysis.long_side) == (weights, side):
            return analysis
        return self.pool.analyse(analysis.name, analysis.picture, weights, side)

    def own(self, weights: str) -> tuple[float, float, float, int]:
        """Thresholds and long side that weights were tuned for."""
        detector = self.pool.detector(weights)
        own = detector.thresholds
        return own.text, own.link, own.low, detector.long_side

    def maps(self, analysis: Analysis | None) -> tuple[str, str]:
        """Both maps over the picture, as HTML."""
        if analysis is None:
            return NOTHING, NOTHING
        return (
            map_view(analysis, analysis.maps.region, "region map"),
            map_view(analysis, analysis.maps.affinity, "affinity map"),
        )

    def show(
        self,
        analysis: Analysis | None,
        text: float,
        link: float,
        low: float,
        level: str,
        weights: str,
    ) -> tuple[str, str, str]:
        """Words and characters as HTML, and the JSON; no network runs."""
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
        analysis: Analysis | None,
        text: float,
        link: float,
        low: float,
        level: str,
        weights: str,
    ) -> str:
        """A file of what is shown: form "json", "txt" or "png"."""
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
                    analysis = self.pool.analyse_file(path.read_bytes(), path.name, weights, side)
                except CraftliteError as error:
                    failed.append(f"- {path.name}: {error}")
                    continue
                found = self._words(analysis, weights, text, link, low)
                words = at_level(found.words, level)
                archive.writestr(f"{path.stem}.json", json_line(record(path.name, words)) + "\n")
                archive.writestr(f"res_{path.stem}.txt", icdar(words))
        done = len(paths) - len(failed)
        return str(target), "\n".join([f"{done} of {len(paths)} pictures.", *failed])

    def _words(
        self, analysis: Analysis, weights: str, text: float, link: float, low: float
    ) -> Found:
        """The words at three levels; boxes grow as the weights were tuned to."""
        own = self.pool.detector(weights).thresholds
        return self.pool.words(analysis, weights, replace(own, text=text, link=link, low=low))

    def _new_file(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder)) / name


@contextmanager
def user_errors_as_gradio() -> Iterator[None]:
    """A mistake of the user's inside becomes a sentence on the page."""
    try:
        yield
    except CraftliteError as error:
        raise gr.Error(str(error), print_exception=False) from error
