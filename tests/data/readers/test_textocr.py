"""The layouts of TextOCR and COCO-Text: pictures and words by their ids."""

import json
from pathlib import Path
from typing import Any

import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import (
    ANTICLOCKWISE,
    CROSSING,
    DUPLICATE,
    NO_AREA,
    NO_TEXT,
    UNREADABLE,
)
from craftlite.data.readers import read_dataset
from craftlite.errors import DatasetError

BOX = [0, 0, 9, 0, 9, 5, 0, 5]
BACK = [0, 0, 0, 5, 9, 5, 9, 0]
# What comes after the first two words, which differ: text, points and the kind of problem.
ODD: list[tuple[object, object, str]] = [
    ("", BOX, NO_TEXT),
    ("back", BACK, ANTICLOCKWISE),
    ("bow", [0, 0, 9, 9, 9, 0, 0, 9], CROSSING),
    ("dot", [3] * 8, NO_AREA),
    ("odd", [*BOX, 1], UNREADABLE),
    ("texts", ["0"] * 8, UNREADABLE),
    ("none", None, UNREADABLE),
    (["list"], BOX, UNREADABLE),
]
TEXTS = ["a, b", None, None, "back", "bow", "dot"]


def content(words: list[dict[str, Any]], pictures: dict[str, Any]) -> str:
    words = [*words, words[0] | {"image_id": "nowhere"}]
    anns = {f"w{number}": word for number, word in enumerate(words)}
    return "\ufeff" + json.dumps({"imgs": pictures, "anns": anns, "imgToAnns": {}})


def test_textocr(tmp_path: Path) -> None:
    words = [
        {"image_id": "00a", "utf8_string": text, "points": points}
        for text, points, *_ in [("a, b", BOX), (".", BOX), *ODD]
    ]
    pictures = {"00a": {"file_name": "train/00a.jpg"}, "00b": {"file_name": "train/00b.jpg"}}
    write(tmp_path, {"TextOCR_0.1_train.json": content(words, pictures)})
    write(tmp_path, {"TextOCR_0.1_val.json": json.dumps({"imgs": {"00c": {}}, "anns": {}})})
    write(tmp_path, {f"train_images/00{letter}.jpg": PICTURE for letter in "abcd"})
    dataset = read_dataset("textocr", tmp_path, "train", strict=False)
    assert [sample.name for sample in dataset.samples] == ["00a", "00b"]
    [some, none] = (sample.words for sample in dataset.samples)
    assert [word.text for word in some] == TEXTS
    assert [word.ignore for word in some] == [i == 1 for i in range(6)]
    assert some[0].polygon.tolist() == some[3].polygon.tolist() == [[0, 0], [9, 0], [9, 5], [0, 5]]
    assert none == ()
    kinds = [kind for *_, kind in ODD] + [UNREADABLE]
    file = "TextOCR_0.1_train.json"
    expected = [(f"{file}: anns/w{n}", what) for n, what in enumerate(kinds, start=2)]
    assert problems(dataset, tmp_path) == expected
    [validation] = read_dataset("textocr", tmp_path, "val").samples
    assert validation.picture == tmp_path / "train_images/00c.jpg"
    with pytest.raises(DatasetError, match="it has train, val"):
        read_dataset("textocr", tmp_path, "test")


def test_cocotext(tmp_path: Path) -> None:
    legible = {"image_id": 36, "legibility": "legible"}
    words = [
        legible | {"utf8_string": "a, b", "mask": BOX},
        {"image_id": 36, "legibility": "illegible", "mask": BOX},
        *(legible | {"utf8_string": text, "mask": points} for text, points, _ in ODD),
        {"image_id": 36, "legibility": "perhaps", "mask": BOX},
        {"image_id": 49, "legibility": "legible", "utf8_string": "other", "mask": BOX},
    ]
    pictures = {
        "36": {"set": "train", "file_name": "COCO_train2014_000000000036.jpg"},
        "49": {"set": "val", "file_name": "COCO_train2014_000000000049.jpg"},
        "50": {"set": "train", "file_name": "COCO_train2014_000000000036.jpg"},
        "51": {"set": "train"},
    }
    write(tmp_path, {"cocotext.v2.json": content(words, pictures)})
    write(tmp_path, {f"train2014/COCO_train2014_0000000000{n}.jpg": PICTURE for n in (36, 49, 60)})
    dataset = read_dataset("cocotext", tmp_path, "train", strict=False)
    [sample] = dataset.samples
    assert sample.name == "COCO_train2014_000000000036"
    assert [word.text for word in sample.words] == TEXTS
    assert [word.ignore for word in sample.words] == [i == 1 for i in range(6)]
    kinds = [*(kind for *_, kind in ODD), UNREADABLE]
    file = "cocotext.v2.json"
    assert problems(dataset, tmp_path) == [
        (f"{file}: imgs/50", DUPLICATE),
        (f"{file}: imgs/51", UNREADABLE),
        *((f"{file}: anns/w{n}", what) for n, what in enumerate(kinds, start=2)),
        (f"{file}: anns/w12", UNREADABLE),
    ]
    [validation] = read_dataset("cocotext", tmp_path, "val", strict=False).samples
    assert [word.text for word in validation.words] == ["other"]


def test_missing_key_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"train_images/a.jpg": PICTURE, "TextOCR_0.1_train.json": '{"imgs": {}}'})
    with pytest.raises(DatasetError, match=r"json: found None, expected an object for anns"):
        read_dataset("textocr", tmp_path, "train")
