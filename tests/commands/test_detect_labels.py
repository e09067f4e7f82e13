"""`craftlite detect` with the formats of labelling tools: words to correct there."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image, ImageDraw

from craftlite.errors import ConfigError
from craftlite.formats.files import LABELS

BAR = (40, 30, 160, 60)
Run = Callable[..., int]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two pictures of a word each, in images/ and a folder below it."""
    picture = Image.new("RGB", (256, 192))
    ImageDraw.Draw(picture).rectangle(BAR, fill="white")
    for name in ("a b.png", "sub/c.jpg"):
        path = tmp_path / "images" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        picture.save(path)
    return tmp_path / "images"


def test_labelme_opens_each_picture_from_its_file(run: Run, photos: Path) -> None:
    assert run("images", "--out", "labels", "--format", "labelme") == 0
    for name, picture in (("a b.json", "a b.png"), ("sub/c.json", "sub/c.jpg")):
        file = photos.parent / "labels" / name
        labels = json.loads(file.read_text())
        assert (file.parent / labels["imagePath"]).samefile(photos / picture)
        assert not Path(labels["imagePath"]).is_absolute()
        assert (labels["imageWidth"], labels["imageHeight"]) == (256, 192)
        (shape,) = labels["shapes"]
        assert np.mean(shape["points"], axis=0) == pytest.approx((100, 45), abs=2)


def test_labelme_files_beside_the_pictures_are_kept_once_corrected(run: Run, photos: Path) -> None:
    options = ["images", "--out", "images", "--format", "labelme"]
    assert run(*options) == 0
    corrected = photos / "a b.json"
    assert json.loads(corrected.read_text())["imagePath"] == "a b.png"
    corrected.write_text("corrected")
    with pytest.raises(ConfigError, match="has a result of"):
        run(*options)
    assert run(*options, "--resume") == 0
    assert corrected.read_text() == "corrected"


@pytest.mark.parametrize("pictures", ["images", "."])
def test_label_studio_finds_the_pictures_below_its_document_root(
    run: Run,
    photos: Path,
    pictures: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if pictures == ".":
        monkeypatch.chdir(photos)
    assert run(pictures, "--out", "labels", "--format", "labelstudio") == 0
    file = Path("labels/labelstudio.json")
    (message,) = (line for line in capsys.readouterr().err.splitlines() if "ROOT" in line)
    root = Path(message.partition("LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=")[2])
    assert root == photos.parent
    for task, name in zip(json.loads(file.read_text()), ("a b.png", "sub/c.jpg"), strict=True):
        _, _, path = task["data"]["image"].partition("/data/local-files/?d=")
        assert (root / unquote(path)).samefile(photos / name)
        (region,) = task["predictions"][0]["result"]
        points = np.array(region["value"]["points"]) / 100 * (256, 192)
        assert points.mean(axis=0) == pytest.approx((100, 45), abs=2)
        assert region["score"] > 0.9


def test_pp_ocr_label_knows_pictures_by_folder_and_name(run: Run, photos: Path) -> None:
    assert run("images", "--out", "images", "--format", "paddleocr") == 0
    lines = (photos / "Label.txt").read_text().splitlines()
    assert [line.partition("\t")[0] for line in lines] == ["images/a b.png", "images/sub/c.jpg"]
    (word,) = json.loads(lines[0].partition("\t")[2])
    assert np.mean(word["points"], axis=0) == pytest.approx((100, 45), abs=2)
    assert (word["transcription"], word["difficult"]) == ("", False)


def test_a_resumed_run_keeps_the_lines_that_were_corrected(run: Run, photos: Path) -> None:
    options = ["--out", "images", "--format", "paddleocr"]
    assert run("images/a b.png", *options) == 0
    file = photos / "Label.txt"
    file.write_text("images/a b.png\t[]")
    assert run("images", *options, "--resume") == 0
    first, second = file.read_text().splitlines()
    assert first == "images/a b.png\t[]"
    assert second.startswith("images/sub/c.jpg\t[{")


@pytest.mark.parametrize("form", LABELS)
def test_what_is_no_file_of_one_picture_is_refused_and_the_rest_labelled(
    run: Run, photos: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pypdfium2")
    pages = [Image.new("RGB", (64, 64), color) for color in ("black", "white")]
    pages[0].save("one.pdf")
    pages[0].save("two.tif", save_all=True, append_images=pages[1:])
    address = "http://127.0.0.1:9/a.jpg"
    assert run("images", "one.pdf", "two.tif", address, "--out", "labels", "--format", form) == 1
    refused = [line for line in capsys.readouterr().err.splitlines() if "only files" in line]
    names = [f"craftlite: {name}: only files" for name in ("one.pdf", "two.tif", address)]
    assert [line[: len(name)] for line, name in zip(refused, names, strict=True)] == names
    written = {path.stem for path in Path("labels").rglob("*.*")}
    assert not written & {"one", "two"}
    text = "".join(path.read_text() for path in Path("labels").rglob("*.*"))
    assert "one.pdf" not in text and "two.tif" not in text and "c.jpg" in text


def test_pages_of_an_earlier_run_get_no_labels(
    run: Run, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [Image.new("RGB", (64, 64))] * 2
    pages[0].save("two.tif", save_all=True, append_images=pages[1:])
    assert run("two.tif", "--out", "found", "--format", "jsonl") == 0
    options = ["--out", "found", "--format", "paddleocr", "--resume"]
    assert run("images", *options) == 0
    assert "two.tif: is not a picture file here" in capsys.readouterr().err
    lines = Path("found/Label.txt").read_text().splitlines()
    assert [line.partition("\t")[0] for line in lines] == ["images/a b.png", "images/sub/c.jpg"]
