"""`craftlite read` from its arguments to what it prints."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from craftlite.cli import main
from craftlite.recognisers import is_installed, open_recogniser

IMAGES = Path(__file__).parents[2] / "data" / "samples" / "images"
PLATE, TIN = IMAGES / "plate.jpg", IMAGES / "tin.jpg"
reads = pytest.mark.skipif(not is_installed("rapidocr"), reason="needs pip install rapidocr")


@reads
def test_a_picture_s_lines_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(PLATE), "--threads", "1"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = [line for block in out.split("\n\n") for line in block.splitlines()]
    assert sorted(lines) == ["1.6 GT", "AURELIA", "CL", "CR4FT 01"]


@reads
def test_pictures_and_pages_are_named_and_failures_do_not_stop_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pages = [Image.open(file).resize((800, 600)) for file in (PLATE, TIN)]
    pages[0].save("scan.tif", save_all=True, append_images=pages[1:])
    Path("broken.jpg").write_bytes(b"no picture")
    assert main(["read", "broken.jpg", "scan.tif", "--pages", "2", "--threads", "1"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("==> scan.tif, page 2 <==\n")
    assert "TOMATOES" in out and "AURELIA" not in out
    assert "craftlite: broken.jpg: is not a picture" in err
    assert "2 pictures, 1 failed" in err


@reads
def test_json_has_boxes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "--json", str(PLATE), "--threads", "1"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["image"], record["width"], record["height"]) == (str(PLATE), 1200, 800)
    line = next(line for line in record["lines"] if line["text"] == "CR4FT 01")
    assert set(line) == {"text", "score", "block", "polygon", "words"}
    first, second = line["words"]
    assert (first["text"], second["text"]) == ("CR4FT", "01")
    assert 0.8 < first["score"] <= 1 and len(first["quad"]) == 4
    assert max(x for x, _ in first["quad"]) < min(x for x, _ in second["quad"])


@reads
def test_what_the_encoding_lacks_is_no_error() -> None:
    command = [sys.executable, "-m", "craftlite.cli", "read", str(IMAGES / "receipt.jpg")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert "TOTAL ?26.20" in run.stdout


def test_a_missing_recogniser_is_named_before_any_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    open_recogniser.cache_clear()
    assert main(["read", "missing.jpg"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("craftlite read: recogniser rapidocr: needs rapidocr")
    assert said.endswith("pip install rapidocr\n") and said.count("\n") == 1
