"""The layouts of MLT 2017 and 2019."""

from pathlib import Path

import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import (
    ANTICLOCKWISE,
    CROSSING,
    DUPLICATE,
    GIF,
    NO_AREA,
    NO_TEXT,
    UNREADABLE,
)
from craftlite.data.readers import read_dataset
from craftlite.errors import DatasetError

GOOD = "10,20,50,20,50,40,10,40,French,été, 2017"
LINES = [
    "\ufeff" + GOOD,
    "10,40,50,40,50,20,10,20,Latin,up",
    "0,0,9,9,9,0,0,9,Arabic,كتاب",
    "3,3,3,3,3,3,3,3,Symbols,!",
    "0,0,9,0,9,9,0,9,Latin,",
    "0,0,9,0,9,9,0,9,None,###",
    "20,0,20,90,10,90,10,0,Japanese,縦書き",
    "0,0,9,0,9,9,0,9,no text nor script",
]
TEXTS = ["été, 2017", "up", "كتاب", "!", None, None, "縦書き"]
KINDS = {2: ANTICLOCKWISE, 3: CROSSING, 4: NO_AREA, 5: NO_TEXT, 8: UNREADABLE}


def test_mlt17_training_pictures_in_parts_and_validation(tmp_path: Path) -> None:
    truths = "ch8_training_localization_transcription_gt_v2"
    pictures = {
        "ch8_training_images_2/img_801.jpg": PICTURE,
        "ch8_training_images_1/img_2.png": PICTURE,
        "ch8_training_images_1/img_1.gif": PICTURE,
        "ch8_training_images_8/img_2.jpg": PICTURE,
        "ch8_validation_images/img_1.jpg": PICTURE,
    }
    write(tmp_path, pictures)
    write(tmp_path, {f"{truths}/gt_img_{n}.txt": GOOD for n in (1, 801)})
    write(tmp_path, {f"{truths}/gt_img_2.txt": "\r\n".join(LINES)})
    name = "ch8_validation_localization_transcription_gt_v2/gt_img_1.txt"
    write(tmp_path, {name: GOOD})
    dataset = read_dataset("mlt17", tmp_path, "train", strict=False)
    assert [sample.name for sample in dataset.samples] == ["img_2", "img_801"]
    words = dataset.samples[0].words
    assert [word.text for word in words] == TEXTS
    assert [word.ignore for word in words] == [False] * 5 + [True, False]
    assert words[1].polygon.tolist() == [[10, 40], [10, 20], [50, 20], [50, 40]]
    assert words[6].polygon[0].tolist() == [20, 0]
    assert problems(dataset, tmp_path) == [
        *((f"{truths}/gt_img_2.txt:{n}", what) for n, what in KINDS.items()),
        ("ch8_training_images_8/img_2.jpg", DUPLICATE),
        ("ch8_training_images_1/img_1.gif", GIF),
    ]
    [validation] = read_dataset("mlt17", tmp_path, "val").samples
    assert validation.picture == tmp_path / "ch8_validation_images/img_1.jpg"


def test_mlt17_training_pictures_in_one_folder(tmp_path: Path) -> None:
    truth = "ch8_training_localization_transcription_gt_v2/gt_img_1.txt"
    write(tmp_path, {"ch8_training_images/img_1.jpg": PICTURE, truth: GOOD})
    assert len(read_dataset("mlt17", tmp_path, "train").samples) == 1


def test_mlt19_names_have_no_prefix(tmp_path: Path) -> None:
    write(tmp_path, {"ImagesPart1/tr_img_00001.jpg": PICTURE})
    write(tmp_path, {"ImagesPart2/tr_img_05001.png": PICTURE})
    write(tmp_path, {"train_gt_t13/tr_img_00001.txt": "\r\n".join(LINES)})
    write(tmp_path, {"train_gt_t13/tr_img_05001.txt": GOOD})
    dataset = read_dataset("mlt19", tmp_path, "train", strict=False)
    assert [sample.name for sample in dataset.samples] == ["tr_img_00001", "tr_img_05001"]
    assert [word.text for word in dataset.samples[0].words] == TEXTS
    file = "train_gt_t13/tr_img_00001.txt"
    assert problems(dataset, tmp_path) == [(f"{file}:{n}", what) for n, what in KINDS.items()]
    with pytest.raises(DatasetError, match=r"has no split 'test'; it has train$"):
        read_dataset("mlt19", tmp_path, "test")
