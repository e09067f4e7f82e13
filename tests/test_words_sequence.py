"""Words as a sequence: indexed as numpy arrays are, compared, written down and read back."""

import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite import Detector, read_image
from craftlite.formats import json_line, record
from craftlite.words import Word, Words

SAMPLE = Path(__file__).parents[1] / "data/samples/images/tin.jpg"


def some_words(count: int, seed: int = 0, characters: bool = True) -> Words:
    """Words with quads, outlines of 4 or 14 points and characters anywhere."""
    rng = np.random.default_rng(seed)

    def points(*shape: int) -> np.ndarray:
        return rng.uniform(-5, 700, (*shape, 2)).astype(np.float32)

    quads = points(count, 4)
    outlines = [quad if rng.random() < 0.5 else points(14) for quad in quads]
    glyphs = tuple(points(int(rng.integers(1, 6)), 4) for _ in range(count))
    scores = rng.uniform(0, 1, count).astype(np.float32)
    return Words(quads, tuple(outlines), scores, (640, 480), glyphs if characters else None)


def the_same(one: Words, other: Words) -> bool:
    """Whether two have the same numbers, looked at one by one."""
    return (
        one.size == other.size
        and one.quads.tolist() == other.quads.tolist()
        and one.scores.tolist() == other.scores.tolist()
        and [p.tolist() for p in one.polygons] == [p.tolist() for p in other.polygons]
        and [c.tolist() for c in one.characters or ()]
        == [c.tolist() for c in other.characters or ()]
    )


@given(st.integers(0, 6), st.data())
def test_an_index_selects_as_it_does_from_a_numpy_array(count: int, data: st.DataObject) -> None:
    words = some_words(count)
    place = st.integers(-count, count - 1) if count else st.nothing()
    several = st.lists(place, max_size=8 if count else 0)
    index = data.draw(
        st.one_of(
            place,
            st.slices(count),
            several,
            several.map(lambda places: np.array(places, np.int32)),
            st.lists(st.booleans(), min_size=count, max_size=count).map(
                lambda mask: np.array(mask, np.bool_)
            ),
        )
    )
    expected = words.quads[index]
    found = words[index]
    if isinstance(index, int):
        assert isinstance(found, Word)
        np.testing.assert_array_equal(found.quad, expected)
        return
    assert isinstance(found, Words) and found.size == words.size
    np.testing.assert_array_equal(found.quads, expected)
    np.testing.assert_array_equal(found.scores, words.scores[index])
    places = np.arange(count)[index]
    for mine, theirs in ((found.polygons, words.polygons), (found.characters, words.characters)):
        assert len(mine) == len(places)
        assert all(one is theirs[place] for one, place in zip(mine, places, strict=True))


@pytest.mark.parametrize(
    "index", [3, -4, [0, 3], np.array([-4]), [True, False], np.ones(4, bool), None, True, "a", 1.0]
)
def test_an_index_without_a_word_is_refused(index: object) -> None:
    with pytest.raises(IndexError):
        some_words(3)[index]


def test_iteration_gives_each_word_in_order() -> None:
    words = some_words(5)
    listed = list(words)
    assert len(listed) == len(words) == 5
    for number, word in enumerate(listed):
        assert word.quad is not None and (word.quad == words.quads[number]).all()
        assert word.polygon is words.polygons[number]
        assert word.characters is words.characters[number]
        assert word.score == words.scores[number] and type(word.score) is float
    assert [word.characters for word in some_words(2, characters=False)] == [None, None]


def test_a_mask_of_scores_filters_and_an_order_of_scores_ranks() -> None:
    words = some_words(20)
    sure = words[words.scores > 0.5]
    assert 0 < len(sure) < 20 and (sure.scores > 0.5).all()
    ranked = words[np.argsort(-words.scores)]
    assert (np.diff(ranked.scores) <= 0).all() and len(ranked) == 20


def test_words_are_equal_where_their_numbers_are() -> None:
    words = some_words(4)
    assert words == some_words(4) and list(words) == list(some_words(4))
    assert words[0] == words[0] and words[0] != words[1]
    last = words.quads.copy()
    last[-1, -1, -1] += 1
    others = [
        replace(words, quads=last),
        replace(words, scores=words.scores + np.float32(0.01)),
        replace(words, size=(641, 480)),
        replace(words, polygons=(*words.polygons[:3], words.polygons[3] + 1)),
        replace(words, polygons=(*words.polygons[:3], words.polygons[3][:-1])),
        replace(words, characters=None),
        replace(words, characters=(*words.characters[:3], words.characters[3][:0])),
        words[:3],
        "words",
    ]
    for other in others:
        assert words != other and (words == other) is False
    assert replace(words[0], characters=None) != words[0]


def test_words_stay_immutable_and_have_no_hash() -> None:
    words = some_words(2)
    for one in (words, words[0]):
        with pytest.raises(TypeError):
            hash(one)
        with pytest.raises(FrozenInstanceError):
            one.score = 1


@pytest.mark.parametrize("count", [0, 1, 7])
@pytest.mark.parametrize("characters", [False, True])
def test_dictionaries_and_json_give_the_very_words_back(count: int, characters: bool) -> None:
    words = some_words(count, seed=count, characters=characters)
    for entry in (words.to_dict(), json.loads(words.to_json())):
        back = Words.from_dict(entry)
        assert back == words and the_same(back, words)
        assert back.quads.dtype == back.scores.dtype == np.float32
        assert all(polygon.dtype == np.float32 for polygon in back.polygons)
    assert "\n" not in words.to_json()


def test_the_keys_are_those_of_detect() -> None:
    words = some_words(3)
    entry, written = words.to_dict(), record("a.jpg", words, {"page": 2})
    assert written.keys() - entry.keys() == {"image", "page"} and entry.keys() <= written.keys()
    assert [word.keys() for word in entry["words"]] == [word.keys() for word in written["words"]]
    back = Words.from_dict(json.loads(json_line(written)))
    np.testing.assert_allclose(back.quads, words.quads, atol=0.0501)
    np.testing.assert_allclose(back.scores, words.scores, atol=0.000051)
    assert back.size == words.size and len(back.characters) == 3


def test_a_word_without_a_polygon_has_its_quad() -> None:
    entry = some_words(2).to_dict()
    del entry["words"][1]["polygon"]
    assert (Words.from_dict(entry).polygons[1] == some_words(2).quads[1]).all()


@pytest.mark.parametrize("key", ["width", "height", "words", "quad", "score", "characters"])
def test_a_missing_key_is_named(key: str) -> None:
    entry = some_words(2).to_dict()
    entry.pop(key, None)
    for word in entry.get("words", [])[1:]:
        word.pop(key, None)
    with pytest.raises(ValueError, match=f"'{key}' is missing"):
        Words.from_dict(entry)


@pytest.mark.parametrize("quad", [[[1, 2], [3, 4], [5, 6]], [1, 2], "quad", [[1, 2]] * 5])
def test_a_quad_of_another_shape_is_refused(quad: object) -> None:
    entry = some_words(2).to_dict()
    entry["words"][0]["quad"] = quad
    with pytest.raises(ValueError):
        Words.from_dict(entry)


def test_a_notebook_shows_the_outlines() -> None:
    words = some_words(3)
    drawing = ElementTree.fromstring(words._repr_html_())
    outlines = list(drawing.iter("polygon"))
    assert len(outlines) == 3 and drawing.find("svg").get("viewBox") == "0 0 640 480"
    corners = [pair.split(",") for pair in outlines[1].get("points").split()]
    np.testing.assert_allclose(np.array(corners, float), words.polygons[1], atol=0.0501)
    assert outlines[1].find("title").text == f"1: {words.scores[1]:.2f}"
    assert "3 words in 640x480 pixels" in "".join(drawing.itertext())
    assert "1 word in" in words[:1]._repr_html_() and "0 words in" in words[:0]._repr_html_()


def test_words_of_a_picture_are_drawn_on_it() -> None:
    picture = read_image(SAMPLE)
    words = Detector()(SAMPLE)
    drawn = words.draw(SAMPLE)
    assert drawn.shape == picture.shape and (drawn != picture).any()
    assert (words.draw(picture) == drawn).all()
    left, top = words.quads[0].min(axis=0).astype(int)
    right, bottom = words.quads[0].max(axis=0).astype(int)
    assert (drawn != picture)[top:bottom, left:right].any()


def test_supervision_has_boxes_scores_and_quads() -> None:
    sv = pytest.importorskip("supervision")
    words = some_words(6)
    found = words.to_supervision()
    assert isinstance(found, sv.Detections) and len(found) == 6
    np.testing.assert_array_equal(found.confidence, words.scores)
    for box, polygon in zip(found.xyxy, words.polygons, strict=True):
        np.testing.assert_array_equal(box, [*polygon.min(axis=0), *polygon.max(axis=0)])
    sure = found[found.confidence > 0.5]
    kept = words[words.scores > 0.5]
    np.testing.assert_array_equal(sure.data["xyxyxyxy"], kept.quads)
    assert all(a is b for a, b in zip(sure.data["polygon"], kept.polygons, strict=True))
    assert len(words[:0].to_supervision()) == 0
    blank = np.zeros((480, 640, 3), np.uint8)
    for annotator in (sv.BoxAnnotator(), sv.OrientedBoxAnnotator()):
        assert annotator.annotate(blank.copy(), found).any()


def test_without_supervision_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "supervision", None)
    with pytest.raises(ModuleNotFoundError, match="pip install supervision"):
        some_words(1).to_supervision()
