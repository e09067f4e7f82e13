"""`craftlite bench`: what it prints, and what it refuses."""

import json

import pytest

from craftlite.cli import main


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
        (["--size", "100x100"], "multiples of 32"),
    ],
)
def test_wrong_usage(options: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *options]) == 2
    assert says in capsys.readouterr().err
