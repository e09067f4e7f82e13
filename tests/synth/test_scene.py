"""Photographs with text of their own: words move with their part, and stay free."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import shapely

from craftlite.data.sample import Sample, Word
from craftlite.errors import ConfigError, DatasetError
from craftlite.geometry import box
from craftlite.synth import generator as generators
from craftlite.synth.backgrounds.photographs import find_scenes, random_scene
from craftlite.synth.generator import Generator
from craftlite.synth.legibility import mark_small
from craftlite.synth.typesetting.fonts import FaceId

SIZE = (320, 240)


def scene(*words: Word) -> Sample:
    """A grey photograph with a white box where each word is."""
    picture = np.full((600, 800, 3), 90, np.uint8)
    for word in words:
        cv2.fillPoly(picture, [word.polygon.astype(np.int32)], (255, 255, 255))
    return Sample("photo", picture, words)


def word(left: float, top: float, right: float, bottom: float) -> Word:
    middle = (left + right) / 2
    halves = [box(left, top, middle, bottom), box(middle, top, right, bottom)]
    return Word(box(left, top, right, bottom), "ab", characters=np.stack(halves))


def test_a_word_moves_with_the_pixels_of_its_part() -> None:
    photo = scene(word(300, 250, 480, 310))
    seen = 0
    for seed in range(20):
        picture, words = random_scene(np.random.default_rng(seed), [photo], SIZE)
        assert picture.shape == (SIZE[1], SIZE[0], 3)
        for found in (found for found in words if not found.ignore):
            mask = np.zeros(picture.shape[:2], np.uint8)
            cv2.fillPoly(mask, [np.rint(found.polygon).astype(np.int32)], 1)
            inside = cv2.erode(mask, np.ones((5, 5), np.uint8)) > 0
            outside = cv2.dilate(mask, np.ones((7, 7), np.uint8)) == 0
            assert picture[inside].min() > 240
            assert picture[outside].max() < 110
            assert found.characters is not None
            assert np.allclose(found.characters[0, 0], found.polygon[0])
            seen += 1
    assert seen > 5


def test_a_word_that_the_edge_cuts_is_dont_care_and_lies_within() -> None:
    wide = scene(word(-0.0, 280, 800, 320))
    cut = 0
    for seed in range(20):
        _, words = random_scene(np.random.default_rng(seed), [wide], SIZE)
        for found in words:
            if found.ignore:
                cut += 1
                assert found.characters is None
                assert shapely.box(0, 0, *SIZE).covers(shapely.Polygon(found.polygon))
    assert cut > 5


def test_words_too_low_for_the_softness_are_dont_care() -> None:
    words = [word(0, 0, 60, 6), word(0, 20, 60, 32)]
    assert [found.ignore for found in mark_small(words, 0.5)] == [True, False]
    assert [found.ignore for found in mark_small(words, 4.0)] == [True, True]


def test_nothing_is_written_over_the_words_of_a_scene(
    dejavu_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generators, "SCENES", 1.0)
    own = [word(100, 100, 700, 260), word(100, 340, 700, 500)]
    faces = {"latin": (FaceId(str(dejavu_file)),)}
    made = Generator(faces=faces, size=SIZE, typical_words=40, scenes=(scene(*own),), pages=0.0)
    written = kept = 0
    for sample in (made.sample(k) for k in range(12)):
        mine = [found for found in sample.words if found.text == "ab" or found.ignore]
        others = [found for found in sample.words if found.text != "ab" and not found.ignore]
        whole = [shapely.Polygon(found.polygon) for found in mine if found.text == "ab"]
        for found in others:
            outline = shapely.Polygon(found.polygon).buffer(0)
            assert all(outline.intersection(free).area < 0.05 * outline.area for free in whole)
        written, kept = written + len(others), kept + len(whole)
    assert written > 10
    assert kept > 10


def test_scenes_come_from_datasets(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((40, 60, 3), np.uint8))
    quad = "[[1, 1], [30, 1], [30, 12], [1, 12]]"
    line = f'{{"image": "a.png", "words": [{{"polygon": {quad}, "text": "ab"}}]}}\n'
    (tmp_path / "words.jsonl").write_text(line)
    [sample] = find_scenes(["words"], [tmp_path])
    assert sample.words[0].text == "ab"
    assert find_scenes([], []) == ()
    with pytest.raises(ConfigError, match="2 --data for 1 --dataset"):
        find_scenes(["words"], [tmp_path, tmp_path])
    (tmp_path / "words.jsonl").write_text('{"image": "a.png", "words": []}\n')
    with pytest.raises(DatasetError, match="no words among 1 pictures"):
        find_scenes(["words"], [tmp_path])
