"""Pascal VOC as LabelImg, CVAT and roLabelImg export it."""

from pathlib import Path

import numpy as np
import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import CLASSES, DUPLICATE, SIZE, UNREADABLE, Dataset
from craftlite.data.readers import has_validation, read_dataset
from craftlite.errors import DatasetError

BOX = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>3</ymax></bndbox>"
POLYGON = "<polygon><x1>0</x1><y1>0</y1><x2>5</x2><y2>0</y2><x3>5</x3><y3>3</y3></polygon>"


def shape(inside: str = BOX, name: str = "text") -> str:
    head = f"<name>{name}</name><pose>Unspecified</pose><truncated>0</truncated>"
    return f"<object>{head}{inside}</object>\n"


def xml(*objects: str, name: str = "a.jpg", width: int = 6) -> str:
    size = f"<size><width>{width}</width><height>4</height><depth>3</depth></size>"
    head = f"<folder>JPEGImages</folder><filename>{name}</filename>{size}<segmented>0</segmented>"
    return f"<annotation>\n{head}\n{''.join(objects)}</annotation>"


def read(root: Path, *objects: str, strict: bool = True) -> Dataset:
    write(root, {"JPEGImages/a.jpg": PICTURE, "Annotations/a.xml": xml(*objects)})
    return read_dataset("voc", root, "train", strict=strict)


def test_outlines_texts_and_dont_care(tmp_path: Path) -> None:
    turned = f"<robndbox><cx>3</cx><cy>2</cy><w>4</w><h>2</h><angle>{np.pi / 2}</angle></robndbox>"
    attribute = "<attributes><attribute><name>text</name><value>d</value></attribute></attributes>"
    dataset = read(
        tmp_path,
        shape(f"<difficult>0</difficult>{BOX}<text>Café</text>"),
        shape(f"<transcription>b</transcription>{turned}"),
        shape(f"{POLYGON}{BOX}<attributes><text>c</text></attributes>"),
        shape(BOX + attribute),
        shape(),
        shape(f"<difficult>1</difficult>{BOX}<text>x</text>"),
        shape(f"{BOX}<text>###</text>"),
        shape(name="ignore"),
    )
    words = dataset.samples[0].words
    assert [word.text for word in words] == ["Café", "b", "c", "d", *[None] * 4]
    assert [word.ignore for word in words] == [False] * 5 + [True] * 3
    assert words[0].polygon.tolist() == [[1, 1], [5, 1], [5, 3], [1, 3]]
    assert words[1].polygon.round(3).tolist() == [[4, 0], [4, 4], [2, 4], [2, 0]]
    assert words[2].polygon.tolist() == [[0, 0], [5, 0], [5, 3]]
    assert not dataset.problems


def test_image_sets_and_folders_are_splits(tmp_path: Path) -> None:
    for stem in "abc":
        write(
            tmp_path,
            {f"JPEGImages/{stem}.jpg": PICTURE, f"Annotations/{stem}.xml": xml(name=f"{stem}.jpg")},
        )
    assert not has_validation("voc", tmp_path)
    assert len(read_dataset("voc", tmp_path, "test").samples) == 3
    write(tmp_path, {"ImageSets/Main/train.txt": "a\n", "ImageSets/Main/val.txt": "b 1\na\n"})
    assert has_validation("voc", tmp_path)
    train = read_dataset("voc", tmp_path, "train")
    assert [one.name for one in train.samples] == ["a", "c"]
    assert problems(train, tmp_path) == [("ImageSets/Main/val.txt:2", DUPLICATE)]
    assert [one.name for one in read_dataset("voc", tmp_path, "val").samples] == ["b"]


def test_files_beside_their_pictures_in_folders_of_splits(tmp_path: Path) -> None:
    for name in ("train/a", "valid/b"):
        write(tmp_path, {f"{name}.jpg": PICTURE, f"{name}.xml": xml(name=Path(name).name)})
    assert has_validation("voc", tmp_path)
    [sample] = read_dataset("voc", tmp_path, "val").samples
    assert sample.picture == tmp_path / "valid/b.jpg"


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        ("", "<bndbox>, <robndbox> or <polygon>"),
        (BOX.replace("xmax", "xmid"), "numbers of pixels for"),
        (BOX.replace("5", "five"), "numbers of pixels for"),
        (BOX + BOX, "one of them"),
        (POLYGON.replace("y3", "z3"), "numbers of pixels for"),
        (f"<polygon><points>0,0;1,1;2,0</points></polygon>{BOX}", "<x1>, <y1>"),
        (f"{BOX}<difficult>maybe</difficult>", "0 or 1 for <difficult>"),
        (f"{BOX}<text>a</text><text>b</text>", "one of them"),
    ],
)
def test_an_object_that_cannot_be_read_is_named_by_its_line(
    tmp_path: Path, bad: str, found: str
) -> None:
    dataset = read(tmp_path, shape(), shape(bad), strict=False)
    assert len(dataset.samples[0].words) == 1
    [problem] = dataset.problems
    assert (problem.where, problem.what) == (f"{tmp_path}/Annotations/a.xml:4", UNREADABLE)
    assert found in problem.found


def test_pictures_of_another_size_or_missing_and_several_classes(tmp_path: Path) -> None:
    write(tmp_path, {"JPEGImages/a.jpg": PICTURE, "Annotations/a.xml": xml(width=12)})
    assert problems(read_dataset("voc", tmp_path, "train"), tmp_path) == [
        ("Annotations/a.xml:1", SIZE)
    ]
    dataset = read(tmp_path, shape(name="car"), shape(name="text"))
    assert [one.what for one in dataset.problems] == [CLASSES]
    (tmp_path / "JPEGImages/a.jpg").unlink()
    with pytest.raises(DatasetError, match=r"a\.xml:1: a\.jpg missing; voc is expected as"):
        read_dataset("voc", tmp_path, "train")
