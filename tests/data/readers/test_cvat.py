"""CVAT for images 1.1."""

from pathlib import Path

import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import OTHER_FILE, SHAPE, UNREADABLE, Dataset
from craftlite.data.readers import has_validation, read_dataset
from craftlite.errors import DatasetError

POLYGON = (
    '<polygon label="text" source="manual" occluded="0" points="0,0;5,0;5,3;0.00,3" z_order="0">'
)
QUAD = [[0, 0], [5, 0], [5, 3], [0, 3]]
TWICE = '<attribute name="text">a</attribute>' * 2


def polygon(**attributes: str) -> str:
    inside = "".join(f'<attribute name="{k}">{v}</attribute>\n' for k, v in attributes.items())
    return f"{POLYGON}\n{inside}</polygon>\n"


def image(*shapes: str, name: str = "a.jpg", subset: str = "default") -> str:
    head = f'<image id="0" name="{name}" subset="{subset}" task_id="1" width="6" height="4">'
    return f"{head}\n{''.join(shapes)}</image>\n"


def xml(*images: str) -> str:
    meta = "<meta><job><labels><label><name>text</name></label></labels></job></meta>"
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>{meta}\n'
    return f"{head}{''.join(images)}</annotations>"


def read(root: Path, *shapes: str, strict: bool = True) -> Dataset:
    write(root, {"images/a.jpg": PICTURE, "annotations.xml": xml(image(*shapes))})
    return read_dataset("cvat", root, "train", strict=strict)


def test_polygons_boxes_texts_and_dont_care(tmp_path: Path) -> None:
    box = '<box label="{}" xtl="1" ytl="1" xbr="5" ybr="3" occluded="0" {}/>'
    dataset = read(
        tmp_path,
        polygon(text="Café &amp; Bar", ignore="false"),
        polygon(Transcription=" b "),
        polygon(text=""),
        box.format("text", ""),
        box.format("text", 'rotation="90.00"'),
        polygon(text="a", ignore="true"),
        polygon(text="###"),
        box.format("ignore", ""),
    )
    words = dataset.samples[0].words
    assert [word.text for word in words] == ["Café & Bar", "b", *[None] * 6]
    assert [word.ignore for word in words] == [False] * 5 + [True] * 3
    assert words[0].polygon.tolist() == QUAD
    assert words[3].polygon.tolist() == [[1, 1], [5, 1], [5, 3], [1, 3]]
    assert words[4].polygon.round(3).tolist() == [[4, 0], [4, 4], [2, 4], [2, 0]]
    assert not dataset.problems


def test_shapes_that_outline_no_word_are_reported(tmp_path: Path) -> None:
    kinds = ("polyline", "points", "mask", "ellipse", "cuboid", "skeleton", "tag")
    dataset = read(tmp_path, *(f'<{kind} label="text"/>\n' for kind in kinds), polygon())
    assert len(dataset.samples[0].words) == 1
    assert problems(dataset, tmp_path) == [(f"annotations.xml:{n}", SHAPE) for n in range(4, 11)]


def test_subsets_are_splits_and_folders_of_pictures(tmp_path: Path) -> None:
    write(tmp_path, {"images/Train/a.jpg": PICTURE, "images/Validation/a.jpg": PICTURE})
    write(tmp_path, {"images/c.jpg": PICTURE})
    parts = image(subset="Train"), image(subset="Validation"), image(name="c.jpg")
    write(tmp_path, {"annotations.xml": xml(*parts)})
    paths = {
        split: [
            str(one.picture.relative_to(tmp_path))
            for one in read_dataset("cvat", tmp_path, split).samples
        ]
        for split in ("train", "val")
    }
    assert paths == {
        "train": ["images/Train/a.jpg", "images/c.jpg"],
        "val": ["images/Validation/a.jpg"],
    }
    assert has_validation("cvat", tmp_path)
    write(tmp_path, {"annotations.xml": xml(parts[2])})
    assert not has_validation("cvat", tmp_path)


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (POLYGON.replace(";5,3;0.00,3", "") + "</polygon>", "3 points or more"),
        (POLYGON.replace("5,3", "5,x") + "</polygon>", "3 points or more"),
        (POLYGON.replace("points=", "pointers=") + "</polygon>", "an attribute points"),
        (POLYGON.replace("label=", "labels=") + "</polygon>", "an attribute label"),
        ('<box label="text" xtl="1" ytl="1" xbr="5"/>', "numbers of pixels for"),
        ('<box label="text" xtl="1" ytl="1" xbr="5" ybr="nan"/>', "numbers of pixels for"),
        ('<box label="text" xtl="1" ytl="1" xbr="5" ybr="3" rotation="x"/>', "rotation"),
        (polygon(ignore="perhaps"), "true or false for the attribute ignore"),
        (
            f"{POLYGON}{TWICE}</polygon>",
            "each <attribute> once",
        ),
    ],
)
def test_a_shape_that_cannot_be_read_is_named_by_its_line(
    tmp_path: Path, bad: str, found: str
) -> None:
    dataset = read(tmp_path, polygon(), bad, strict=False)
    assert len(dataset.samples[0].words) == 1
    [problem] = dataset.problems
    assert problem.what == UNREADABLE and found in problem.found
    assert problem.where.startswith(f"{tmp_path}/annotations.xml:")


def test_tracks_and_other_xml_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"images/a.jpg": PICTURE, "other.xml": "<html/>"})
    with pytest.raises(DatasetError, match=r"no such \.xml file; looked at other\.xml"):
        read_dataset("cvat", tmp_path, "train")
    write(tmp_path, {"annotations.xml": xml(image(), '<track id="0" label="text"/>')})
    with pytest.raises(DatasetError, match=r"xml:5: found '<track>', expected <image>, as in"):
        read_dataset("cvat", tmp_path, "train")
    dataset = read_dataset("cvat", tmp_path, "train", strict=False)
    assert problems(dataset, tmp_path)[-1] == ("other.xml", OTHER_FILE)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('<!DOCTYPE a [<!ENTITY b "b">]><annotations/>', "XML without a document type"),
        ("<annotations>\n" + "<a>" * 101, "at most 100 levels"),
        ("<annotations>\n<image>", "XML \\("),
        ("", "XML \\(no element found"),
    ],
)
def test_xml_that_is_not_read(tmp_path: Path, content: str, found: str) -> None:
    write(tmp_path, {"annotations.xml": content})
    with pytest.raises(DatasetError, match=rf"annotations\.xml:[12]: found .*expected {found}"):
        read_dataset("cvat", tmp_path, "train")
