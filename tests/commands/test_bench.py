"""`craftlite bench`: what it prints, and what it refuses."""

import json
from pathlib import Path

import pytest

from craftlite.cli import main


def test_backbones_are_timed_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plot = tmp_path / "backbones.png"
    options = ["--backbones", "rexnet-lite", "squeezenet1_1", "--size", "64x64", "--runs", "1"]
    assert main(["bench", *options, "--threads", "1", "--json", "--plot", str(plot)]) == 0
    rows = json.loads(capsys.readouterr().out)["backbones"]
    assert [row["name"] for row in rows] == ["rexnet-lite", "squeezenet1_1"]
    assert all(row["onnx_ms"] > 0 and row["torch_ms"] > 0 and row["macs"] > 0 for row in rows)
    assert rows[0]["parameters"] == 3_152_584
    assert plot.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("between", [[], ["--weights"]])
def test_weights_are_timed_in_their_order(
    between: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    weights = ["--weights", "craftlite-mobilenet-v2", *between, "craftlite-small"]
    assert main(["bench", *weights, "--size", "64x64", "--runs", "1", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in facts["networks"]] == weights[1:2] + weights[-1:]
    assert facts["networks"][0]["times_faster"] == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--weights", "rexnet-lite"], "rexnet-lite: neither an .onnx file nor one of craftlite"),
        (["--backbones", "rexnet-huge"], "rexnet-huge: neither of rexnet-lite"),
        (["--plot", "a.png"], "draws --backbones alone"),
        (["--size", "100x100"], "multiples of 32"),
    ],
)
def test_wrong_usage(options: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *options]) == 2
    assert says in capsys.readouterr().err
