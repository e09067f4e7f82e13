"""The command from its arguments to its files, with a real network that takes bright for text."""

import io
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from craftlite.commands import detect
from craftlite.commands.shared.options import open_detector
from craftlite.errors import ConfigError, WeightsError
from craftlite.formats.files import LABELS

# Left, top, right, bottom of the white bars that stand for words.
BARS = [(40, 30, 160, 60), (60, 120, 200, 150)]
CODE = "import sys; from craftlite.commands import detect as d; d.run(d.parser().parse_args())"
COMMAND = [sys.executable, "-c", CODE]


def picture(bars: list[tuple[int, int, int, int]] = BARS) -> Image.Image:
    pixels = np.zeros((192, 256, 3), np.uint8)
    for left, top, right, bottom in bars:
        pixels[top:bottom, left:right] = 255
    return Image.fromarray(pixels)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for name in ("img_1.jpg", "img_2.png", "sub/img_1.png"):
        picture().save(folder / name)
    return folder


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_words_go_to_stdout_a_picture_a_line(
    run: Callable[..., int], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("photos/img_2.png", "photos/sub") == 0
    out, err = capsys.readouterr()
    first, second = lines(out)
    assert err.startswith("2 pictures, ") and err.count("\n") == 1
    assert (first["image"], second["image"]) == ("photos/img_2.png", "photos/sub/img_1.png")
    assert (first["width"], first["height"]) == (256, 192)
    assert len(first["words"]) == len(BARS)
    for word, (left, top, right, bottom) in zip(first["words"], BARS, strict=True):
        x, y = np.mean(word["quad"], axis=0)
        assert abs(x - (left + right) / 2) < 2 and abs(y - (top + bottom) / 2) < 2
        assert word["score"] > 0.9
        assert word["polygon"] == word["quad"]


def test_characters_on_request(
    run: Callable[..., int], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("photos/img_2.png", "--level", "char") == 0
    (entry,) = lines(capsys.readouterr().out)
    assert all(np.shape(word["characters"])[1:] == (4, 2) for word in entry["words"])


def two_lines() -> Image.Image:
    """Two words side by side, and one below them."""
    return picture([(30, 30, 90, 60), (110, 30, 190, 60), (30, 120, 130, 150)])


def test_lines_on_request(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two_lines().save(tmp_path / "a.png")
    assert run("a.png") == run("a.png", "--level", "line") == 0
    plain, entry = lines(capsys.readouterr().out)
    assert "lines" not in plain and plain["words"] == entry["words"]
    first, second = entry["lines"]
    middles = [np.mean(word["quad"], axis=0) for word in entry["words"]]
    assert [word["order"] for word in entry["words"]] == [0, 1, 2] or middles[0][0] > 100
    assert [middles[index][0] < 100 for index in first["words"]] == [True, False]
    assert len(second["words"]) == 1 and not second["vertical"] and abs(second["angle"]) < 1
    left, top = np.min(first["polygon"], axis=0)
    right, bottom = np.max(first["polygon"], axis=0)
    assert left < 32 and right > 188 and 20 < top < bottom < 70


@pytest.mark.parametrize("form", ["icdar", "coco", "csv", *LABELS])
def test_other_formats_hold_lines_in_place_of_words(
    run: Callable[..., int], tmp_path: Path, form: str
) -> None:
    two_lines().save(tmp_path / "a.png")
    counts = []
    for level in ("word", "line"):
        options = ["--level", level, "--out", level, "--format", form, "--overlay"]
        assert run("a.png", *options) == 0
        counts.append(_regions_in(tmp_path / level, form))
    assert counts == [3, 2]
    overlays = [
        np.asarray(Image.open(tmp_path / f"{level}/overlay/a.jpg")) for level in ("word", "line")
    ]
    between = [overlay[45, 100].astype(int) for overlay in overlays]
    assert abs(between[0] - between[1]).max() > 10  # the line's outline is filled between its words


def _regions_in(folder: Path, form: str) -> int:
    file = {"icdar": "res_a.txt", "coco": "coco.json", "csv": "results.csv", "labelme": "a.json"}
    path = folder / (file | {"labelstudio": "labelstudio.json", "paddleocr": "Label.txt"})[form]
    text = path.read_text()
    if form == "icdar":
        return len(text.splitlines())
    if form == "csv":
        return len(text.splitlines()) - 1
    key = {"coco": "area", "labelme": "shape_type", "paddleocr": "points"}.get(
        form, "polygonlabels"
    )
    return text.count(f'"{key}": [' if form == "labelstudio" else f'"{key}"')


def test_thresholds_are_passed_on(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray((np.asarray(picture()) * 0.6).astype(np.uint8)).save(tmp_path / "dim.png")
    assert run("dim.png", "--text-threshold", "0.7") == 0
    assert run("dim.png", "--text-threshold", "0.5", "--low-text", "0.3") == 0
    strict, lax = lines(capsys.readouterr().out)
    assert (len(strict["words"]), len(lax["words"])) == (0, 2)


def test_words_of_a_lower_score_are_left_out(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.array(picture())
    pixels[30:60, 40:160] = 200  # the first bar is dimmer
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert run("a.png") == run("a.png", "--min-score", "0.9") == 0
    every, sure = (line["words"] for line in lines(capsys.readouterr().out))
    assert [word["score"] > 0.9 for word in every] == [False, True]
    assert sure == [every[1] | {"order": 0}]  # among the words that are left


def test_bad_inputs_are_named_and_the_rest_goes_on(
    run: Callable[..., int], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "bad.jpg").write_text("no picture")
    (photos / "empty").mkdir()
    assert run("photos", "missing.jpg", "photos/empty", "*.gif") == 1
    out, err = capsys.readouterr()
    assert len(lines(out)) == 3
    *errors, summary = err.splitlines()
    assert len(errors) == 4
    assert summary.startswith("7 pictures, 4 failed, ")
    for name in ("photos/bad.jpg: ", "missing.jpg: ", "photos/empty: ", "*.gif: "):
        assert err.count(name) == 1
    assert "Traceback" not in err


def test_nothing_to_do_is_a_failure(run: Callable[..., int], tmp_path: Path) -> None:
    assert run(".") == 1


def test_a_file_a_picture_in_mirrored_folders(run: Callable[..., int], photos: Path) -> None:
    assert run("photos", "--out", "found") == 0
    assert run("photos", "--out", "found", "--format", "icdar") == 0
    found = photos.parent / "found"
    assert {p.relative_to(found).as_posix() for p in found.rglob("*.*")} == {
        "img_1.json",
        "img_2.json",
        "sub/img_1.json",
        "res_img_1.txt",
        "res_img_2.txt",
        "sub/res_img_1.txt",
    }
    assert len(json.loads((found / "img_2.json").read_text())["words"]) == 2
    rows = (found / "res_img_2.txt").read_text().splitlines()
    assert [len(row.split(",")) for row in rows] == [8, 8]


def test_parquet_holds_what_json_lines_hold(run: Callable[..., int], tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    two_lines().save(tmp_path / "a.png")
    two_lines().save(
        tmp_path / "b.tif", save_all=True, append_images=[picture()], compression="raw"
    )
    for level in ("char", "line"):
        options = ["--level", level, "--polygons", "--format", "parquet", "--out", level]
        assert run("a.png", "b.tif", *options) == 0
        rows = parquet.read_table(tmp_path / level / "results.parquet").to_pylist()
        entries = lines((tmp_path / level / "results.jsonl").read_text())
        assert [_without_nulls(row) for row in rows] == entries
        assert [row["page"] for row in rows] == [None, 1, 2]


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


def test_parquet_without_pyarrow_ends_before_the_first_picture(network: Path, photos: Path) -> None:
    program = (
        "import sys; sys.modules['pyarrow'] = None; from craftlite.cli import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    options = ["--weights", network, "--format", "parquet", "--out", "found"]
    command = [sys.executable, "-c", program, "detect", photos, *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=photos.parent)
    assert done.returncode == 2
    assert "needs pyarrow, which comes with: pip install" in done.stderr
    assert "[parquet]" in done.stderr
    assert not any((photos.parent / "found").iterdir())


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("jsonl", "results.jsonl"),
        ("coco", "coco.json"),
        ("csv", "results.csv"),
        ("labelstudio", "labelstudio.json"),
        ("paddleocr", "Label.txt"),
    ],
)
def test_a_file_a_run(run: Callable[..., int], photos: Path, form: str, name: str) -> None:
    assert run("photos", "--out", "found", "--format", form) == 0
    text = (photos.parent / "found" / name).read_text()
    assert text.count("img_1.png") in (1, 2) and "img_2.png" in text


def test_drawings_are_pictures_of_the_same_size(run: Callable[..., int], photos: Path) -> None:
    for _ in range(2):  # the second run must not take the drawings for pictures
        assert run("photos", "--out", "photos", "--overlay", "--heatmaps", "--overwrite") == 0
    drawn = sorted(
        p.relative_to(photos).as_posix()
        for d in ("overlay", "heatmaps")
        for p in photos.rglob(f"{d}/**/*.jpg")
    )
    assert len(drawn) == 9 and "heatmaps/sub/img_1.region.jpg" in drawn
    assert {Image.open(photos / name).size for name in drawn} == {(256, 192)}
    assert len(list(photos.rglob("*.json"))) == 3


@pytest.mark.parametrize("form", [f for f in detect.FORMATS if f != "parquet"])
def test_resume_leaves_alone_what_is_done(
    run: Callable[..., int], photos: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--out", "found", "--format", form, "--resume"]
    assert run("photos/img_2.png", *options) == 0
    picture([]).save(photos / "img_2.png")
    assert run("photos/img_2.png", "photos/img_1.jpg", *options) == 0
    assert "1 picture, 1 skipped, " in capsys.readouterr().err
    assert run("photos/img_2.png", "photos/img_1.jpg", *options) == 0
    assert capsys.readouterr().err.endswith("0 pictures, 2 skipped\n")
    found = photos.parent / "found"
    text = "".join(p.read_text() for p in sorted(found.iterdir()) if p.name != "results.jsonl")
    if form == "jsonl":
        text = (found / "results.jsonl").read_text()
    words = {"icdar": text.count("\n"), "csv": text.count("\n") - 1}
    a_word = '"points"' if form in LABELS else '"score"'
    assert words.get(form, text.count(a_word)) == 4


def test_stdin(network: Path) -> None:
    buffer = io.BytesIO()
    picture().save(buffer, "PNG")
    done = subprocess.run(
        [*COMMAND, "-", "--weights", network], input=buffer.getvalue(), capture_output=True
    )
    assert done.returncode == 0
    (entry,) = lines(done.stdout.decode())
    assert entry["image"] == "-" and len(entry["words"]) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("form", ["json", "coco"])
def test_an_interrupted_run_keeps_what_it_has(network: Path, tmp_path: Path, form: str) -> None:
    for i in range(400):
        picture().save(tmp_path / f"{i:03}.png")
    out = tmp_path / "found"
    command = [*COMMAND, tmp_path, "--out", out, "--format", form, "--weights", network]
    # A shell in the background has its children ignore the signal; at a prompt they do not.
    as_at_a_prompt = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=as_at_a_prompt)
    begun = out / ("003.json" if form == "json" else "results.jsonl")
    while process.poll() is None and not (begun.exists() and begun.stat().st_size):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.wait(30)
    files = sorted(out.iterdir())
    assert not [file for file in files if file.suffix == ".tmp"]
    for file in files:
        if file.suffix == ".json":
            json.loads(file.read_text())
    if form == "coco":
        images = json.loads((out / "coco.json").read_text())["images"]
        assert 0 < len(images) < 400
    else:
        assert 3 < len(files) < 400


@pytest.mark.parametrize(
    "words",
    [
        "a.jpg --overlay",
        "a.jpg --heatmaps",
        "a.jpg --resume",
        "a.jpg --format icdar",
        "a.jpg --out found --format csv --level char",
        "a.jpg --out taken",
        "a.jpg --out taken/below",
    ],
)
def test_options_that_contradict_each_other(
    run: Callable[..., int], tmp_path: Path, words: str
) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(ConfigError, match="--"):
        run(*words.split())


def test_fast_scales_pictures_to_three_quarters(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    options = [str(tmp_path / "a.png"), "--threads", "1"]
    whole, fast, own = (
        open_detector(detect.parser().parse_args([*options, *more]))
        for more in ([], ["--fast"], ["--fast", "--weights", "craftlite-small"])
    )
    assert (whole.long_side, fast.long_side, own.long_side) == (1920, 1440, 1440)
    assert fast.thresholds == whole.thresholds
    with pytest.raises(ConfigError, match="choose one"):
        open_detector(detect.parser().parse_args([*options, "--fast", "--long-side", "960"]))


@pytest.mark.parametrize(
    "words",
    [
        "",
        "a.jpg --text-threshold 1.1",
        "a.jpg --min-score 1.1",
        "a.jpg --low-text -0.1",
        "a.jpg --link-threshold much",
        "a.jpg --threads 0",
        "a.jpg --long-side 0",
        "a.jpg --format xml",
        "a.jpg --level page",
        "a.jpg --frobnicate",
    ],
)
def test_wrong_usage(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        detect.parser().parse_args(words.split())
    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_unknown_weights(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    args = detect.parser().parse_args([str(tmp_path / "a.png"), "--weights", "no-such-network"])
    with pytest.raises(WeightsError, match="no-such-network"):
        detect.run(args)


def test_other_networks_are_refused_on_request(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("http://me:secret@127.0.0.1:9/a.jpg", "--public-only") == 1
    said = capsys.readouterr().err
    assert said == (
        "craftlite: http://127.0.0.1:9/a.jpg: 127.0.0.1 is not an address of the public internet\n"
    )


def test_long_pictures_are_run_as_tiles_which_is_said_once(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tall = Image.new("RGB", (160, 4800))
    bars = [(30, top, 130, top + 24) for top in range(20, 4780, 60)]
    for bar in bars:
        tall.paste("white", bar)
    (tmp_path / "tall").mkdir()
    for name in ("a.png", "b.png"):
        tall.save(tmp_path / "tall" / name)
    assert run("tall") == 0
    out, err = capsys.readouterr()
    assert [len(entry["words"]) for entry in lines(out)] == [len(bars), len(bars)]
    # Two threads work on the two pictures, and either may come first.
    assert err.count("tiles") == 2
    assert re.match(r"tall/[ab]\.png: 160x4800 pixels are run as 6 tiles", err)
    assert run("tall/a.png", "--tiles", "off") == 0
    out, err = capsys.readouterr()
    assert len(lines(out)[0]["words"]) < len(bars)
    assert err == ""


def test_tiles_are_auto_off_or_a_size(run: Callable[..., int], photos: Path) -> None:
    for tiles in ("on", "63", "-1"):
        with pytest.raises(ConfigError, match="must be auto, off or at least 64 pixels"):
            run("photos", "--tiles", tiles)
    assert run("photos/img_2.png", "--tiles", "64") == 0
