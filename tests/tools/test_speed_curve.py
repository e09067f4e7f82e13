"""The curve of H-mean against milliseconds: a point for each of the weights and long sides."""

import csv
from pathlib import Path

from tools.speed_curve import main


def test_every_setting_gets_a_line_and_a_point(quads: Path, tmp_path: Path) -> None:
    out, plot = tmp_path / "speed.csv", tmp_path / "speed.png"
    options = ["--dataset", "quads", "--split", "test", "--long-sides", "128", "256"]
    files = ["--out", str(out), "--plot", str(plot)]
    assert main(["--data", str(quads), *options, *files]) == 0
    with out.open() as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["weights"], row["long_side"]) for row in rows] == [
        (weights, side)
        for weights in ("craftlite-small", "craftlite-small-int8")
        for side in ("128", "256")
    ]
    for row in rows:
        assert 0 <= float(row["low"]) <= float(row["hmean"]) <= float(row["high"]) <= 1
        assert float(row["milliseconds"]) > 0
    assert float(rows[1]["hmean"]) > 0  # the words are large and plain
    assert plot.read_bytes().startswith(b"\x89PNG")
