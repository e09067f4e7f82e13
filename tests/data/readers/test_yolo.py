"""YOLO's labels as Ultralytics has them."""

from pathlib import Path

import pytest
from PIL import Image
from written import PICTURE, problems, write

from craftlite.data.annotations import UNLABELLED, UNREADABLE
from craftlite.data.readers import has_validation, read_dataset
from craftlite.errors import DatasetError

OBB = "0 0 0 0.5 0 0.5 0.75 0 0.75\n"


def test_quads_polygons_boxes_and_ignored_classes(tmp_path: Path) -> None:
    lines = OBB + "0 0 0 0.5 0 0.5 0.75\n0 0.5 0.5 0.5 0.5\n1 0.5 0.5 1 1\n"
    write(tmp_path, {"images/a.jpg": PICTURE, "labels/a.txt": lines})
    write(tmp_path, {"data.yaml": "path: .\ntrain: images\nnc: 2\nnames: ['text', 'ignore']\n"})
    dataset = read_dataset("yolo", tmp_path, "train")
    words = dataset.samples[0].words
    assert [one.polygon.tolist() for one in words] == [
        [[0, 0], [3, 0], [3, 3], [0, 3]],
        [[0, 0], [3, 0], [3, 3]],
        [[1.5, 1], [4.5, 1], [4.5, 3], [1.5, 3]],
        [[0, 0], [6, 0], [6, 4], [0, 4]],
    ]
    assert [one.ignore for one in words] == [False] * 3 + [True]
    assert [one.text for one in words] == [None] * 4
    assert not dataset.problems


@pytest.mark.parametrize("name", ["classes.txt", "labels/classes.txt"])
def test_names_of_classes_in_a_list(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE, "labels/a.txt": OBB, name: "###\ntext\n"})
    assert read_dataset("yolo", tmp_path, "train").samples[0].words[0].ignore


def test_sizes_are_those_of_stored_pixels(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (60, 40)).save(tmp_path / "images/a.jpg", exif=turned)
    write(tmp_path, {"labels/a.txt": OBB})
    [word] = read_dataset("yolo", tmp_path, "train").samples[0].words
    assert word.polygon[2].tolist() == [30, 30]


@pytest.mark.parametrize(
    ("images", "labels"), [("images/{}", "labels/{}"), ("{}/images", "{}/labels")]
)
def test_folders_are_splits(tmp_path: Path, images: str, labels: str) -> None:
    for split in ("train", "val"):
        write(tmp_path, {f"{images.format(split)}/a.jpg": PICTURE})
        write(tmp_path, {f"{labels.format(split)}/a.txt": OBB})
    assert has_validation("yolo", tmp_path)
    [sample] = read_dataset("yolo", tmp_path, "val").samples
    assert sample.picture == tmp_path / images.format("val") / "a.jpg"


def test_empty_files_have_no_words_and_pictures_without_a_file_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"images/a.png": PICTURE, "labels/a.txt": "\n", "images/b.jpg": PICTURE})
    dataset = read_dataset("yolo", tmp_path, "test")
    assert [(one.name, one.words) for one in dataset.samples] == [("a", ())]
    assert problems(dataset, tmp_path) == [("images/b.jpg", UNLABELLED)]


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        ("0 1 2 3", "class x1 y1"),
        ("text 0.5 0.5 0.5 0.5", "class x1 y1"),
        ("0 0.5 0.5 0.5 0.5 0.9", "class x1 y1"),
        ("0 0.5 0.5 0.5 nan", "class x1 y1"),
        ("0 10 20 30 40", "numbers from 0 to 1, not pixels"),
        ("7 0.5 0.5 0.5 0.5", "a class of 0, 1"),
        ("-1 0.5 0.5 0.5 0.5", "a class of 0, 1"),
    ],
)
def test_a_line_that_cannot_be_read(tmp_path: Path, bad: str, found: str) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE, "labels/a.txt": f"{OBB}{bad}\n"})
    write(tmp_path, {"data.yaml": "names: {0: text, 1: other}"})
    with pytest.raises(DatasetError, match=rf"labels/a\.txt:2: found .*expected {found}"):
        read_dataset("yolo", tmp_path, "train")
    assert len(read_dataset("yolo", tmp_path, "train", strict=False).samples[0].words) == 1


@pytest.mark.parametrize(
    "content", ["names: [", "names: 5", "- 1", "names: [1]", "x: \x00", "[" * 2000]
)
def test_a_list_of_classes_that_cannot_be_read(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE, "labels/a.txt": OBB, "data.yaml": content})
    with pytest.raises(DatasetError, match=r"data\.yaml(:\d+)?: found .*, expected "):
        read_dataset("yolo", tmp_path, "train")


def test_pictures_that_are_missing_damaged_or_two(tmp_path: Path) -> None:
    write(tmp_path, {"labels/a.txt": OBB})
    with pytest.raises(DatasetError, match=r"labels/a\.txt: a\.jpg missing; yolo is expected as"):
        read_dataset("yolo", tmp_path, "train")
    dataset = read_dataset("yolo", tmp_path, "train", pictures=False, strict=False)
    assert problems(dataset, tmp_path) == [("labels/a.txt", UNREADABLE)]
    write(tmp_path, {"images/a.jpg": "no picture"})
    with pytest.raises(DatasetError, match=r"labels/a\.txt: found .*a picture whose size is known"):
        read_dataset("yolo", tmp_path, "train")
    write(tmp_path, {"images/a.png": PICTURE})
    with pytest.raises(DatasetError, match=r"labels/a\.txt: found 'a', .*a\.jpg and .*a\.png"):
        read_dataset("yolo", tmp_path, "train")
