"""CTW1500's layout: XML for training, lines of text for the test, offsets in the first release."""

from pathlib import Path

import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import (
    ANTICLOCKWISE,
    CROSSING,
    DUPLICATE,
    NO_AREA,
    NO_TEXT,
    UNREADABLE,
    Dataset,
)
from craftlite.data.readers import read_dataset
from craftlite.data.readers.competitions.ctw1500 import polygon_line
from craftlite.errors import DatasetError

TOP = [(10 * i, 0) for i in range(7)]
BOTTOM = [(60 - 10 * i, 20) for i in range(7)]
POINTS = TOP + BOTTOM
XML, TXT = "ctw1500_train_labels/0001.xml", "ctw1500_train_labels/0001.txt"


def joined(points: list[tuple[int, int]]) -> str:
    return ",".join(str(value) for point in points for value in point)


def box(text: str, points: list[tuple[int, int]] = POINTS) -> str:
    return (
        '<box height="20" left="0" top="0" width="60">\r\n'
        f"<label>{text}</label><segs>{joined(points)}</segs>"
        '<pts x="5" y="5"/></box>\r\n'
    )


def read_train(root: Path, files: dict[str, str | bytes]) -> Dataset:
    write(root, {"train_images/0001.jpg": PICTURE} | files)
    return read_dataset("ctw1500", root, "train", strict=False)


def test_training_xml(tmp_path: Path) -> None:
    body = (
        box("Caf\u00e9, &amp; Bar")
        + box("###")
        + box("")
        + box("back", POINTS[:1] + POINTS[:0:-1])
        + box("bow", [*TOP, *BOTTOM[::-1]])
        + box("dot", [(3, 3)] * 14)
        + box("two", POINTS[:2])
        + "<box><label>no segs</label></box>"
    )
    xml = f'\ufeff<Annotations>\r\n<image file="0001.jpg">\r\n{body}</image></Annotations>'
    dataset = read_train(tmp_path, {XML: xml})
    [sample] = dataset.samples
    assert sample.name == "0001"
    assert [word.text for word in sample.words] == ["Café, & Bar", None, None, "back", "bow", "dot"]
    assert [word.ignore for word in sample.words] == [i == 1 for i in range(6)]
    assert sample.words[0].polygon.tolist() == [list(point) for point in POINTS]
    assert sample.words[3].polygon.tolist() == [list(point) for point in POINTS]
    kinds = {7: NO_TEXT, 9: ANTICLOCKWISE, 11: CROSSING, 13: NO_AREA}
    kinds |= {15: UNREADABLE, 17: UNREADABLE}
    assert problems(dataset, tmp_path) == [(f"{XML}:{line}", what) for line, what in kinds.items()]


def test_damaged_xml_is_told_by_its_line(tmp_path: Path) -> None:
    dataset = read_train(tmp_path, {XML: f"<Annotations>\n{box('a')}<oops\n"})
    assert problems(dataset, tmp_path) == [(f"{XML}:4", UNREADABLE)]
    assert "XML" in dataset.problems[0].found


def test_entities_are_refused_before_they_grow(tmp_path: Path) -> None:
    entities = '<!DOCTYPE x [\n<!ENTITY a "aaaaaaaaaa">\n<!ENTITY b "&a;&a;&a;&a;">\n]>\n'
    dataset = read_train(tmp_path, {XML: f"{entities}<Annotations>{box('&b;')}</Annotations>"})
    assert problems(dataset, tmp_path) == [(f"{XML}:1", UNREADABLE)]
    assert dataset.samples[0].words == ()


@pytest.mark.parametrize(
    "head", [b'<?xml version="1.0" encoding="unknown"?>\r', b"\r\r<Annotations>\r<", b"\xff\xfe<"]
)
def test_xml_that_cannot_be_read_is_told_whatever_ends_its_lines(
    tmp_path: Path, head: bytes
) -> None:
    write(tmp_path, {"train_images/0001.jpg": PICTURE, XML: ""})
    (tmp_path / XML).write_bytes(head)
    with pytest.raises(DatasetError, match=r"0001\.xml:[134]: found .*, expected XML \("):
        read_dataset("ctw1500", tmp_path, "train")


def test_a_text_in_a_million_parts_is_put_together(tmp_path: Path) -> None:
    xml = f"<Annotations><image>{box('&amp;' * 10**6)}</image></Annotations>"
    [word] = read_train(tmp_path, {XML: xml}).samples[0].words
    assert word.text == "&" * 10**6


def test_training_lines_of_the_first_release(tmp_path: Path) -> None:
    offsets = f"100,50,160,70,{joined(POINTS)}"
    dataset = read_train(tmp_path, {TXT: f"{offsets}\r\n{offsets},9\r\n"})
    [word] = dataset.samples[0].words
    assert word.polygon.tolist() == [[x + 100, y + 50] for x, y in POINTS]
    assert (word.text, word.ignore) == (None, False)
    assert problems(dataset, tmp_path) == [(f"{TXT}:2", UNREADABLE)]


def test_of_both_releases_the_later_is_used(tmp_path: Path) -> None:
    xml = f"<Annotations><image>{box('new')}</image></Annotations>"
    dataset = read_train(tmp_path, {XML: xml, TXT: f"0,0,9,9,{joined(POINTS)}"})
    assert [word.text for word in dataset.samples[0].words] == ["new"]
    assert problems(dataset, tmp_path) == [(TXT, DUPLICATE)]


def test_test_lines_with_any_number_of_points(tmp_path: Path) -> None:
    lines = [
        f"{joined(POINTS)},####Hello, 'world' ####",
        f"{joined(POINTS)},#######",
        "0,0,9,0,5,9,####",
        "1,2,3,4,####two points",
        f"{joined(POINTS)},7,####odd",
    ]
    file = "gt_ctw1500/0001001.txt"
    write(tmp_path, {"test_images/1001.jpg": PICTURE, file: "\n".join(lines)})
    dataset = read_dataset("ctw1500", tmp_path, "test", strict=False)
    [sample] = dataset.samples
    text, hidden, empty = sample.words
    assert (sample.name, text.text) == ("1001", "Hello, 'world' ####")
    assert (hidden.ignore, empty.ignore, len(empty.polygon)) == (True, False, 3)
    kinds = {3: NO_TEXT, 4: UNREADABLE, 5: UNREADABLE}
    assert problems(dataset, tmp_path) == [(f"{file}:{n}", what) for n, what in kinds.items()]


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="offsets"):
        polygon_line(",".join(["x"] * 32))
