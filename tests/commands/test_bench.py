"""`craftlite bench`: what it prints, and what it refuses."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from craftlite.cli import main
from craftlite.weights import catalogue, folder

SAMPLES = folder().parent / "data" / "samples" / "images"


@pytest.mark.parametrize(
    "weights",
    [
        ["--weights", "craft-vgg16", "craftlite-small"],
        ["--weights", "craftlite-small-int8", "--weights", "craftlite-small"],
    ],
    ids=["a network's name", "files"],
)
def test_weights_are_timed_in_their_order(
    weights: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *weights, "--size", "64x64", "--runs", "1", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in facts["networks"]] == [weights[1], weights[-1]]
    assert [row["engine"] for row in facts["networks"]] == ["onnxruntime", "onnxruntime"]
    assert facts["networks"][0]["times_faster"] == 1


def test_whole_detection_is_timed_beside_the_networks(capsys: pytest.CaptureFixture[str]) -> None:
    weights = ["--weights", "craft-vgg16", "craftlite-small-int8"]
    assert main(["bench", *weights, "--size", "64x64", "--runs", "1"]) == 0
    table = capsys.readouterr().out.split("from file to words")[1].splitlines()
    rows = {line.split("  ")[0]: line.split() for line in table}
    hmean = f"{catalogue()['craftlite-small-int8'].hmean:.1%}"
    assert rows["craftlite-small-int8"][-2:] == ["1920", hmean]
    assert "craft-vgg16" not in rows  # its weights are random
    assert ("RapidOCR's detector" in rows) == (find_spec("rapidocr") is not None)


def test_pictures_and_long_sides_can_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = [shutil.copy(SAMPLES / name, tmp_path) for name in ("plate.jpg", "badge.jpg")]
    options = ["--weights", "craftlite-small-int8", "--size", "64x64", "--runs", "1", "--json"]
    sides = ["--long-sides", "320", "1920"]
    assert main(["bench", *options, *sides, "--pictures", *map(str, pictures)]) == 0
    facts = json.loads(capsys.readouterr().out)
    ours = [row for row in facts["detection"] if row["name"] == "craftlite-small-int8"]
    assert [row["long_side"] for row in ours] == [320, 1920]
    assert [row["hmean"] is None for row in ours] == [True, False]
    assert facts["pictures"] == 2
    assert main(["bench", *options, "--pictures", str(tmp_path / "no.jpg")]) == 2
    assert "no.jpg: no such file" in capsys.readouterr().err


def test_engines_are_timed_on_the_same_weights(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("openvino")
    pytest.importorskip("torch")
    weights = ["craftlite-small", "craftlite-small-int8"]
    options = ["--engines", "--size", "64x64", "--runs", "1", "--json"]
    assert main(["bench", "--weights", *weights, *options]) == 0
    printed = capsys.readouterr()
    networks = json.loads(printed.out)["networks"]
    # openvino-bf16 is there where the CPU can do it.
    rows = [(r["name"], r["engine"]) for r in networks if r["engine"] != "openvino-bf16"]
    assert rows == [
        *(("craftlite-small", engine) for engine in ("onnxruntime", "openvino", "torch")),
        *(("craftlite-small-int8", engine) for engine in ("onnxruntime", "openvino")),
    ]
    assert "left out: craftlite-small-int8: cannot be run by torch" in printed.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--weights", "rexnet-lite"], "rexnet-lite: neither an .onnx file nor one of craftlite"),
        (["--size", "100x100"], "multiples of 32"),
        (["--weights", "craftlite-small-int8", "--engines", "torch"], "cannot be run by torch"),
    ],
)
def test_wrong_usage(options: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *options]) == 2
    assert says in capsys.readouterr().err
