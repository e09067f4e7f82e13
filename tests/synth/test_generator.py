"""Generated pictures: repeatable one by one, words in place and apart, ink within their quads."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import shapely

from craftlite.data.sample import Sample
from craftlite.errors import ConfigError, DatasetError
from craftlite.synth import camera
from craftlite.synth import generator as synth_generator
from craftlite.synth.backgrounds import distractors
from craftlite.synth.generator import Generator
from craftlite.synth.typesetting import block
from craftlite.synth.typesetting.fonts import FaceId
from craftlite.synth.typesetting.scripts import NEEDED, common_characters, script_of

SIZE = (320, 260)


def generator(faces: Path, seed: int = 1, **settings: object) -> Generator:
    latin = {"latin": (FaceId(str(faces)), FaceId(""))}
    return Generator(faces=latin, size=SIZE, seed=seed, typical_words=30, **settings)  # type: ignore[arg-type]


def same(one: Sample, other: Sample) -> bool:
    words = zip(one.words, other.words, strict=True)
    return np.array_equal(one.pixels(), other.pixels()) and all(
        (a.text, a.ignore) == (b.text, b.ignore)
        and np.array_equal(a.polygon, b.polygon)
        and np.array_equal(a.characters, b.characters)
        for a, b in words
    )


def test_a_sample_depends_on_seed_and_number_alone(dejavu_file: Path) -> None:
    made = generator(dejavu_file)
    in_order = [made.sample(k) for k in range(4)]
    assert same(in_order[3], generator(dejavu_file).sample(3))
    assert same(in_order[3], pickle.loads(pickle.dumps(made)).sample(3))
    assert not same(in_order[3], in_order[2])
    other = generator(dejavu_file, seed=2).sample(3)
    assert not np.array_equal(in_order[3].pixels(), other.pixels())


def test_words_lie_in_the_picture_with_their_characters_and_apart(dejavu_file: Path) -> None:
    made = generator(dejavu_file)
    frame = shapely.box(0, 0, *SIZE).buffer(1)
    readable = unreadable = 0
    for sample in (made.sample(k) for k in range(25)):
        assert sample.pixels().shape == (SIZE[1], SIZE[0], 3)
        assert sample.pixels().dtype == np.uint8
        shapes = [shapely.Polygon(word.polygon).buffer(0) for word in sample.words]
        for word, shape in zip(sample.words, shapes, strict=True):
            assert word.text is not None
            assert word.characters is not None
            assert word.characters.shape == (len(word.text), 4, 2)
            assert frame.contains(shape)
            assert shape.buffer(2).contains(shapely.MultiPoint(word.characters.mean(axis=1)))
        for number, shape in enumerate(shapes):
            for other in shapes[:number]:
                assert shape.intersection(other).area < 0.1 * min(shape.area, other.area)
        readable += sum(not word.ignore for word in sample.words)
        unreadable += sum(word.ignore for word in sample.words)
    assert readable > 100
    assert unreadable > 5


def test_paint_lies_on_the_words_and_nowhere_else(
    tmp_path: Path, dejavu_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distractors, "CLUTTERED", 0.0)
    monkeypatch.setattr(distractors, "COVERED", 0.0)
    monkeypatch.setattr(camera, "CLEAN", 1.0)
    monkeypatch.setattr(synth_generator, "PLATES", 0.0)
    # The rules of a table run on where its cells are blank.
    shares = {kind: share for kind, share in block._SHARES.items() if kind is not block.ruled_table}
    monkeypatch.setattr(block, "_SHARES", shares)
    colour = np.array([40, 90, 200])
    cv2.imwrite(str(tmp_path / "ground.png"), np.full((300, 380, 3), colour[::-1], np.uint8))
    made = generator(dejavu_file, photographs=(tmp_path / "ground.png",))
    near, far, inked = 0, 0, []
    for sample in (made.sample(k) for k in range(60)):
        change = abs(sample.pixels().astype(int) - colour).max(axis=2) > 20
        # On the photograph, and not on a drawn background, most pixels are exactly its colour.
        if np.median(abs(sample.pixels().astype(int) - colour)) > 0:
            continue
        words = np.zeros(change.shape, np.uint8)
        for word in sample.words:
            cv2.fillPoly(words, [np.rint(word.polygon).astype(np.int32)], 1)
            assert word.characters is not None
            for quad in word.characters:
                place = np.zeros(change.shape, np.uint8)
                cv2.fillPoly(place, [np.rint(quad).astype(np.int32)], 1)
                if not word.ignore:
                    inked.append(change[place > 0].any())
        reach = cv2.dilate(words, np.ones((61, 61), np.uint8)) > 0  # glow and shadows
        near, far = near + int(change[reach].sum()), far + int(change[~reach].sum())
    assert near > 10_000
    assert far < 0.01 * near
    assert len(inked) > 100
    assert np.mean(inked) > 0.99


def test_scripts_have_their_shares_where_a_face_writes_them(
    dejavu_file: Path,
) -> None:
    made = Generator.from_folders(fonts=dejavu_file.parent, scripts=["greek", "cyrillic"])
    made = replace(made, size=SIZE, typical_words=40)
    texts = [word.text for k in range(12) for word in made.sample(k).words if word.text]
    found = [script_of(text) for text in texts if text.isalpha() and len(text) > 2]
    assert set(found) >= {"greek", "cyrillic"}
    assert "latin" not in [script_of(text) for text in texts if len(text) == 1 and text.isalpha()]


@pytest.mark.parametrize("script", ["hangul", "japanese", "chinese"])
def test_scripts_of_the_east_are_written_by_a_face_that_has_them(
    script: str, tmp_path: Path, write_font: Callable[[Path, str], None]
) -> None:
    needed = dict.fromkeys(NEEDED[script] + common_characters(script))
    write_font(tmp_path / "east.ttf", "".join(needed))
    made = Generator.from_folders(fonts=tmp_path, scripts=[script])
    made = replace(made, size=SIZE, typical_words=40)
    words = [word for k in range(10) for word in made.sample(k).words]
    assert sum(script_of(word.text or "") == script for word in words) > 10
    tall = [np.ptp(w.polygon, axis=0) for w in words if len(w.text or "") > 2]
    assert any(height > 2 * width for width, height in tall)


def test_pages_are_even_and_full(dejavu_file: Path) -> None:
    def made(pages: float) -> list[Sample]:
        return [generator(dejavu_file, pages=pages).sample(k) for k in range(12)]

    def evenness(samples: list[Sample]) -> float:
        # The commonest of 64 tones of grey fills most of a page.
        tones = [
            np.bincount(s.pixels().mean(axis=2).astype(int).ravel() // 4, minlength=64)
            for s in samples
        ]
        return float(np.mean([tone.max() / tone.sum() for tone in tones]))

    pages = made(1.0)
    assert evenness(pages) > 1.3 * evenness(made(0.0))
    assert min(len(page.words) for page in pages) > 2


def test_words_of_a_list_are_written(tmp_path: Path, dejavu_file: Path) -> None:
    (tmp_path / "list.txt").write_text("Zwiebel\nKnoblauch\n")
    made = Generator.from_folders(None, dejavu_file.parent, tmp_path / "list.txt", ["latin"])
    made = replace(made, size=SIZE)
    texts = [word.text or "" for k in range(15) for word in made.sample(k).words]
    assert any("Zwiebel" in text for text in texts)
    assert {text for text in texts if text.isalpha() and len(text) > 6} <= {
        *("Zwiebel", "Knoblauch", "ZWIEBEL", "KNOBLAUCH")
    }


def test_what_is_unknown_or_missing_is_named(tmp_path: Path, dejavu_file: Path) -> None:
    with pytest.raises(ConfigError, match=r"'klingon' is unknown; known: latin"):
        Generator.from_folders(scripts=["latin", "klingon"])
    with pytest.raises(DatasetError, match="no font there supports hangul"):
        Generator.from_folders(fonts=dejavu_file.parent, scripts=["latin", "hangul"])
    with pytest.raises(DatasetError, match="nowhere"):
        Generator.from_folders(tmp_path / "nowhere", dejavu_file.parent)
