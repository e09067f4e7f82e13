"""Panels: every part shows what it should, where it should."""

from pathlib import Path

import numpy as np
import pytest

from craftlite.data.sample import Sample, Word
from craftlite.data.word_geometry import split_evenly
from craftlite.draw import can_show
from craftlite.errors import DatasetError
from craftlite.geometry import Points
from craftlite.inspection.panel import (
    BAND,
    GAP,
    HIGHEST,
    KINDS,
    WIDEST,
    contact_sheet,
    draw_panel,
    draw_words,
    kinds_of,
)
from craftlite.inspection.statistics import Statistics

KNOWN, FOUND, GUESSED, IGNORED = (np.array(colour) for colour in KINDS.values())


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def grey(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 120, np.uint8)


def three_words() -> list[Word]:
    """A word of each kind: known characters, guessed characters, don't care."""
    known = box(20, 20, 100, 60)
    return [
        Word(known, "ab", characters=split_evenly(known, 2)),
        Word(box(20, 100, 100, 140), "ab"),
        Word(box(160, 60, 280, 100), ignore=True),
    ]


def test_words_have_the_colour_of_their_kind_their_characters_and_their_start() -> None:
    drawn = draw_words(grey(300, 200), three_words(), kinds_of(three_words()), 1.0).astype(int)
    for colour, (left, top), (right, bottom) in (
        (KNOWN, (20, 20), (100, 60)),
        (GUESSED, (20, 100), (100, 140)),
        (IGNORED, (160, 60), (280, 100)),
    ):
        edge = drawn[bottom - 1 : bottom + 2, right - 15]
        assert abs(edge - colour).sum(axis=1).min() < 30
        middle = drawn[(top + bottom) // 2, (left + right) // 2]
        cut = abs(middle - colour).sum() < abs(middle - 120).sum()
        assert cut == (colour is not IGNORED)
        # The dot is wider than the line, and at one corner alone.
        dot, other = drawn[top + 3, left + 2], drawn[bottom - 4, right - 3]
        assert (abs(dot - colour).sum() < 30) == (colour is not IGNORED)
        assert abs(other - colour).sum() > 60
    assert (drawn[180:, :] == 120).all()


def test_characters_found_have_a_colour_of_their_own_and_tell_how_sure_they_are() -> None:
    def drawn(confidence: float, text: str | None = None) -> np.ndarray:
        quad = box(60, 100, 200, 140)
        word = Word(quad, text, characters=split_evenly(quad, 3), confidence=confidence)
        kinds = kinds_of([word, word], found=[0])
        assert kinds == ["of characters found", "of known characters"]
        return draw_words(grey(300, 200), [word], kinds[:1], 1.0)

    one, other = drawn(0.5), drawn(0.75)
    edge = one[139:142, 185].astype(int)
    assert abs(edge - FOUND).sum(axis=1).min() < 30
    differs = (one != other).any(axis=2)
    assert differs[80:100, 60:120].any()  # the number, above the word
    assert not differs[100:].any()
    assert (drawn(0.5, "word")[80:100] != one[80:100]).any()


def test_texts_stand_above_their_words_where_the_face_has_them() -> None:
    def inked(text: str | None) -> bool:
        words = [Word(box(60, 100, 200, 140), text)]
        drawn = draw_words(grey(300, 200), words, kinds_of(words), 1.0)
        return bool((drawn[70:92, 60:200] != 120).any())

    assert inked("word")
    assert not inked(None)
    assert not inked("\u6587\u5b57")
    assert all(map(can_show, "A-z 0.9!")) and not can_show("\u0416")


def test_a_panel_has_the_words_both_maps_and_the_confidence() -> None:
    panel = draw_panel("three", grey(300, 200), three_words())
    height, width = panel.shape[:2]
    part = (width - GAP) // 2, (height - BAND) // 2 - GAP
    scale = part[0] / 300
    corners = [(x * (part[0] + GAP), y * (part[1] + GAP)) for y in (0, 1) for x in (0, 1)]

    def at(place: int, x: float, y: float) -> np.ndarray:
        left, top = corners[place]
        pixel = panel[top + round((y + 0.5) * scale), left + round((x + 0.5) * scale)]
        return np.asarray(pixel.astype(int))

    def is_hot(pixel: np.ndarray) -> bool:
        return bool(pixel[0] - pixel[2] > 60)

    # The middles of the first character, between the two, and of the don't-care region.
    character, between, ignored, ground = (40, 40), (60, 40), (220, 80), (220, 180)
    assert [is_hot(at(1, *point)) for point in (character, between, ignored, ground)] == [
        *(True, False, False, False)
    ]
    assert [is_hot(at(2, *point)) for point in (character, between, ignored, ground)] == [
        *(False, True, False, False)
    ]
    sure, half = at(3, *character), at(3, 40, 120)
    assert abs(sure - at(3, *ground)).max() <= 1
    assert abs(half - sure / 2).max() <= 1
    assert at(3, *ignored).max() == 0
    assert panel[-BAND // 2].std() > 10  # the line of text


@pytest.mark.parametrize(
    "size", [(1280, 720), (720, 1280), (4000, 3000), (9000, 200), (40, 900), (30, 20), (1, 1)]
)
def test_panels_are_no_larger_than_they_may_be(size: tuple[int, int]) -> None:
    words = [Word(box(0, 0, size[0], size[1]), "word"), Word(box(-90, -90, -20, -50), "far")]
    panel = draw_panel("name", grey(*size), words)
    assert panel.shape[1] <= WIDEST
    assert panel.shape[0] <= HIGHEST
    assert panel.dtype == np.uint8
    # One side is used up, unless the picture is so small that it would only blur.
    if max(size) > 700:
        assert panel.shape[1] > 0.97 * WIDEST or panel.shape[0] > 0.97 * HIGHEST


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_a_contact_sheet_holds_every_panel(count: int) -> None:
    panels = [np.full((120, 200, 3), 60 + 4 * k, np.uint8) for k in range(count)]
    sheet = contact_sheet(panels)
    found = set(np.unique(sheet[..., 0]).tolist())
    assert {60 + 4 * k for k in range(count)} <= found
    assert sheet.shape[1] <= WIDEST + 10 * GAP


def test_the_census_knows_curved_words_and_known_characters() -> None:
    arc = np.array([[10, 50], [50, 30], [90, 50], [90, 70], [50, 50], [10, 70]], np.float32)
    statistics = Statistics()
    statistics.add(
        Sample("one", grey(300, 200).astype(np.uint8), (*three_words(), Word(arc, "abcd")))
    )
    counts = statistics.facts()["counts"]
    assert (counts["curved"], counts["with known characters"], counts["characters"]) == (1, 1, 2)
    assert (counts["legible"], counts["don't care"], counts["vertical"]) == (3, 1, 0)


def test_without_any_sample_there_is_nothing_to_tell() -> None:
    facts = Statistics().facts()
    assert set(facts["counts"].values()) == {0}
    assert facts["sizes"] == {}
    assert facts["heights"] == {}


def test_what_is_no_picture_has_no_size(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    for name in ("a.jpg", "missing.jpg"):
        with pytest.raises(DatasetError, match=name):
            Sample(name, tmp_path / name, ()).size()
