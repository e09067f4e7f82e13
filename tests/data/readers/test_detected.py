"""What `craftlite detect` writes, read as ground truth: records of JSON and results.jsonl."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import OTHER_FILE, PAGE, SIZE, UNREADABLE
from craftlite.data.layout import find_layout
from craftlite.data.readers import has_validation, read_dataset
from craftlite.errors import DatasetError
from craftlite.formats import json_line, record
from craftlite.words import Words

BOX = [[0, 0], [5, 0], [5, 3], [0, 3]]
QUAD = np.array(BOX, np.float32)
WORDS = Words(QUAD[None], (QUAD,), np.array([0.5], np.float32), (6, 4))


def detected(image: str, **keys: Any) -> str:
    return json.dumps(record(image, WORDS) | keys)


def test_a_folder_of_records_beside_the_pictures(tmp_path: Path) -> None:
    write(tmp_path, {"photos/a.jpg": PICTURE, "photos/deep/b.jpg": PICTURE, "c.jpg": PICTURE})
    write(tmp_path, {
        "found/a.json": detected("photos/a.jpg"),
        "found/deep/b.json": detected("photos/deep/b.jpg", split="val"),
        "found/c.json": detected("c.jpg"),
    })  # fmt: skip
    assert find_layout(tmp_path / "found")[0] == "words"
    dataset = read_dataset("words", tmp_path / "found", "train")
    assert [(one.name, one.picture) for one in dataset.samples] == [
        ("a", tmp_path / "photos/a.jpg"),
        ("c", tmp_path / "c.jpg"),
    ]
    assert dataset.samples[0].words[0].polygon.tolist() == BOX
    assert has_validation("words", tmp_path / "found")
    assert not dataset.problems


def test_pictures_of_records_by_their_base_names_alone(tmp_path: Path) -> None:
    write(tmp_path, {"a.json": detected("/elsewhere/photos/a.jpg"), "kept/a.jpg": PICTURE})
    [sample] = read_dataset("words", tmp_path, "test").samples
    assert sample.picture == tmp_path / "kept/a.jpg"
    write(tmp_path, {"copy/a.jpg": PICTURE})
    with pytest.raises(DatasetError, match=r"a\.json: found .*copy/a\.jpg and .*kept/a\.jpg"):
        read_dataset("words", tmp_path, "test")


def test_results_of_one_run_and_pages_in_them(tmp_path: Path) -> None:
    pages = [json_line(record("scan.pdf", WORDS, {"page": n})) for n in (1, 2)]
    lines = [json_line(record("photos/a.jpg", WORDS)), *pages]
    write(tmp_path, {"photos/a.jpg": PICTURE, "out/results.jsonl": "\n".join(lines)})
    dataset = read_dataset("words", tmp_path / "out", "train")
    assert [one.picture for one in dataset.samples] == [tmp_path / "photos/a.jpg"]
    assert problems(dataset, tmp_path) == [(f"out/results.jsonl:{n}", PAGE) for n in (2, 3)]


def test_pictures_of_words_jsonl_are_where_it_says(tmp_path: Path) -> None:
    write(tmp_path, {"kept/a.jpg": PICTURE, "words.jsonl": detected("a.jpg")})
    with pytest.raises(DatasetError, match=r"words\.jsonl:1: .*a\.jpg missing"):
        read_dataset("words", tmp_path, "train")


def test_records_that_cannot_be_used(tmp_path: Path) -> None:
    write(tmp_path, {
        "a.jpg": PICTURE,
        "a.json": detected("a.jpg", width=12),
        "b.json": "[",
        "c.json": json.dumps({"image": 5, "words": []}),
        "d.json": json.dumps({"image": "a.jpg", "words": [{"quad": [[0, 0]]}], "split": "dev"}),
        "e.json": "{}",
    })  # fmt: skip
    dataset = read_dataset("words", tmp_path, "train", strict=False)
    assert problems(dataset, tmp_path) == [
        *(("b.json:1", UNREADABLE), ("c.json", UNREADABLE), ("d.json", UNREADABLE)),
        *(("e.json", OTHER_FILE), ("a.json", SIZE)),
    ]
