"""The format for data of one's own: words.jsonl."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from written import PICTURE, problems, write

from craftlite.data.annotations import (
    ANTICLOCKWISE,
    CHARACTERS,
    CROSSING,
    DUPLICATE,
    GIF,
    NO_AREA,
    NO_TEXT,
    TURNED,
    UNREADABLE,
    Dataset,
)
from craftlite.data.readers import has_validation, read_dataset
from craftlite.errors import DatasetError
from craftlite.formats import json_line, record
from craftlite.geometry import signed_area
from craftlite.train.detector.mix import validation_samples
from craftlite.words import Words

BOX = [[0, 0], [9.5, 0], [9.5, 5], [0, 5]]
BACK = [[0, 0], [0, 5], [9.5, 5], [9.5, 0]]


def line(image: object = "images/a.jpg", words: object = (), **others: object) -> str:
    return json.dumps({"image": image, "words": words} | others, ensure_ascii=False)


def read(root: Path, *lines: str, split: str = "train", **options: bool) -> Dataset:
    write(root, {"words.jsonl": "\n".join(lines)})
    return read_dataset("words", root, split, **options)


def names(dataset: Dataset) -> list[str]:
    return [sample.name for sample in dataset.samples]


def test_everything_that_a_word_can_have(tmp_path: Path) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE})
    words = [
        {"polygon": [*BOX, [-2, 3]], "text": "Café, 2", "score": 0.9},
        {"quad": BACK, "polygon": None, "text": None, "ignore": None},
        {"quad": [[7, 7]], "polygon": BOX},
        {"quad": BOX, "text": "hidden", "ignore": True},
        {"polygon": BOX, "text": "a b", "ignore": False, "characters": [BOX, BACK]},
        {"quad": [[20, 5], [20, 95], [10, 95], [10, 5]], "text": "TALL"},
    ]
    dataset = read(tmp_path, "\ufeff" + line(words=words, width=6, height=4) + "\r\n\r")
    [sample] = dataset.samples
    assert (sample.name, sample.picture) == ("a", tmp_path / "images/a.jpg")
    assert [word.text for word in sample.words] == ["Café, 2", None, None, None, "a b", "TALL"]
    assert [word.ignore for word in sample.words] == [i == 3 for i in range(6)]
    assert len(sample.words[0].polygon) == 5
    assert sample.words[1].polygon.tolist() == sample.words[2].polygon.tolist() == BOX
    assert sample.words[4].characters is not None
    assert sample.words[4].characters.tolist() == [BOX, BOX]
    assert sample.words[5].polygon[0].tolist() == [20, 5]
    assert problems(dataset, tmp_path) == [("words.jsonl:1", ANTICLOCKWISE)]


def test_what_detect_writes_is_read(tmp_path: Path) -> None:
    quad = np.array(BOX, np.float32)
    found = Words(quad[None], (quad,), np.array([0.5], np.float32), (6, 4), (quad[None],))
    write(tmp_path, {"photos/ä.png": PICTURE})
    [sample] = read(tmp_path, json_line(record("photos/ä.png", found))).samples
    [word] = sample.words
    assert word.polygon.tolist() == BOX
    assert (word.text, word.ignore) == (None, False)
    assert word.characters is not None


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ({"quad": BACK, "text": "x"}, ANTICLOCKWISE),
        ({"polygon": [[0, 0], [9, 9], [9, 0], [0, 9]], "text": "x"}, CROSSING),
        ({"polygon": [[3, 3]] * 3, "text": "x"}, NO_AREA),
        ({"polygon": BOX, "text": " "}, NO_TEXT),
        ({"polygon": BOX, "text": "ab", "characters": [BOX]}, CHARACTERS),
        ({"polygon": BOX, "text": "ab", "characters": []}, CHARACTERS),
    ],
)
def test_odd_words_are_kept_and_told(tmp_path: Path, word: dict[str, Any], kind: str) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE, "images/b.jpg": PICTURE})
    dataset = read(tmp_path, line("images/b.jpg"), line(words=[{"polygon": BOX}, word]))
    assert len(dataset.samples[0].words) == 2
    assert dataset.samples[0].words[1].characters is None
    assert problems(dataset, tmp_path) == [("words.jsonl:2", kind)]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ('{"image": "images/a.jpg", "words": [}', r"JSON \(.*column 37\)"),
        ("[1]", "one JSON object per line, not a list; convert with jq -c"),
        ("1", "an object for the line"),
        (line(image=5), "found 5, expected a text for image"),
        (line(image=""), "a path for image"),
        (line(image="."), "a path for image"),
        (line(image="/"), "a path for image"),
        ('{"image": "images/a.jpg"}', "found None, expected a list for words"),
        (line(split="dev"), "found 'dev', expected train, val, test or nothing for split"),
        (line(split=["val"]), "nothing for split"),
        ('{"image": "images/a.jpg", "words": [], "words": []}', "the key 'words' occurs twice"),
    ],
)
def test_unreadable_line_is_named_with_its_key(tmp_path: Path, bad: str, told: str) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE})
    with pytest.raises(DatasetError, match=rf"words\.jsonl:2: found .*{told.split('found ')[-1]}"):
        read(tmp_path, line(), bad)
    dataset = read(tmp_path, line(), bad, strict=False)
    assert names(dataset) == ["a"]
    assert problems(dataset, tmp_path) == [("words.jsonl:2", UNREADABLE)]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (7, r"found 7, expected an object for words\[1\]"),
        ({"text": "a"}, r"points or more for words\[1\]\.quad"),
        ({"polygon": BOX[:2]}, r"points or more for words\[1\]\.polygon"),
        ({"polygon": [["1", "2"]] * 3}, r"words\[1\]\.polygon"),
        ({"polygon": BOX, "text": 5}, r"found 5, expected a text for words\[1\]\.text"),
        ({"polygon": BOX, "ignore": "no"}, r"expected true or false for words\[1\]\.ignore"),
        ({"polygon": BOX, "characters": BOX}, r"quads for words\[1\]\.characters"),
        *(
            ({"polygon": BOX, "confidence": bad}, r"a number from 0 to 1 for words\[1\]\.conf")
            for bad in (True, False, "0.5", [0.5], -0.1, 1.5, 2, float("nan"), float("inf"))
        ),
    ],
)
def test_unreadable_word_leaves_the_others(tmp_path: Path, word: object, told: str) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE})
    text = line(words=[{"polygon": BOX, "text": "one"}, word, {"polygon": BOX, "text": "two"}])
    with pytest.raises(DatasetError, match=r"words\.jsonl:1: .*" + told):
        read(tmp_path, text)
    dataset = read(tmp_path, text, strict=False)
    assert [word.text for word in dataset.samples[0].words] == ["one", "two"]


def test_characters_are_as_sure_as_their_word_says(tmp_path: Path) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE})
    both = {"polygon": BOX, "text": "ab", "characters": [BOX, BOX]}
    sure = [None, 0, 0.25, 1]
    words = [both | {"confidence": value} for value in sure]
    [sample] = read(tmp_path, line(words=[both, *words])).samples
    assert [word.confidence for word in sample.words] == [1, 1, 0, 0.25, 1]
    assert all(type(word.confidence) is float for word in sample.words)


def test_characters_that_are_not_sure_need_not_fit_the_text(tmp_path: Path) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE})
    three = {"polygon": BOX, "text": "abc", "characters": [BOX, BOX]}
    words = [three | {"confidence": 0.75}, three | {"confidence": 1}]
    dataset = read(tmp_path, line(words=words))
    kept, left_out = dataset.samples[0].words
    assert kept.characters is not None
    assert (len(kept.characters), kept.confidence, kept.text) == (2, 0.75, "abc")
    assert left_out.characters is None
    assert problems(dataset, tmp_path) == [("words.jsonl:1", CHARACTERS)]


def test_confidence_is_that_of_characters(tmp_path: Path) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE})
    half = {"polygon": BOX, "text": "ab", "confidence": 0.5}
    hidden = half | {"characters": [BOX, BOX], "ignore": True}
    [sample] = read(tmp_path, line(words=[half, hidden])).samples
    assert [word.confidence for word in sample.words] == [1, 1]


def test_bytes_that_are_not_utf8_are_named_by_line(tmp_path: Path) -> None:
    write(tmp_path, {"words.jsonl": b'{"image": "a.jpg", "words": []}\n\xff'})
    with pytest.raises(DatasetError, match=r"words\.jsonl:2: .*UTF-8"):
        read_dataset("words", tmp_path, "train")


def test_splits_are_the_whole_file_until_a_line_names_one(tmp_path: Path) -> None:
    write(tmp_path, {f"images/{letter}.jpg": PICTURE for letter in "abc"})
    lines = [line(f"images/{letter}.jpg") for letter in "abc"]
    for split in ("train", "val", "test"):
        assert names(read(tmp_path, *lines, split=split)) == [*"abc"]
    assert not has_validation("words", tmp_path)
    lines[1] = line("images/b.jpg", split="val")
    assert names(read(tmp_path, *lines, split="train")) == ["a", "c"]
    assert names(read(tmp_path, *lines, split="val")) == ["b"]
    assert has_validation("words", tmp_path)
    with pytest.raises(DatasetError, match=r"no picture of the split 'test'; found train, val"):
        read(tmp_path, *lines, split="test")


def test_training_validates_on_lines_that_say_so(tmp_path: Path) -> None:
    write(tmp_path, {f"images/{letter}.jpg": PICTURE for letter in "ab"})
    read(tmp_path, line("images/a.jpg"), line("images/b.jpg"))
    assert validation_samples(["words"], [tmp_path], 9) == []
    read(tmp_path, line("images/a.jpg"), line("images/b.jpg", split="val"))
    assert [sample.name for sample in validation_samples(["words"], [tmp_path], 9)] == ["b"]


def test_the_file_itself_can_be_named_and_paths_can_be_absolute(tmp_path: Path) -> None:
    write(tmp_path, {"here/mine.jsonl": line(str(tmp_path / "there/a.jpg"))})
    write(tmp_path, {"there/a.jpg": PICTURE})
    [sample] = read_dataset("words", tmp_path / "here/mine.jsonl", "train").samples
    assert sample.picture == tmp_path / "there/a.jpg"


def test_a_picture_is_there_once_and_names_tell_folders_apart(tmp_path: Path) -> None:
    write(tmp_path, {f"{name}": PICTURE for name in ("x/a.jpg", "y/a.jpg", "x/a.png")})
    dataset = read(tmp_path, *map(line, ("x/a.jpg", "y/a.jpg", "x/a.png", "x/a.jpg")))
    assert len(set(names(dataset))) == 2
    assert {sample.picture.parent.name for sample in dataset.samples} == {"x", "y"}
    assert "a" in names(dataset)
    places = [("words.jsonl:3", DUPLICATE), ("words.jsonl:4", DUPLICATE)]
    assert problems(dataset, tmp_path) == places


def test_names_in_composed_and_decomposed_letters_are_the_same(tmp_path: Path) -> None:
    one, other = "caf\u00e9.jpg", "cafe\u0301.jpg"
    write(tmp_path, {one: PICTURE})
    dataset = read(tmp_path, line(other), line(one))
    assert [sample.picture for sample in dataset.samples] == [tmp_path / one]
    assert problems(dataset, tmp_path) == [("words.jsonl:2", DUPLICATE)]


def test_a_list_over_many_lines_and_lines_that_end_in_cr_are_refused(tmp_path: Path) -> None:
    records = [json.loads(line("a.jpg")), json.loads(line("b.jpg"))]
    with pytest.raises(
        DatasetError, match=r"words\.jsonl:1: .*not a list; convert with jq -c '\.\[\]'"
    ):
        read(tmp_path, json.dumps(records, indent=1), pictures=False)
    with pytest.raises(DatasetError, match=r"words\.jsonl:1: .*not CR alone"):
        read(tmp_path, line("a.jpg") + "\r" + line("b.jpg"), pictures=False)


def test_missing_pictures_are_named(tmp_path: Path) -> None:
    lines = [line("a.jpg"), line("b.jpg")]
    with pytest.raises(DatasetError, match=r"words\.jsonl:1: .*a\.jpg and 1 more missing"):
        read(tmp_path, *lines)
    assert names(read(tmp_path, *lines, pictures=False)) == ["a", "b"]


def test_pictures_that_training_sees_unlike_detection_are_told(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (6, 4)).save(tmp_path / "turned.jpg", exif=turned)
    write(tmp_path, {"moving.gif": PICTURE, "plain.jpg": PICTURE, "damaged.jpg": "no picture"})
    lines = map(line, ("damaged.jpg", "moving.gif", "plain.jpg", "turned.jpg"))
    dataset = read(tmp_path, *lines)
    assert names(dataset) == ["damaged", "plain", "turned"]
    places = [("words.jsonl:2", GIF), ("words.jsonl:4", TURNED)]
    assert problems(dataset, tmp_path) == places


def test_a_picture_whose_name_no_file_can_have_is_missing(tmp_path: Path) -> None:
    for name in ("a" * 5000 + ".jpg", "..", "\0"):
        with pytest.raises(DatasetError, match=r"words\.jsonl:1: .* missing"):
            read(tmp_path, line(name))


@pytest.mark.parametrize(
    ("polygon", "text", "found"),
    [
        (f"[[{'9' * 5000}, 0], [9, 0], [9, 9]]", '"a"', "digits"),
        ("[[-9223372036854775808, 0], [9, 0], [9, 9]]", '"a"', "3 points or more"),
        ("[[NaN, 0], [9, 0], [9, 9]]", '"a"', "3 points or more"),
        (json.dumps(BOX), r'"\ud800"', "a text without lone surrogates"),
        ("[" * 900 + "]" * 900, '"a"', "3 points or more"),
        ("[" * 10**5 + "]" * 10**5, '"a"', "less deeply nested"),
        (json.dumps(BOX * 200), '"a"', "an outline of at most 500"),
    ],
)
def test_values_that_no_word_can_have_are_told(
    tmp_path: Path, polygon: str, text: str, found: str
) -> None:
    bad = f'{{"image": "a.jpg", "words": [{{"polygon": {polygon}, "text": {text}}}]}}'
    with pytest.raises(DatasetError, match=rf"words\.jsonl:2: found .*, expected .*{found}"):
        read(tmp_path, line("b.jpg"), bad, pictures=False)


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs/datasets.md").read_text("utf-8")
    lines = text.split("```json\n")[1].split("```")[0].splitlines()
    write(tmp_path, {json.loads(example)["image"]: PICTURE for example in lines})
    dataset = read(tmp_path, *lines)
    assert names(dataset) == ["menu", "wall"]
    cafe, curved, hidden = dataset.samples[0].words
    assert (cafe.text, curved.text, len(curved.polygon), hidden.ignore) == ("Café", None, 6, True)
    [door] = read(tmp_path, *lines, split="val").samples
    assert door.words[0].characters is not None
    assert not dataset.problems


COORDINATE = st.floats(-4096, 4096, width=32)
OUTLINE = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=8)
WORD = st.fixed_dictionaries(
    {"polygon": OUTLINE, "ignore": st.booleans()},
    optional={"text": st.none() | st.text(min_size=1, max_size=9)},
)


@given(st.lists(WORD, max_size=4))
def test_any_words_survive_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, words: list[dict[str, Any]]
) -> None:
    root = tmp_path_factory.getbasetemp() / "survival"
    write(root, {"images/a.jpg": PICTURE, "words.jsonl": json.dumps(
        {"image": "images/a.jpg", "words": words}
    )})  # fmt: skip
    [sample] = read_dataset("words", root, "train").samples
    for word, given_word in zip(sample.words, words, strict=True):
        text = (given_word.get("text") or "").strip()
        assert word.ignore == given_word["ignore"]
        assert word.text == (None if word.ignore else text or None)
        assert tuple(word.polygon[0]) == given_word["polygon"][0]
        assert sorted(map(tuple, word.polygon.tolist())) == sorted(given_word["polygon"])
        # Of an outline without area, rounding alone says which way it runs.
        assert signed_area(word.polygon) > -1e-6


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
KEYS = (
    *("image", "words", "split", "polygon", "quad", "text", "ignore"),
    *("characters", "confidence"),
)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=20,
)


@given(JSON, JSON)
def test_any_json_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, entry: object, words: object
) -> None:
    root = tmp_path_factory.getbasetemp() / "anything"
    lines = [json.dumps(entry), line("a.jpg", words), line("b.jpg", [words]), line("c.jpg")]
    dataset = read(root, *lines, strict=False, pictures=False)
    assert "c" in names(dataset)
