"""PPOCRLabel's Label.txt and PaddleOCR's labels of detection."""

import json
from pathlib import Path
from typing import Any

import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import OTHER_FILE, UNREADABLE
from craftlite.data.readers import has_validation, read_dataset
from craftlite.errors import DatasetError

QUAD = [[0, 0], [5, 0], [5, 3], [0, 3]]


def word(text: object = "a", **keys: Any) -> dict[str, Any]:
    return {"transcription": text, "points": QUAD, "difficult": False} | keys


def line(*words: object, path: str = "my/a.jpg") -> str:
    return f"{path}\t{json.dumps(words, ensure_ascii=False)}\n"


def test_texts_and_dont_care(tmp_path: Path) -> None:
    texts = ("Café", "a\tb", "", "TEMPORARY", "待识别", "###", "*")
    words = [word(text) for text in texts] + [word(difficult=True), word(points=[*QUAD, [-1, 2]])]
    del words[0]["difficult"]
    # PPOCRLabel writes paths from the folder above that of Label.txt.
    write(
        tmp_path,
        {"my/a.jpg": PICTURE, "my/Label.txt": line(*words), "my/fileState.txt": "my/a.jpg\t1\n"},
    )
    dataset = read_dataset("paddleocr", tmp_path / "my", "train")
    found = dataset.samples[0].words
    assert [one.text for one in found] == ["Café", "a\tb", None, None, None, None, None, None, "a"]
    assert [one.ignore for one in found] == [False] * 5 + [True] * 3 + [False]
    assert (found[0].polygon.tolist(), len(found[8].polygon)) == (QUAD, 5)
    assert problems(dataset, tmp_path) == [("my/fileState.txt", OTHER_FILE)]


def test_names_of_files_are_splits(tmp_path: Path) -> None:
    write(tmp_path, {"a.jpg": PICTURE, "b.jpg": PICTURE})
    write(tmp_path, {"train.txt": line(path="a.jpg"), "det_val.txt": line(path="b.jpg")})
    assert has_validation("paddleocr", tmp_path)
    [sample] = read_dataset("paddleocr", tmp_path, "val").samples
    assert (sample.name, sample.words) == ("b", ())


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        ("a.jpg [1]", "a picture's path, a tab and a JSON list"),
        ("a.jpg\t[{]", "JSON \\("),
        ("a.jpg\t{}", "a list for the words"),
        (
            'a.jpg\t[{"transcription": "a", "points": [], "points": []}]',
            "key 'points' occurs twice",
        ),
        ("\t[]", "the path of a picture"),
        (line(7), r"an object for \[0\]"),
        (line(word(5)), "a text for transcription"),
        (line(word(points=QUAD[:2])), r"3 points or more for \[0\].points"),
        (line(word(difficult="x")), r"true or false for \[0\].difficult"),
    ],
)
def test_a_line_that_cannot_be_read(tmp_path: Path, bad: str, found: str) -> None:
    write(tmp_path, {"my/a.jpg": PICTURE, "b.jpg": PICTURE})
    write(tmp_path, {"Label.txt": line(word(), path="b.jpg") + bad})
    with pytest.raises(DatasetError, match=rf"Label\.txt:2: found .*{found}"):
        read_dataset("paddleocr", tmp_path, "train")
    dataset = read_dataset("paddleocr", tmp_path, "train", strict=False)
    assert dataset.samples[-1].words[0].text == "a"
    assert ("Label.txt:2", UNREADABLE) in problems(dataset, tmp_path)


def test_labels_of_recognition_are_none(tmp_path: Path) -> None:
    write(tmp_path, {"rec_gt.txt": "crop_img/a_crop_0.jpg\tword\n"})
    with pytest.raises(DatasetError, match=r"no such \.txt file; looked at rec_gt\.txt"):
        read_dataset("paddleocr", tmp_path, "train")
