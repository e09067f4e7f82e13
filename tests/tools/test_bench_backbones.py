"""Classifiers side by side: their costs, times and drawing."""

import json
from pathlib import Path

import pytest

from craftlite.errors import ConfigError
from tools.bench_backbones import main


def test_backbones_are_timed_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plot = tmp_path / "backbones.png"
    options = ["rexnet-lite", "squeezenet1_1", "--size", "64x64", "--runs", "1"]
    assert main([*options, "--threads", "1", "--json", "--plot", str(plot)]) == 0
    rows = json.loads(capsys.readouterr().out)["backbones"]
    assert [row["name"] for row in rows] == ["rexnet-lite", "squeezenet1_1"]
    assert all(row["onnx_ms"] > 0 and row["torch_ms"] > 0 and row["macs"] > 0 for row in rows)
    assert rows[0]["parameters"] == 3_152_584
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_name_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError, match="rexnet-huge: neither one of rexnet-lite"):
        main(["rexnet-huge"])
