"""`craftlite convert` from its arguments to its files, and back."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from craftlite.cli import main
from craftlite.data.readers import read_dataset
from craftlite.data.records import read_splits, record_of
from craftlite.formats.layouts import LACKS
from craftlite.formats.record import Record

QUAD = [[10.0, 20.0], [90.5, 22.0], [90.0, 40.0], [10.0, 38.5]]
CURVE = [[50.0, 60.0], [90.0, 50.0], [130.0, 60.0], [130.0, 80.0], [90.0, 70.0], [50.0, 80.0]]
LETTERS = [[[10, 20], [50, 21], [50, 39], [10, 38]], [[50, 21], [90, 22], [90, 40], [50, 39]]]
WORDS = [
    {"polygon": QUAD, "text": "No", "characters": LETTERS},
    {"polygon": CURVE, "text": '12, "café" \\'},
    {"polygon": [[x + 100, y + 60] for x, y in QUAD]},
    {"polygon": [[x, y + 60] for x, y in QUAD], "ignore": True},
]
COPIED = {"quads": "images", "voc": "JPEGImages", "yolo": "images"}


def source(root: Path, names: dict[str, str | None] | None = None) -> Path:
    """`words` in a folder: a picture of 200x120 for each path, with its split."""
    lines = []
    for name, split in (names or {"images/a.jpg": None, "images/b c.png": None}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 120)).save(path)
        lines.append({"image": name, "words": WORDS} | ({"split": split} if split else {}))
    (root / "words.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return root


def convert(form: str, root: Path, to: str, out: Path, *options: str) -> int:
    return main(["convert", "--from", form, str(root), "--to", to, str(out), *options])


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.*")}


def records(form: str, root: Path) -> list[Record]:
    samples, _ = read_splits(form, root)
    return [record_of(sample, split) for split, some in samples.items() for sample in some]


def test_words_to_words_keep_all(tmp_path: Path) -> None:
    root = source(tmp_path / "here", {"images/a.jpg": "train", "b.png": "test"})
    assert convert("words", root, "words", tmp_path / "there") == 0
    lines = [json.loads(line) for line in (tmp_path / "there/words.jsonl").read_text().splitlines()]
    assert [line["image"] for line in lines] == ["../here/images/a.jpg", "../here/b.png"]
    assert [line["split"] for line in lines] == ["train", "test"]
    keys = ("polygon", "text", "ignore", "characters")
    assert [{key: word[key] for key in keys if key in word} for word in lines[0]["words"]] == WORDS
    assert [word["quad"] == word["polygon"] for word in lines[0]["words"]].count(False) == 1


def test_what_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = source(tmp_path / "here", {"images/a.jpg": "train", "b.png": "val"})
    out = tmp_path / "there"
    assert convert("words", root, "yolo", out) == 0
    summary, *lines = capsys.readouterr().err.splitlines()
    assert summary.startswith("2 pictures, ")
    assert lines == [
        "yolo cannot hold texts: 4 are left out",
        "yolo cannot hold polygons: 2 become the smallest rectangles around them",
        "yolo cannot hold characters: those of 2 words are left out",
        f"wrote 2 pictures with 8 words as yolo to {out}",
    ]
    assert convert("words", root, "quads", tmp_path / "quads", "--val", "0.5") == 0
    said = capsys.readouterr().err.splitlines()
    assert f"--val: ignored, because {root} already has splits: train, val" in said
    assert "quads cannot hold splits: those of 2 pictures are left out" in said


def test_problems_of_the_source_are_reported_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = source(tmp_path / "here")
    text = (root / "words.jsonl").read_text()
    (root / "words.jsonl").write_text(text.replace('"No"', '""'))
    assert convert("words", root, "coco", tmp_path / "there") == 0
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "warning" in line)
    where = f"{root}/words.jsonl:1"
    assert line.startswith("warning: the text is empty, so it is unknown")
    assert line.endswith(f": 2, the first at {where}")


@pytest.mark.parametrize("form", LACKS)
def test_each_format_refers_to_its_pictures(tmp_path: Path, form: str) -> None:
    root, out = source(tmp_path / "here"), tmp_path / "below/there"
    before = content(root)
    assert convert("words", root, form, out) == 0
    assert content(root) == before
    pictures = sorted(root.glob("images/*"))
    if form in COPIED:
        copies = sorted((out / COPIED[form]).iterdir())
        assert [path.read_bytes() for path in copies] == [path.read_bytes() for path in pictures]
        return
    base, names = references(form, out)
    if form == "labelstudio":
        base = tmp_path
    assert len(set(names)) == 2
    for name, picture in zip(dict.fromkeys(names), pictures, strict=True):
        assert not Path(name).is_absolute() and "\\" not in name
        assert (base / name).samefile(picture)


def references(form: str, out: Path) -> tuple[Path, list[str]]:
    """What a format calls its pictures, and the folder from which it counts."""
    if form == "labelme":
        return out, [json.loads(f.read_text())["imagePath"] for f in sorted(out.iterdir())]
    (file,) = out.iterdir()
    text = file.read_text()
    if form == "words":
        return out, [json.loads(line)["image"] for line in text.splitlines()]
    if form == "paddleocr":
        return out.parent, [line.partition("\t")[0] for line in text.splitlines()]
    if form == "csv":
        return out, [line.partition(",")[0] for line in text.splitlines()[1:]]
    if form == "cvat":
        return out, [image.attrib["name"] for image in ElementTree.fromstring(text).iter("image")]
    parsed: Any = json.loads(text)
    if form == "coco":
        return out, [image["file_name"] for image in parsed["images"]]
    addresses = [unquote(task["data"]["image"]) for task in parsed]
    return out, [address.partition("?d=")[2] for address in addresses]


def test_a_share_for_validation_is_the_same_on_every_run(tmp_path: Path) -> None:
    root = source(tmp_path / "here", {f"images/{n}.png": None for n in range(10)})
    chosen = []
    for out in (tmp_path / "one", tmp_path / "two"):
        assert convert("words", root, "yolo", out, "--val", "0.3") == 0
        chosen.append({path.name for path in (out / "images/val").iterdir()})
        assert len(list((out / "images/train").iterdir())) == 7
    assert chosen[0] == chosen[1] and len(chosen[0]) == 3
    assert convert("words", root, "words", tmp_path / "three", "--val", "0.01") == 0
    assert len(read_dataset("words", tmp_path / "three", "val").samples) == 1
    assert convert("words", root, "words", tmp_path / "four") == 0
    assert '"split"' not in (tmp_path / "four/words.jsonl").read_text()


def test_splits_in_files_and_folders(tmp_path: Path) -> None:
    root = source(tmp_path / "here", {"a.png": "train", "b.png": "val", "c.png": "test"})
    for form in ("voc", "yolo", "paddleocr", "csv", "cvat"):
        assert convert("words", root, form, tmp_path / form) == 0
    voc = tmp_path / "voc/ImageSets/Main"
    assert {path.name: path.read_text() for path in voc.iterdir()} == {
        "train.txt": "a\n",
        "val.txt": "b\n",
        "test.txt": "c\n",
    }
    assert (tmp_path / "yolo/images/val/b.png").exists()
    assert (tmp_path / "yolo/labels/test/c.txt").exists()
    for form, suffix in (("paddleocr", "txt"), ("csv", "csv")):
        names = {path.name for path in (tmp_path / form).iterdir()}
        assert names == {f"{split}.{suffix}" for split in ("train", "val", "test")}
    assert (tmp_path / "paddleocr/val.txt").read_text().startswith("here/b.png\t[")
    root_of_xml = ElementTree.fromstring((tmp_path / "cvat/annotations.xml").read_text())
    subsets = [image.attrib["subset"] for image in root_of_xml.iter("image")]
    assert subsets == ["Train", "Validation", "Test"]


@pytest.mark.parametrize("form", [*COPIED, "labelme"])
def test_pictures_of_one_name_do_not_replace_one_another(tmp_path: Path, form: str) -> None:
    root = source(tmp_path / "here", {"one/a.png": None, "two/a.png": None, "three/A.jpg": None})
    Image.new("RGB", (200, 120), "red").save(root / "two/a.png")
    out = tmp_path / "there"
    assert convert("words", root, form, out) == 0
    labels = [path for path in out.rglob("*") if path.suffix in (".txt", ".xml", ".json")]
    assert len(labels) == 3
    if form in COPIED:
        copies = {path.name: path.read_bytes() for path in (out / COPIED[form]).iterdir()}
        assert len({name.casefold() for name in copies}) == 3
        assert (root / "two/a.png").read_bytes() in copies.values()


def test_pictures_are_linked_where_they_can_be(tmp_path: Path) -> None:
    root = source(tmp_path / "here")
    assert convert("words", root, "quads", tmp_path / "there") == 0
    assert (root / "images/a.jpg").samefile(tmp_path / "there/images/a.jpg")


def test_quads_and_back(tmp_path: Path) -> None:
    root = source(tmp_path / "here")
    lines = (root / "words.jsonl").read_text().replace("null", '"x"')
    known = [word | ({} if "ignore" in word else {"text": "x"}) for word in WORDS]
    lines = "".join(
        json.dumps(json.loads(line) | {"words": known}) + "\n" for line in lines.splitlines()
    )
    (root / "words.jsonl").write_text(lines)
    assert convert("words", root, "quads", tmp_path / "quads") == 0
    assert convert("quads", tmp_path / "quads", "words", tmp_path / "back") == 0
    first, second = (records("words", root), records("words", tmp_path / "back"))
    for one, other in zip(first, second, strict=True):
        assert [word["quad"] for word in one["words"]] == [word["quad"] for word in other["words"]]
        for key in ("text", "ignore"):
            kept = [[word.get(key) for word in entry["words"]] for entry in (one, other)]
            assert kept[0] == kept[1]


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("here", "the folder contains the source"),
        (".", "the folder contains the source"),
        ("here/images", "is inside the source and is not empty"),
        ("taken", "is not empty; add --overwrite"),
        ("file", "is not a folder"),
    ],
)
def test_folders_that_are_not_written_to(
    tmp_path: Path, to: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = source(tmp_path / "here")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/theirs.txt").touch()
    (tmp_path / "file").touch()
    before = content(tmp_path)
    assert convert("words", root, "labelme", tmp_path / to) == 2
    assert said in capsys.readouterr().err
    if to != "taken":
        assert convert("words", root, "labelme", tmp_path / to, "--overwrite") == 2
    assert content(tmp_path) == before


def test_a_new_folder_in_the_source_is_fine(tmp_path: Path) -> None:
    root = source(tmp_path / "here")
    assert convert("words", root, "coco", root / "labels") == 0
    assert (root / "labels/coco.json").exists()


def test_overwriting_names_what_else_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = source(tmp_path / "here")
    out = tmp_path / "there"
    assert convert("words", root, "yolo", out) == 0
    assert convert("words", root, "yolo", out, "--overwrite", "--val", "0.5") == 0
    said = capsys.readouterr().err
    assert f"warning: {out} contains 4 other files, such as {out}/" in said
    assert convert("words", root, "labelme", out, "--overwrite") == 0


def test_no_picture_of_the_source_is_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, pictures = tmp_path / "labels", tmp_path / "pictures"
    source(tmp_path, {"pictures/images/a.png": None, "pictures/images/b.png": None})
    labels.mkdir()
    text = (tmp_path / "words.jsonl").read_text().replace("pictures/", "../pictures/")
    (labels / "words.jsonl").write_text(text)
    before = content(pictures)
    assert convert("words", labels, "quads", pictures, "--overwrite") == 2
    assert "a.png is a picture of the source" in capsys.readouterr().err
    assert content(pictures) == before


def test_a_picture_that_cannot_be_read_is_named_and_the_rest_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = source(tmp_path / "here")
    (root / "images/a.jpg").write_text("no picture")
    assert convert("words", root, "coco", tmp_path / "there") == 1
    said = capsys.readouterr().err
    assert "a.jpg: is not a picture" in said and "wrote 1 pictures with 4 words" in said


def test_a_missing_picture_stops_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = source(tmp_path / "here", {"a.png": "train", "b.png": "val"})
    (root / "b.png").unlink()
    assert convert("words", root, "coco", tmp_path / "there") == 1
    assert "b.png missing" in capsys.readouterr().err
    assert not (tmp_path / "there").exists()


def test_a_competitions_splits_that_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "icdar15"
    for number in (1, 950):
        for folder, name, text in (
            ("ch4_training_images", f"img_{number}.jpg", None),
            (
                "ch4_training_localization_transcription_gt",
                f"gt_img_{number}.txt",
                "1,1,9,1,9,5,1,5,a",
            ),
        ):
            (root / folder).mkdir(parents=True, exist_ok=True)
            if text is None:
                Image.new("RGB", (20, 10)).save(root / folder / name)
            else:
                (root / folder / name).write_text(text)
    assert convert("icdar15", root, "words", tmp_path / "there") == 0
    lines = (tmp_path / "there/words.jsonl").read_text().splitlines()
    assert [json.loads(line)["split"] for line in lines] == ["train", "val"]
    assert "warning: a split is left out: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        "--from nowhere a --to words b",
        "--from words a --to nowhere b",
        "--from words a",
        "--from words a --to words b --val 0.6",
        "--from words a --to words",
    ],
)
def test_wrong_usage_of_convert(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["convert", *arguments.split()])
    except SystemExit as stop:
        code = stop.code  # type: ignore[assignment]
    assert code == 2
    assert "--" in capsys.readouterr().err


def by_picture(form: str, root: Path) -> dict[str, Record]:
    samples, _ = read_splits(form, root)
    found = (record_of(sample, split) for split, some in samples.items() for sample in some)
    return {Path(entry["image"]).stem: entry for entry in found}


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("form", LACKS)
def test_there_and_back(tmp_path: Path, form: str, split: bool) -> None:
    names = {"images/a.jpg": "train", "images/b c.png": "val", "images/d.webp": "test"}
    root = source(tmp_path / "here", {name: names[name] if split else None for name in names})
    assert convert("words", root, form, tmp_path / "there") == 0
    assert convert(form, tmp_path / "there", "words", tmp_path / "back") == 0
    first, second = by_picture("words", root), by_picture("words", tmp_path / "back")
    assert list(first) == list(second) == ["a", "b c", "d"]
    lacks = LACKS[form]
    for name, one in first.items():
        other = second[name]
        assert (one["width"], one["height"]) == (other["width"], other["height"])
        assert other.get("split") == (None if "splits" in lacks else one.get("split"))
        assert len(one["words"]) == len(other["words"])
        for word, back in zip(one["words"], other["words"], strict=True):
            outline = word["quad" if "polygons" in lacks else "polygon"]
            assert np.allclose(back["polygon"], outline, atol=0.1 + 1e-6)
            assert back.get("ignore") == word.get("ignore")
            assert back.get("text") == (None if "texts" in lacks else word.get("text"))


@pytest.mark.parametrize("form", LACKS)
def test_relative_folders(
    tmp_path: Path,
    form: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source(tmp_path / "data/here")
    monkeypatch.chdir(tmp_path)
    assert convert("words", Path("data/here"), form, Path("data/there")) == 0
    assert convert("auto", Path("data/there"), "words", Path("back")) == 0
    assert f"data/there: read as {form} (" in capsys.readouterr().err
    folder = "data/there" if form in COPIED else "data/here"
    pictures = [Path(entry["image"]) for entry in records("words", Path("back"))]
    assert all(path.is_file() for path in pictures)
    assert all(path.resolve().is_relative_to(tmp_path / folder) for path in pictures)
