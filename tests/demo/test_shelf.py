"""How many pictures are kept, and what a visitor hears whose picture was not."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gradio", reason="needs craftlite[demo]")

import gradio as gr

from craftlite.demo.handlers import Handlers
from craftlite.demo.session import Analysis, DetectorPool
from craftlite.demo.shelf import GONE, Shelf
from craftlite.errors import InputError
from craftlite.weights import DEFAULT

Make = Callable[[str], Analysis]


@pytest.fixture(scope="module")
def make(pool: DetectorPool) -> Make:
    return lambda name: pool.analyse(name, np.full((64, 96, 3), 255, np.uint8), DEFAULT, 320)


def test_an_analysis_counts_its_pictures_and_maps(make: Make) -> None:
    analysis = make("a")
    maps = 2 * analysis.maps.region.size * 4
    assert analysis.bytes == 64 * 96 * 3 + maps + len(analysis.shown)


def test_the_picture_unused_longest_makes_room(make: Make) -> None:
    pictures = [make(name) for name in "abcd"]
    shelf = Shelf(budget=3 * pictures[0].bytes)
    first, second, third = (shelf.put(picture) for picture in pictures[:3])
    assert shelf.get(first) is pictures[0]
    fourth = shelf.put(pictures[3])
    with pytest.raises(InputError, match="drop it again"):
        shelf.get(second)
    assert [shelf.get(key).name for key in (first, third, fourth)] == ["a", "c", "d"]


def test_a_sessions_new_picture_takes_the_place_of_its_last(make: Make) -> None:
    pictures = [make(name) for name in "abc"]
    shelf = Shelf(budget=2 * pictures[0].bytes)
    first, second = (shelf.put(picture) for picture in pictures[:2])
    third = shelf.put(pictures[2], instead_of=second)
    assert [shelf.get(key).name for key in (first, third)] == ["a", "c"]
    with pytest.raises(InputError):
        shelf.get(second)


def test_a_picture_larger_than_the_budget_is_kept_until_the_next(make: Make) -> None:
    shelf = Shelf(budget=1)
    first = shelf.put(make("a"))
    assert shelf.get(first).name == "a"
    shelf.put(make("b"))
    with pytest.raises(InputError):
        shelf.get(first)


def test_a_dropped_picture_is_gone(make: Make) -> None:
    shelf = Shelf()
    key = shelf.put(make("a"))
    shelf.drop(None)
    assert shelf.get(key).name == "a"
    shelf.drop(key)
    with pytest.raises(InputError):
        shelf.get(key)


def test_whoever_lost_a_picture_is_told_so(pool: DetectorPool, tmp_path: Path, make: Make) -> None:
    handlers = Handlers(pool, tmp_path, Shelf(budget=1))
    key = handlers.shelf.put(make("a"))
    levels = (0.6, 0.4, 0.4, "word", DEFAULT)
    assert "png" in handlers.save("png", key, *levels)
    handlers.shelf.put(make("b"))
    for call in (
        lambda: handlers.show(key, *levels),
        lambda: handlers.maps(key),
        lambda: handlers.rerun(key, 640, DEFAULT),
        lambda: handlers.save("png", key, *levels),
    ):
        with pytest.raises(gr.Error) as told:
            call()
        assert told.value.message == GONE


def test_a_visit_copies_nobodys_pictures(blocks: gr.Blocks) -> None:
    """Gradio deep-copies the page's configuration for every visitor; a shelf cannot be copied."""
    with pytest.raises(TypeError, match="lock"):
        deepcopy(Shelf())
    assert deepcopy(blocks.config).keys() == blocks.config.keys()


def test_an_upload_that_was_cleared_away_is_told(pool: DetectorPool, tmp_path: Path) -> None:
    handlers = Handlers(pool, tmp_path, Shelf())
    gone = str(tmp_path / "gone.jpg")
    with pytest.raises(gr.Error) as told:
        handlers.open(None, (gone, "gone.jpg"), 640, DEFAULT)
    assert "has expired" in told.value.message
    _, said = handlers.batch([gone], 0.6, 0.4, 0.4, "word", DEFAULT, 640)
    assert said == "0 of 1 pictures.\n- gone.jpg: the upload has expired: choose the file again"


def test_a_pdf_is_not_opened_for_strangers(pool: DetectorPool, tmp_path: Path) -> None:
    handlers = Handlers(pool, tmp_path, Shelf())
    pdf = tmp_path / "scan.pdf"
    pdf.write_bytes(b"%PDF-1.4\n")
    with pytest.raises(gr.Error) as refused:
        handlers.open(None, (str(pdf), "scan.pdf"), 320, DEFAULT)
    assert "button Open a PDF" in refused.value.message
