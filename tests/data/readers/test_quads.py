"""The layout of `quads`, its lines, and how pictures and ground truth are paired."""

from pathlib import Path

import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import (
    CONFIDENCES,
    DUPLICATE,
    GIF,
    LINE_WITHOUT_TEXT,
    MANY_NUMBERS,
    NO_TEXT,
    TEXT_OF_NUMBERS,
    Dataset,
)
from craftlite.data.readers import read_dataset
from craftlite.errors import DatasetError

GROUND_TRUTH = Path(__file__).parents[2] / "fixtures/ground_truth"
QUAD = "10,20,50,20,50,40,10,40"
LINE = f"{QUAD},word\n"
PAIRS = {f"images/{s}.jpg": PICTURE for s in "abc"} | {f"gt/gt_{s}.txt": LINE for s in "abc"}


def test_question_mark_is_readable_without_text(tmp_path: Path) -> None:
    truth = "0,0,9.5,0,9.5,4.25,0,4.25,?\n0,0,9,0,9,4,0,4,###"
    write(tmp_path, {"images/a.jpg": PICTURE, "gt/gt_a.txt": truth})
    dataset = read_dataset("quads", tmp_path, "train")
    unknown, hidden = dataset.samples[0].words
    assert (unknown.text, unknown.ignore) == (None, False)
    assert unknown.polygon[2].tolist() == [9.5, 4.25]
    assert hidden.ignore
    assert not dataset.problems


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_every_split_is_the_whole_folder(tmp_path: Path, split: str) -> None:
    write(tmp_path, PAIRS)
    assert [sample.name for sample in read_dataset("quads", tmp_path, split).samples] == [*"abc"]


def test_missing_pictures_and_missing_truths(tmp_path: Path) -> None:
    write(tmp_path, PAIRS)
    (tmp_path / "images/b.jpg").unlink()
    with pytest.raises(DatasetError, match=r"(?s)images: b\.jpg.*missing; .*images/<stem>\.jpg"):
        read_dataset("quads", tmp_path, "train")
    for stem in "abc":
        (tmp_path / f"gt/gt_{stem}.txt").unlink()
    with pytest.raises(DatasetError, match=r"images/a\.jpg has no .*gt/gt_a\.txt \(and 1 more"):
        read_dataset("quads", tmp_path, "train")


def test_gif_is_left_out_and_told_unless_another_picture_has_its_name(tmp_path: Path) -> None:
    write(tmp_path, PAIRS | {"images/a.gif": PICTURE, "images/z.gif": PICTURE, "gt/gt_z.txt": LINE})
    dataset = read_dataset("quads", tmp_path, "train")
    assert [sample.name for sample in dataset.samples] == [*"abc"]
    assert problems(dataset, tmp_path) == [("images/a.gif", DUPLICATE), ("images/z.gif", GIF)]


def read(root: Path, truth: str | bytes, name: str = "gt/gt_a.txt") -> Dataset:
    write(root, {"images/a.jpg": PICTURE, name: truth})
    return read_dataset("quads", root, "train")


def points_and_texts(dataset: Dataset) -> list[tuple[int, str | None]]:
    return [(len(w.polygon), w.text) for sample in dataset.samples for w in sample.words]


@pytest.mark.parametrize(
    ("rest", "points", "text", "kind"),
    [
        ("", 4, None, None),
        (",", 4, None, NO_TEXT),
        (",12", 4, "12", None),
        (",a,5", 4, "a,5", None),
        (',"100,000"', 4, "100,000", None),
        (',"1,2,3,4,5"', 4, "1,2,3,4,5", None),
        (",100,000", 4, "100,000", TEXT_OF_NUMBERS),
        (",1,2,3", 4, "1,2,3", TEXT_OF_NUMBERS),
        (",0.98,word", 4, "0.98,word", TEXT_OF_NUMBERS),
        (",8,38,7,30", 6, None, MANY_NUMBERS),
        (",8,38,7,30,", 6, None, MANY_NUMBERS),
        (",8,38,7,30,word,1", 6, "word,1", MANY_NUMBERS),
        (',8,38,7,30,"15"', 6, "15", MANY_NUMBERS),
        (",8,38,7,30,15", 6, "15", MANY_NUMBERS),
        (",8,38,7,30,?", 6, None, MANY_NUMBERS),
        (",8,38,7,30,6,25,word", 7, "word", MANY_NUMBERS),
    ],
)
def test_numbers_of_a_line_are_a_quad_or_an_outline_of_six_points_and_more(
    tmp_path: Path, rest: str, points: int, text: str | None, kind: str | None
) -> None:
    dataset = read(tmp_path, QUAD + rest)
    assert points_and_texts(dataset) == [(points, text)]
    assert problems(dataset, tmp_path) == ([("gt/gt_a.txt:1", kind)] if kind else [])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("10,20,50,20,50,40,10,word", "8 numbers and a text"),
        ("10,20,50,20,50,40,10", "8 numbers and a text"),
        (f"{QUAD},8,38,7,30,15,word", "put a text that begins with a number in double quotes"),
        (f"{QUAD},8,38,7,1e999,word", "x and y of each point"),
        (QUAD.replace(",", ";") + ";word", "8 numbers and a text"),
        (QUAD.replace(",", "\t") + "\tword", "8 numbers and a text"),
        ("\ufeff" + QUAD, "remove the byte order mark"),
    ],
)
def test_lines_of_other_forms_are_refused(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(DatasetError, match=rf"(?s)gt_a\.txt:2: found .*, expected .*{expected}"):
        read(tmp_path, f"{LINE}{line}\n")


def test_a_line_without_text_is_reported_where_others_have_one(tmp_path: Path) -> None:
    dataset = read(tmp_path, f"{LINE}{QUAD}\n{QUAD},?")
    assert points_and_texts(dataset) == [(4, "word"), (4, None), (4, None)]
    assert problems(dataset, tmp_path) == [("gt/gt_a.txt:2", LINE_WITHOUT_TEXT)]


def test_what_detect_writes_as_icdar_is_read_with_its_curved_outlines(tmp_path: Path) -> None:
    raw = (GROUND_TRUTH / "gt_curved_polygons.txt").read_bytes()
    dataset = read(tmp_path, raw, "gt/res_a.txt")
    found = points_and_texts(dataset)
    assert [text for _, text in found] == [None] * 9
    assert [points for points, _ in found] == [4, 4, 4, 4, 4, 4, 14, 14, 4]
    places = [(f"gt/res_a.txt:{line}", MANY_NUMBERS) for line in (7, 8)]
    assert problems(dataset, tmp_path) == places
    assert points_and_texts(read(tmp_path, LINE)) == [(4, "word")]  # gt_a.txt counts
    assert ("gt/res_a.txt", DUPLICATE) in problems(read(tmp_path, LINE), tmp_path)


def test_six_points_and_a_text(tmp_path: Path) -> None:
    raw = (GROUND_TRUTH / "gt_poly6.txt").read_bytes()
    assert points_and_texts(read(tmp_path, raw)) == [(6, "Parking")]


def test_lines_that_end_in_cr_alone_are_refused(tmp_path: Path) -> None:
    raw = (GROUND_TRUTH / "gt_cr_only.txt").read_bytes()
    for truth in (raw, raw.replace(b"\r", b"\n", 1) + raw):
        with pytest.raises(DatasetError, match=r"gt_a\.txt:\d: .* LF at the ends .*tr '.r' '.n'"):
            read(tmp_path, truth)
    assert len(points_and_texts(read(tmp_path, raw.replace(b"\r", b"\r\n")))) == 2


def test_header_and_utf16_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gt_a\.txt:1: found 'x1,y1,text', .*remove it"):
        read(tmp_path, f"x1,y1,text\n{LINE}")
    with pytest.raises(DatasetError, match=r"gt_a\.txt:1: .*, not UTF-16; convert with iconv"):
        read(tmp_path, LINE.encode("utf-16"))


def test_texts_that_all_are_or_end_in_confidences_are_reported_once(tmp_path: Path) -> None:
    for start in ("", "word,"):
        lines = [f"{QUAD},{start}0.{n}" for n in range(1, 6)]
        assert problems(read(tmp_path, "\n".join(lines)), tmp_path) == [
            (str(tmp_path), CONFIDENCES)
        ]
        assert problems(read(tmp_path, "\n".join(lines[1:])), tmp_path) == []
        assert problems(read(tmp_path, "\n".join([*lines, LINE])), tmp_path) == []


def test_names_in_composed_and_decomposed_letters_are_the_same(tmp_path: Path) -> None:
    one, other = "caf\u00e9", "cafe\u0301"
    write(tmp_path, {f"images/{one}.jpg": PICTURE, f"gt/gt_{other}.txt": LINE})
    [sample] = read_dataset("quads", tmp_path, "train").samples
    assert (sample.name, len(sample.words)) == (one, 1)
    write(tmp_path, {f"images/{other}.png": PICTURE})
    assert [p.what for p in read_dataset("quads", tmp_path, "train").problems] == [DUPLICATE]


def test_a_file_of_ground_truth_with_another_name_is_shown(tmp_path: Path) -> None:
    write(tmp_path, {"images/img_3.jpg": PICTURE, "gt/img_3.txt": LINE})
    expected = r"img_3\.jpg has no .*gt/gt_img_3\.txt; .* empty file; should img_3\.txt in that"
    with pytest.raises(DatasetError, match=expected):
        read_dataset("quads", tmp_path, "train")
    with pytest.raises(DatasetError, match=r"img_3\.txt in that folder be called gt_<stem>\.txt"):
        read_dataset("quads", tmp_path, "train", pictures=False)
