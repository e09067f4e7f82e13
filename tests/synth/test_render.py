"""Rendered words: every character's quad holds its ink, and nothing is hidden."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import shapely

from craftlite.data.sample import Sample
from craftlite.errors import DatasetError
from craftlite.geometry import Points
from craftlite.synth.render import WordRenderer, draw_line, load_font, usable_face, word_quad
from craftlite.synth.text import random_text

INK = 0.1


def bounds(quad: Points) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of an upright box; right and bottom are past its last pixel."""
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    return int(left), int(top), int(right), int(bottom)


def samples(count: int, renderer: WordRenderer) -> list[Sample]:
    return [renderer.sample(k) for k in range(count)]


@pytest.mark.parametrize("size", [12, 30, 64])
@pytest.mark.parametrize("text", ["Word", "il1.", "g-j", "WAVE", "4:30"])
def test_boxes_of_a_line_hold_the_ink_of_their_characters(text: str, size: int) -> None:
    font = load_font("", size)
    ink, words = draw_line([text, "end"], font, spacing=2.0, gap=size / 2)
    outside = ink.copy()
    for word, string in zip(words, [text, "end"], strict=True):
        assert word.shape == (len(string), 4, 2)
        assert len({(quad[0, 1], quad[2, 1]) for quad in word}) == 1
        for quad, character in zip(word, string, strict=True):
            left, top, right, bottom = bounds(quad)
            inside = ink[top:bottom, left:right] > INK
            alone = draw_line([character], font, spacing=0, gap=0)[0] > INK
            assert inside.sum() == alone.sum()
            assert right - left <= font.getlength(character) + 2
            outside[top - 1 : bottom + 1, left - 1 : right + 1] = 0
    assert outside.max() == 0


def test_a_word_box_is_as_high_as_its_ink() -> None:
    ink, [word] = draw_line(["ago"], load_font("", 40), spacing=0, gap=0)
    _, top, _, bottom = bounds(word_quad(word))
    rows = np.flatnonzero((ink > INK).any(axis=1))
    assert abs(rows[[0, -1]] - [top, bottom - 1]).max() <= 1


def test_word_quad_runs_from_the_first_to_the_last_character() -> None:
    _, [word] = draw_line(["abc"], load_font("", 30), spacing=0, gap=0)
    left, top, right, bottom = bounds(word.reshape(-1, 2))
    expected = [[left, top], [right, top], [right, bottom], [left, bottom]]
    assert word_quad(word).tolist() == expected


def on_one_colour(folder: Path, count: int) -> list[tuple[Sample, np.ndarray]]:
    """Samples on a ground of one colour, and how far each of their pixels is from it."""
    colour = np.array([40, 90, 200])
    cv2.imwrite(str(folder / "ground.png"), np.full((300, 300, 3), colour[::-1], np.uint8))
    renderer = WordRenderer((folder / "ground.png",), size=(320, 240), seed=3)
    changes = [
        (s, abs(s.pixels().astype(int) - colour).max(axis=2)) for s in samples(count, renderer)
    ]
    # Every tenth ground is not a photograph.
    return [(sample, change) for sample, change in changes if np.median(change) == 0]


def test_ink_in_the_picture_lies_within_the_words(tmp_path: Path) -> None:
    changed = changed_near = 0
    for sample, change in on_one_colour(tmp_path, 8):
        near = np.zeros(change.shape, np.uint8)
        for word in sample.words:
            cv2.fillPoly(near, [np.round(word.polygon).astype(np.int32)], 1)
        # Plates, shadows and outlines reach a few pixels further.
        reach = cv2.dilate(near, np.ones((13, 13), np.uint8)) > 0
        changed += (change > 12).sum()
        changed_near += ((change > 12) & reach).sum()
    assert changed > 10_000
    assert changed_near > 0.999 * changed


def test_every_character_of_a_picture_stands_out_from_the_ground(tmp_path: Path) -> None:
    seen = []
    for sample, change in on_one_colour(tmp_path, 8):
        for word in sample.words:
            assert word.characters is not None
            for quad in word.characters:
                place = np.zeros(change.shape, np.uint8)
                cv2.fillPoly(place, [np.round(quad).astype(np.int32)], 1)
                seen.append(change[place > 0].max() > 20)
    assert len(seen) > 200
    assert np.mean(seen) > 0.99


def test_sample_depends_on_seed_and_number_alone() -> None:
    one = WordRenderer(size=(200, 160), seed=1)
    ahead = [one.sample(k) for k in (0, 1, 2)][2]
    alone = WordRenderer(size=(200, 160), seed=1).sample(2)
    assert np.array_equal(ahead.pixels(), alone.pixels())
    assert [word.text for word in ahead.words] == [word.text for word in alone.words]
    for a, b in zip(ahead.words, alone.words, strict=True):
        assert np.array_equal(a.polygon, b.polygon)
    other = WordRenderer(size=(200, 160), seed=2).sample(2)
    assert not np.array_equal(alone.pixels(), other.pixels())


def test_words_lie_in_the_picture_have_their_characters_and_do_not_overlap() -> None:
    words = 0
    for sample in samples(25, WordRenderer(size=(300, 260))):
        assert sample.pixels().shape == (260, 300, 3)
        assert sample.pixels().dtype == np.uint8
        for word in sample.words:
            assert word.text is not None
            assert word.characters is not None
            assert word.characters.shape == (len(word.text), 4, 2)
            assert not word.ignore
            assert word.polygon.min() >= 0
            assert (word.polygon <= [300, 260]).all()
            assert (
                shapely.Polygon(word.polygon)
                .buffer(0.5)
                .contains(shapely.MultiPoint(word.characters.reshape(-1, 2)))
            )
        shapes = [shapely.Polygon(word.polygon) for word in sample.words]
        assert all(shape.is_valid for shape in shapes)
        for number, shape in enumerate(shapes):
            for other in shapes[:number]:
                shared = shape.intersection(other).area
                assert shared < 0.02 * min(shape.area, other.area)
        words += len(sample.words)
    assert words > 50


def test_photographs_are_the_ground(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    red = np.zeros((90, 120, 3), np.uint8)
    red[..., 2] = 255
    cv2.imwrite(str(tmp_path / "deep" / "red.PNG"), red)
    renderer = WordRenderer.from_folders(tmp_path, fonts=tmp_path)
    assert renderer.fonts == ("",)
    medians = [np.median(s.pixels().reshape(-1, 3), axis=0) for s in samples(10, renderer)]
    assert sum(tuple(median) == (255, 0, 0) for median in medians) >= 6


def test_a_missing_folder_of_photographs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        WordRenderer.from_folders(tmp_path / "nowhere")


def test_a_file_that_is_no_font_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    assert not usable_face(str(tmp_path / "broken.ttf"))
    assert usable_face("")
    assert WordRenderer.from_folders(None, fonts=tmp_path).fonts == ("",)


def test_texts_are_words_without_spaces_and_of_many_kinds() -> None:
    rng = np.random.default_rng(0)
    texts = [random_text(rng) for _ in range(500)]
    assert all(text and text.isprintable() and " " not in text for text in texts)
    assert len(set(texts)) > 300
    assert any(text.isdigit() for text in texts)
    assert any(text.isupper() and text.isalpha() for text in texts)
    assert any(text.islower() for text in texts)
    assert any(len(text) == 1 for text in texts)
    rng = np.random.default_rng(0)
    assert [random_text(rng) for _ in range(20)] == texts[:20]
