import csv
import io
import json
import resource
import signal
from pathlib import Path, PurePath

import numpy as np
import pytest

from craftlite.errors import CraftliteError
from craftlite.formats import FilePerPicture, FilePerRun, coco, csv_table, icdar, json_line, record
from craftlite.words import Words

QUAD = np.array([[10.04, 20.06], [110.5, 20], [110.5, 60], [-0.01, 60]], np.float32)
CURVE = np.array([[10, 20], [60, 10], [110, 20], [110, 60], [60, 50], [10, 60]], np.float32)


def words(*, characters: bool = False, count: int = 2) -> Words:
    """Up to two words: the first is its quad, the second is curved."""
    outlines = (QUAD, CURVE)[:count]
    return Words(
        quads=np.stack([QUAD, QUAD + 1])[:count],
        polygons=outlines,
        scores=np.array([0.971234, 0.5], np.float32)[:count],
        size=(640, 480),
        characters=tuple(np.stack([QUAD] * 3) for _ in outlines) if characters else None,
    )


NONE = Words(np.zeros((0, 4, 2), np.float32), (), np.zeros(0, np.float32), (3, 2))


def test_the_json_object() -> None:
    entry = json.loads(json_line(record("a.jpg", words())))
    assert [entry[key] for key in ("image", "width", "height")] == ["a.jpg", 640, 480]
    first, second = entry["words"]
    assert first["quad"] == [[10.0, 20.1], [110.5, 20.0], [110.5, 60.0], [0.0, 60.0]]
    assert first["polygon"] == first["quad"]
    assert first["score"] == 0.9712
    assert len(second["polygon"]) == 6
    assert set(first) == {"quad", "polygon", "score", "order"}
    assert "-0.0" not in json_line(record("a.jpg", words()))


def test_characters_only_where_they_were_asked_for() -> None:
    entry = record("a.jpg", words(characters=True))
    assert np.shape(entry["words"][0]["characters"]) == (3, 4, 2)


def test_no_words_and_odd_names() -> None:
    line = json_line(record("caf\udce9\n\u4e2d.jpg", NONE))
    assert line.isascii() and "\n" not in line
    assert json.loads(line) == {
        "image": "caf\udce9\n\u4e2d.jpg",
        "width": 3,
        "height": 2,
        "words": [],
    }
    assert icdar(NONE) == ""


def test_icdar_lines_are_whole_pixels() -> None:
    assert icdar(words()).splitlines()[0] == "10,20,110,20,110,60,0,60"
    assert [line.count(",") + 1 for line in icdar(words(), polygons=True).splitlines()] == [8, 12]


def test_coco_numbers_its_images_and_measures_its_outlines() -> None:
    file = json.loads(coco([record("a.jpg", words()), record("b.jpg", NONE)]))
    assert [(i["id"], i["file_name"]) for i in file["images"]] == [(1, "a.jpg"), (2, "b.jpg")]
    assert file["categories"][0]["id"] == 1
    curve = file["annotations"][1]
    assert (curve["id"], curve["image_id"], curve["category_id"]) == (2, 1, 1)
    assert curve["bbox"] == [10.0, 10.0, 100.0, 50.0]
    assert curve["area"] == 4000.0
    assert len(curve["segmentation"][0]) == 12
    assert curve["score"] == 0.5


def test_csv_has_a_row_a_word() -> None:
    text = csv_table([record('a,"b".jpg', words()), record("empty.jpg", NONE)])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 2
    assert rows[0]["image"] == 'a,"b".jpg'
    assert [rows[0][key] for key in ("x1", "y1", "x4", "y4")] == ["10.0", "20.1", "0.0", "60.0"]
    assert len(rows[1]["polygon"].split()) == 12


def test_one_file_a_picture_in_mirrored_folders(tmp_path: Path) -> None:
    target = PurePath("sub/img_1.v2")
    for form, name in {"json": "img_1.v2.json", "icdar": "res_img_1.v2.txt"}.items():
        writer = FilePerPicture(tmp_path, form, polygons=False)  # type: ignore[arg-type]
        assert not writer.has("x", target)
        writer.write("x", target, words())
        writer.close()
        assert writer.has("x", target)
        assert (tmp_path / "sub" / name).read_text()
    assert len(list((tmp_path / "sub").iterdir())) == 2


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    first = FilePerRun(tmp_path, "jsonl", resume=False)
    first.write("a", PurePath("a"), words())
    first.write("b", PurePath("b"), NONE)
    journal = tmp_path / "results.jsonl"
    with journal.open("a") as file:
        file.write('{"image": "c", "wid')  # cut off by a crash
    second = FilePerRun(tmp_path, "jsonl", resume=True)
    assert [second.has(name, PurePath(name)) for name in "abc"] == [True, True, False]
    second.write("c", PurePath("c"), NONE)
    second.close()
    assert [json.loads(line)["image"] for line in journal.read_text().splitlines()] == [
        "a",
        "b",
        "c",
    ]


@pytest.mark.parametrize(("form", "name"), [("coco", "coco.json"), ("csv", "results.csv")])
def test_one_file_a_run(tmp_path: Path, form: str, name: str) -> None:
    (tmp_path / "results.jsonl").write_text("of an earlier run")
    writer = FilePerRun(tmp_path, form, overwrite=True)  # type: ignore[arg-type]
    writer.write("a", PurePath("a"), words())
    assert not (tmp_path / name).exists()
    writer.close()
    assert "a" in (tmp_path / name).read_text()
    again = FilePerRun(tmp_path, form, resume=True)  # type: ignore[arg-type]
    assert again.has("a", PurePath("a"))


def test_a_line_that_was_cut_and_glued_to_the_next_costs_its_pictures_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = FilePerRun(tmp_path, "csv", resume=False)
    for name in "abc":
        first.write(name, PurePath(name), words())
    journal = tmp_path / "results.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text(lines[0] + lines[1][:40] + lines[2])
    second = FilePerRun(tmp_path, "csv", resume=True)
    assert [second.has(name, PurePath(name)) for name in "abc"] == [True, False, False]
    assert f"{journal}:2: is damaged; its picture is processed again" in capsys.readouterr().err
    second.write("b", PurePath("b"), words())
    second.close()
    table = (tmp_path / "results.csv").read_text().splitlines()
    assert {line.partition(",")[0] for line in table[1:]} == {"a", "b"}


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    writer = FilePerRun(tmp_path, "jsonl", resume=False)
    writer.write("a", PurePath("a"), words())
    journal = tmp_path / "results.jsonl"
    before = journal.read_bytes()
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A file may not grow beyond the middle of the next line, as on a disk with so much left.
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, most))
    try:
        with pytest.raises(CraftliteError, match=r"results\.jsonl: cannot be written"):
            writer.write("b", PurePath("b"), words())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        signal.signal(signal.SIGXFSZ, ignored)
    assert journal.read_bytes() == before
    writer.write("c", PurePath("c"), words())
    images = [json.loads(line)["image"] for line in journal.read_text().splitlines()]
    assert images == ["a", "c"]


def test_a_damaged_record_of_a_run_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_text("no json\n")
    with pytest.raises(CraftliteError, match=r"results\.jsonl: is damaged"):
        FilePerRun(tmp_path, "csv", resume=True)


def test_parquet_is_written_a_thousand_pictures_at_a_time(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    writer = FilePerRun(tmp_path, "parquet")
    line = json_line(record("caf\udce9.jpg", words(characters=True))) + "\n"
    (tmp_path / "results.jsonl").write_text(line * 2500)
    writer.close()
    file = parquet.ParquetFile(tmp_path / "results.parquet")
    groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert groups == [1000, 1000, 500]
    row = file.read().slice(2499).to_pylist()[0]
    assert row["image"] == "caf\\udce9.jpg"
    assert row["words"] == json.loads(line)["words"]
    assert all(field.metadata[b"description"] for field in file.schema_arrow)


def test_a_resumed_run_of_parquet_keeps_and_adds(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for number, name in enumerate("ab"):
        writer = FilePerRun(tmp_path, "parquet", resume=True)
        assert [writer.has(old, PurePath(old)) for old in "ab"] == [number > 0, False]
        writer.write(name, PurePath(name), words())
        writer.close()
    images = parquet.read_table(tmp_path / "results.parquet")["image"].to_pylist()
    assert images == ["a", "b"]
