"""The layouts of ArT and LSVT: one JSON file for all pictures."""

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

BOX = [[0, 0], [9, 0], [9, 5], [4, 6], [0, 5]]


def word(text: object = "text", points: object = BOX, **others: object) -> dict[str, Any]:
    return {"transcription": text, "points": points, "language": "Latin"} | others


WORDS = [
    word("Straße, 7", illegibility=False),
    word("###"),
    word("faint", illegibility=True),
    word(""),
    word("back", BOX[:1] + BOX[:0:-1]),
    word("bow", [[0, 0], [9, 9], [9, 0], [0, 9]]),
    word("dot", [[3, 3]] * 4),
    word("line", BOX[:2]),
    word("text", [[0, 0], [9, None], [9, 9]]),
    word("ragged", [[0, 0], [9], [9, 9]]),
    word("huge", [[0, 0], [1e30, 0], [9, 9]]),
    word(5),
    word(illegibility="no"),
    "no object",
]
TEXTS = ["Straße, 7", None, None, None, "back", "bow", "dot"]
KINDS = [(3, NO_TEXT), (4, ANTICLOCKWISE), (5, CROSSING), (6, NO_AREA)]
KINDS += [(number, UNREADABLE) for number in range(7, 14)]


@pytest.mark.parametrize(
    ("name", "labels", "folders"),
    [
        ("art", "train_labels.json", ["train_images", "train_images"]),
        ("lsvt", "train_full_labels.json", ["train_full_images_0", "train_full_images_1"]),
    ],
)
def test_words_and_defects(tmp_path: Path, name: str, labels: str, folders: list[str]) -> None:
    write(tmp_path, {f"{folders[0]}/gt_2.jpg": PICTURE, f"{folders[1]}/gt_10.jpg": PICTURE})
    content = {"gt_10": [word()], "gt_2": WORDS}
    write(tmp_path, {labels: json.dumps(content)})
    dataset = read_dataset(name, tmp_path, "train", strict=False)
    two, ten = dataset.samples
    assert (two.name, ten.name) == ("gt_2", "gt_10")
    assert ten.picture == tmp_path / folders[1] / "gt_10.jpg"
    assert [word.text for word in two.words] == TEXTS
    assert [word.ignore for word in two.words] == [i in (1, 2) for i in range(7)]
    assert two.words[0].polygon.tolist() == two.words[4].polygon.tolist() == BOX
    assert problems(dataset, tmp_path) == [(f"{labels}: gt_2[{n}]", what) for n, what in KINDS]
    with pytest.raises(DatasetError, match=r"gt_2\[7\]: found .*expected 3 points or more"):
        read_dataset(name, tmp_path, "train")


def test_picture_that_is_listed_twice(tmp_path: Path) -> None:
    first, second = (f'"gt_0": {json.dumps([word(text)])}' for text in ("first", "second"))
    labels = "\ufeff{" + first + ",\r\n" + second + "}"
    write(tmp_path, {"train_images/gt_0.jpg": PICTURE, "train_labels.json": labels})
    write(tmp_path, {"train_images/gt_0.png": PICTURE})
    dataset = read_dataset("art", tmp_path, "train")
    assert [word.text for word in dataset.samples[0].words] == ["first"]
    assert problems(dataset, tmp_path) == [
        ("train_labels.json: gt_0", DUPLICATE),
        ("train_images/gt_0.png", DUPLICATE),
    ]


@pytest.mark.parametrize(
    ("content", "line"), [('{"gt_0": [],\n\n  oops}', ":3"), ("[]", ""), ("[" * 99999, ":1")]
)
def test_file_that_is_no_json_object(tmp_path: Path, content: str, line: str) -> None:
    write(tmp_path, {"train_images/gt_0.jpg": PICTURE, "train_labels.json": content})
    dataset = read_dataset("art", tmp_path, "train", strict=False)
    assert problems(dataset, tmp_path) == [(f"train_labels.json{line}", UNREADABLE)]
    assert not dataset.samples


def test_missing_picture(tmp_path: Path) -> None:
    write(tmp_path, {"train_images/gt_9.jpg": PICTURE})
    write(tmp_path, {"train_labels.json": json.dumps({"gt_0": [], "gt_1": []})})
    with pytest.raises(DatasetError, match=r"train_images: gt_0\.jpg .* and 1 more missing"):
        read_dataset("art", tmp_path, "train")
    assert len(read_dataset("art", tmp_path, "train", pictures=False).samples) == 2
