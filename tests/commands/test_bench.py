"""`craftlite bench`: what it prints, and what it refuses."""

import json

import pytest

from craftlite.cli import main


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
