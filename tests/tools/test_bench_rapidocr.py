"""The comparison with RapidOCR: a row for each detector, where that package is installed."""

import shutil
from pathlib import Path

import pytest

from tools.bench_rapidocr import OURS, SAMPLES, main


def test_every_detector_gets_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rapidocr")
    shutil.copy(SAMPLES / "plate.jpg", tmp_path)
    main(["--data", str(tmp_path), "--runs", "1"])
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if " x " in line]
    assert [row[1].strip() for row in rows] == ["RapidOCR", *(f"{n}, {s}" for n, s in OURS)]
    assert rows[0][5].strip() == "x 1.00"
    assert all(float(row[2]) > 0 for row in rows)
