"""`craftlite detect` on documents, animations, lists and folders of other files."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from craftlite.commands import detect
from craftlite.errors import ConfigError, CraftliteError
from craftlite.formats.files import LABELS


def page(bars: int) -> Image.Image:
    """A black page with so many white bars, which stand for words."""
    pixels = np.zeros((192, 256), np.uint8)
    for number in range(bars):
        pixels[20 + 50 * number : 45 + 50 * number, 40:200] = 255
    return Image.fromarray(pixels)


def save(path: str, *bars: int) -> None:
    """A file with a page of each number of bars."""
    first, *others = map(page, bars)
    first.save(path, save_all=True, append_images=others)


def counts(text: str) -> list[tuple[object, int]]:
    """Page and number of words of each line."""
    entries = [json.loads(line) for line in text.splitlines()]
    return [(entry.get("page"), len(entry["words"])) for entry in entries]


def test_all_pages_of_a_tiff_or_those_that_are_named(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    save("a.tif", 1, 2, 3)
    page(2).save("b.tif")
    assert run("a.tif", "b.tif") == 0
    out, err = capsys.readouterr()
    assert counts(out) == [(1, 1), (2, 2), (3, 3), (None, 2)]
    assert err.startswith("4 pictures, ")
    assert run("a.tif", "--pages", "2-3,2") == 0
    assert counts(capsys.readouterr().out) == [(2, 2), (3, 3)]


def test_pages_that_are_not_there_fail_beside_those_that_are(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    save("a.tif", 1, 2, 3)
    assert run("a.tif", "--pages", "3-5") == 1
    out, err = capsys.readouterr()
    assert counts(out) == [(3, 3)]
    missing, summary = err.splitlines()
    assert missing == "craftlite: a.tif: has no page 4"
    assert summary.startswith("2 pictures, 1 failed, ")


def test_a_pdf_by_its_pages(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pypdfium2")
    save("a.pdf", 1, 2, 3)
    save("b.pdf", 2)
    assert run(".", "--pages", "all") == 0
    assert counts(capsys.readouterr().out) == [(1, 1), (2, 2), (3, 3), (None, 2)]


def test_the_first_frame_of_animations_and_one_line_that_says_so(
    run: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("a.gif", "b.webp", "c.png"):
        save(name, 0, 2, 1)
    with caplog.at_level(logging.WARNING, "craftlite"):
        assert run(".") == 0
    out, err = capsys.readouterr()
    assert counts(out) == [(1, 0)] * 3
    expected = "a.gif and 2 more animations: only the first frame was read; add --pages all to read"
    first, summary = err.splitlines()
    assert first == f"{expected} every one"
    assert summary.startswith("3 pictures, ")
    assert not caplog.records
    assert run("a.gif", "--pages", "all") == 0
    out, err = capsys.readouterr()
    assert counts(out) == [(1, 0), (2, 2), (3, 1)]
    assert err.startswith("3 pictures, ")


def test_results_and_drawings_bear_their_page(run: Callable[..., int], tmp_path: Path) -> None:
    Path("scans").mkdir()
    save("scans/a.tif", 1, 2)
    page(1).save("scans/b.png")
    assert run("scans", "--out", "found", "--overlay", "--heatmaps") == 0
    assert run("scans", "--out", "found", "--format", "icdar") == 0
    found = tmp_path / "found"
    assert {path.relative_to(found).as_posix() for path in found.rglob("*.*")} == {
        *("a.p001.json", "a.p002.json", "b.json"),
        *("res_a.p001.txt", "res_a.p002.txt", "res_b.txt"),
        *("overlay/a.p001.jpg", "overlay/a.p002.jpg", "overlay/b.jpg"),
        *(f"heatmaps/a.p00{n}.{kind}.jpg" for n in (1, 2) for kind in ("region", "affinity")),
        *("heatmaps/b.region.jpg", "heatmaps/b.affinity.jpg"),
    }
    second = json.loads((found / "a.p002.json").read_text())
    assert (second["image"], second["page"], len(second["words"])) == ("scans/a.tif", 2, 2)
    assert "page" not in json.loads((found / "b.json").read_text())


def test_frames_of_a_video_bear_their_time(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    video = cv2.VideoWriter("a.avi", cv2.VideoWriter_fourcc(*"MJPG"), 10, (256, 192))
    for number in range(30):
        video.write(np.asarray(page(1 + number // 10).convert("RGB")))
    video.release()
    assert run("a.avi") == 1
    assert "a.avi: is a video" in capsys.readouterr().err
    assert run("a.avi", "--every", "1.5") == 0
    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(entry["time"], len(entry["words"])) for entry in entries] == [(0.0, 1), (1.5, 2)]
    assert run("a.avi", "--every", "1", "--out", "found") == 0
    names = [f"a.t0000{second}.000.json" for second in range(3)]
    assert sorted(path.name for path in Path("found").iterdir()) == names
    with pytest.raises(ConfigError, match="--overwrite"):
        run("a.avi", "--every", "2", "--out", "found")


def test_coco_and_csv_have_the_page_where_there_is_one(run: Callable[..., int]) -> None:
    save("a.tif", 1, 2)
    page(3).save("b.png")
    assert run("a.tif", "b.png", "--out", "found", "--format", "coco") == 0
    images = json.loads(Path("found/coco.json").read_text())["images"]
    assert [(one["file_name"], one.get("page")) for one in images] == [
        ("a.tif", 1),
        ("a.tif", 2),
        ("b.png", None),
    ]
    assert run("a.tif", "b.png", "--out", "table", "--format", "csv") == 0
    head, *rows = Path("table/results.csv").read_text().splitlines()
    assert head.startswith("image,page,width,height,score,x1")
    assert [row.split(",")[:3] for row in rows] == [
        ["a.tif", "1", "256"],
        *[["a.tif", "2", "256"]] * 2,
        *[["b.png", "", "256"]] * 3,
    ]


@pytest.mark.parametrize("form", [form for form in detect.FORMATS if form not in LABELS])
def test_resume_goes_on_at_the_page_that_is_missing(run: Callable[..., int], form: str) -> None:
    options = ["--out", "found", "--format", form, "--resume"]
    save("a.tif", 1, 1, 1)
    assert run("a.tif", *options, "--pages", "1,3") == 0
    save("a.tif", 3, 3, 3)
    assert run("a.tif", *options) == 0
    if form in ("json", "icdar"):
        files = sorted(Path("found").iterdir())
        texts = [file.read_text() for file in files]
        found = [text.count("score") + text.count("\n") * (form == "icdar") for text in texts]
        assert found == [1, 3, 1]
    else:
        assert counts(Path("found/results.jsonl").read_text()) == [(1, 1), (3, 1), (2, 3)]


def test_a_list_of_inputs(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate(("a b.png", "caf\u00e9.png", "[c].png", "@d.png")):
        page(number).save(name)
    text = "a b.png\r\n\r\ncaf\u00e9.png\n[c].png\na b.png\nnone.png"
    Path("list.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert run("@list.txt", "@d.png", "@none.txt") == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["image"] for line in out.splitlines()] == [
        *("a b.png", "caf\u00e9.png", "[c].png", "@d.png")
    ]
    *errors, summary = err.splitlines()
    assert errors == [
        "craftlite: none.txt: the list cannot be read (No such file or directory)",
        "craftlite: none.png: there is no such file",
    ]
    assert summary.startswith("6 pictures, 2 failed, ")
    Path("empty.txt").write_text("\n \n")
    assert run("@empty.txt") == 1
    assert capsys.readouterr().err == "craftlite: empty.txt: the list is empty\n"


def test_what_is_not_read_in_a_folder_is_counted_once_by_kind(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mixed/sub").mkdir(parents=True)
    page(1).save("mixed/a.png")
    for name in ("b.TXT", "sub/c.txt", "sub/.hidden", "d.mp3", "sub/README"):
        Path("mixed", name).touch()
    assert run("mixed", "mixed/**/*", "mixed/a.png") == 0
    out, err = capsys.readouterr()
    assert counts(out) == [(None, 1)]
    assert err == "skipped: 2 .txt, 1 without a suffix, 1 .mp3\n"
    assert run("mixed/*.mp3") == 1
    assert "skipped: 1 .mp3" in capsys.readouterr().err


@pytest.mark.parametrize("form", [form for form in detect.FORMATS if form not in LABELS])
def test_results_are_neither_emptied_nor_replaced_unasked(
    run: Callable[..., int], form: str
) -> None:
    save("a.tif", 1, 1)
    page(1).save("b.png")
    options = ["--out", "found", "--format", form]
    assert run("a.tif", "b.png", *options) == 0
    before = {path: path.read_bytes() for path in Path("found").iterdir()}
    save("a.tif", 3, 3)
    page(3).save("b.png")
    for inputs in (["a.tif"], ["b.png"], ["b.png", "a.tif"]):
        with pytest.raises(ConfigError, match=r"--resume to keep .* or --overwrite to replace"):
            run(*inputs, *options)
    with pytest.raises(ConfigError, match="choose one"):
        run("a.tif", *options, "--resume", "--overwrite")
    assert {path: path.read_bytes() for path in Path("found").iterdir()} == before
    assert run("a.tif", "b.png", *options, "--overwrite") == 0
    after = {path: path.read_bytes() for path in Path("found").iterdir()}
    assert after.keys() == before.keys()
    assert all(after[path] != before[path] for path in before)


def test_a_page_that_has_a_result_is_not_replaced_unasked(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    save("a.tif", 1, 1, 1)
    assert run("a.tif", "--out", "found", "--pages", "2") == 0
    save("a.tif", 3, 3, 3)
    assert run("a.tif", "--out", "found") == 1
    assert "a.tif, page 2: already has a result; add --resume" in capsys.readouterr().err
    found = [json.loads(path.read_text()) for path in sorted(Path("found").iterdir())]
    assert [len(entry["words"]) for entry in found] == [3, 1, 3]


@pytest.mark.parametrize(("form", "name"), [("coco", "coco.json"), ("paddleocr", "Label.txt")])
def test_files_of_others_are_not_replaced_unasked(
    run: Callable[..., int], form: str, name: str
) -> None:
    page(1).save("a.png")
    Path("found").mkdir()
    theirs = Path("found", name)
    theirs.write_text("ground truth")
    for more in ([], ["--resume"]):
        with pytest.raises(ConfigError, match="already exists; add --overwrite"):
            run("a.png", "--out", "found", "--format", form, *more)
    assert theirs.read_text() == "ground truth"
    assert not Path("found/results.jsonl").exists()


def test_what_keeps_a_run_from_beginning_costs_no_results(network: Path, tmp_path: Path) -> None:
    journal = tmp_path / "results.jsonl"
    journal.write_text("earlier results")
    page(1).save(tmp_path / "a.png")
    for options in (
        ["--weights", "none-such"],
        ["--thresholds", "none", "--weights", str(network)],
    ):
        words = [str(tmp_path / "a.png"), "--out", str(tmp_path), "--format", "csv", "--overwrite"]
        with pytest.raises(CraftliteError, match="none"):
            detect.run(detect.parser().parse_args([*words, *options]))
    assert journal.read_text() == "earlier results"


@pytest.mark.parametrize("more", [[], ["--resume"]])
@pytest.mark.parametrize("form", ["jsonl", "coco", "csv"])
def test_a_run_without_results_is_in_nobodys_way(
    run: Callable[..., int], form: str, more: list[str]
) -> None:
    options = ["--out", "found", "--format", form]
    assert run("a.png", *options) == 1
    page(2).save("a.png")
    assert run("a.png", *options, *more) == 0
    assert counts(Path("found/results.jsonl").read_text()) == [(None, 2)]


@pytest.mark.parametrize("pages", ["0", "2-1", "some", "1-2000"])
def test_pages_that_are_wrong_usage(run: Callable[..., int], pages: str) -> None:
    with pytest.raises(ConfigError, match="--pages"):
        run("a.tif", "--pages", pages)
