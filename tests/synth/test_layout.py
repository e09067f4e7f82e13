"""Every character's quad holds the ink of its character, whatever the track and the view."""

from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.geometry import Points, signed_area, transform
from craftlite.synth.raster import rasterise
from craftlite.synth.typesetting.fonts import Face, FaceId, Shaped
from craftlite.synth.typesetting.layout import (
    Block,
    Track,
    arc,
    paragraph,
    set_block,
    stack,
    straight,
    wave,
    word_spans,
)

FACE = Face(FaceId(str(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")))
SIZE = (900, 900)


def shaped_text(text: str) -> Shaped:
    shaped = FACE.shape(text)
    assert shaped is not None
    return shaped


def tracks(shaped: Shaped) -> dict[str, Track]:
    return {
        "straight": straight(shaped, 0.1),
        "arch": arc(shaped, 4.0),
        "hanging arc": arc(shaped, -4.0),
        "wave": wave(shaped, 0.3, 4.0),
        "stack": stack(shaped, 1.1),
    }


def view(degrees: float, away: float) -> np.ndarray:
    """Ems to pixels of the picture, turned and in perspective."""
    angle = np.deg2rad(degrees)
    cos, sin = 45 * np.cos(angle), 45 * np.sin(angle)
    return np.array([[cos, -sin, 450], [sin, cos, 450], [away, away / 2, 1]])


def glyphs_alone(text: str, track: Track) -> list[Block]:
    """A block for each character, at the place that it has in the whole."""
    shaped = shaped_text(text)
    blocks = []
    for k in range(len(text)):
        if text[k] == " ":
            continue
        one = Shaped([shaped.glyphs[k]], shaped.pens[k : k + 1], shaped.advances[k : k + 1])
        place = Track(track.positions[k : k + 1], track.angles[k : k + 1])
        blocks.append(set_block(text[k], one, place))
    return blocks


def coverage_of(block: Block) -> np.ndarray:
    whole = np.zeros(SIZE[::-1], np.float32)
    drawn = rasterise(block.contours, SIZE, em=40, margin=2)
    assert drawn is not None
    whole[drawn.place] = drawn.alpha
    return whole


def share_inside(ink: np.ndarray, quad: Points) -> float:
    """Share of the ink within a quad, the pixels on its border included."""
    mask = np.zeros(ink.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.rint((quad - 0.5) * 16).astype(np.int32), 1, shift=4)
    return float(ink[cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0].sum() / ink.sum())


@pytest.mark.parametrize("kind", ["straight", "arch", "hanging arc", "wave", "stack"])
@pytest.mark.parametrize(("degrees", "away"), [(0, 0.0), (25, 0.02), (-70, 0.05)])
def test_quads_sit_on_the_ink_of_their_characters(kind: str, degrees: float, away: float) -> None:
    text = "Wafgj Éil4"
    track = tracks(shaped_text(text))[kind]
    flat = set_block(text, shaped_text(text), track)
    to_middle = np.eye(3)
    to_middle[:2, 2] = -(flat.box()[:2] + flat.box()[2:]) / 2
    matrix = view(degrees, away) @ to_middle
    block = flat.moved(matrix)
    quads = np.concatenate([w.characters for w in block.words if w.characters is not None])
    alone = [coverage_of(one.moved(matrix)) for one in glyphs_alone(text, track)]
    assert len(quads) == len(alone) == 9
    for quad, ink in zip(quads, alone, strict=True):
        assert ink.sum() > 30
        assert share_inside(ink, quad) > 0.999
        assert signed_area(quad) > 0
    # Neighbours share a pixel here and there, where one covers a part of it and the other more.
    assert coverage_of(block).sum() == pytest.approx(np.sum(alone), rel=0.02)


def test_a_word_is_as_high_and_as_wide_as_its_ink() -> None:
    block = set_block("ago", shaped_text("ago"), straight(shaped_text("ago")))
    [word] = block.words
    assert np.allclose(word.polygon.min(axis=0), block.contours.points.min(axis=0), atol=1e-5)
    assert np.allclose(word.polygon.max(axis=0), block.contours.points.max(axis=0), atol=1e-5)


def test_a_full_stop_has_a_box_that_can_be_seen() -> None:
    [word] = set_block("a.b", shaped_text("a.b"), straight(shaped_text("a.b"))).words
    assert word.characters is not None
    width, height = np.ptp(word.characters[1], axis=0)
    assert width > 0.25
    assert height > 0.6


def test_a_straight_word_has_four_corners_and_a_curved_one_follows_its_characters() -> None:
    shaped = shaped_text("curve")
    [plain] = set_block("curve", shaped, straight(shaped)).words
    [bent] = set_block("curve", shaped, arc(shaped, 2.0)).words
    assert plain.polygon.shape == (4, 2)
    assert bent.polygon.shape == (12, 2)
    for word in (plain, bent):
        assert word.characters is not None
        assert np.array_equal(word.polygon[0], word.characters[0, 0])
        assert signed_area(word.polygon) > 0
    assert bent.characters is not None
    covered = signed_area(bent.polygon)
    assert covered == pytest.approx(sum(map(signed_area, bent.characters)), rel=0.25)


def test_stacked_characters_stand_below_each_other_in_one_column() -> None:
    shaped = shaped_text("WIM")
    [word] = set_block("WIM", shaped, stack(shaped, 1.2)).words
    assert word.characters is not None
    lefts, tops = word.characters[:, 0].T
    assert np.allclose(lefts, lefts[0])
    assert np.allclose(np.diff(tops), 1.2, atol=0.02)
    left, top = word.characters.min(axis=(0, 1))
    right, bottom = word.characters.max(axis=(0, 1))
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    assert np.allclose(word.polygon, corners)


@pytest.mark.parametrize("align", [0.0, 0.5, 1.0])
def test_lines_of_a_paragraph_are_aligned_and_apart(align: float) -> None:
    texts = ["two words", "one"]
    lines = [set_block(t, shaped_text(t), straight(shaped_text(t))) for t in texts]
    block = paragraph(lines, 1.5, align)
    assert [word.text for word in block.words] == ["two", "words", "one"]
    _, words, one = (word.polygon for word in block.words)
    assert one[:, 1].min() > words[:, 1].max()
    if align == 1.0:
        assert one[:, 0].max() == pytest.approx(words[:, 0].max(), abs=1e-4)
    if align == 0.0:
        assert one[:, 0].min() < 0.1


@given(st.text(alphabet="ab ", max_size=12))
def test_spans_are_what_split_gives(text: str) -> None:
    assert [text[start:stop] for start, stop in word_spans(text)] == text.split()


@given(degrees=st.floats(-180, 180), away=st.floats(-0.05, 0.05), radius=st.floats(2, 9))
def test_words_and_characters_move_as_their_ink_does(
    degrees: float, away: float, radius: float
) -> None:
    shaped = shaped_text("move it")
    block = set_block("move it", shaped, arc(shaped, radius))
    matrix = view(degrees, away)
    moved = block.moved(matrix)
    assert np.allclose(moved.contours.points, transform(block.contours.points, matrix))
    for before, after in zip(block.words, moved.words, strict=True):
        assert after.characters is not None
        assert before.characters is not None
        assert np.allclose(after.polygon, transform(before.polygon, matrix))
        assert np.allclose(after.characters, transform(before.characters, matrix))
