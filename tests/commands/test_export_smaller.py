"""Exported files that are smaller find what the float32 file finds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from craftlite import Detector
from craftlite.cli import main
from craftlite.weights import find_weights

SAMPLES = Path(__file__).parents[2] / "data" / "samples" / "images"
SHIPPED = find_weights("craftlite-small")


def exported(out: Path, *options: str) -> Path:
    """The shipped weights, exported with options."""
    assert main(["export", "--weights", "craftlite-small", "--out", str(out), *options]) == 0
    return out


def region_difference(file: Path) -> float:
    """Mean difference between a file's region scores and the shipped file's, on a sample."""
    picture = min(SAMPLES.iterdir())
    one, other = (Detector(w, long_side=640).maps(picture).region for w in (file, SHIPPED.name))
    return float(np.abs(one - other).mean())


def test_half_precision_takes_half_the_bytes(tmp_path: Path) -> None:
    half = exported(tmp_path / "half.onnx", "--fp16")
    assert SHIPPED.onnx is not None
    assert half.stat().st_size < 0.55 * SHIPPED.onnx.stat().st_size
    assert region_difference(half) < 1e-3


def test_integers_take_a_third_of_the_bytes(tmp_path: Path) -> None:
    small = exported(tmp_path / "small.onnx", "--int8", "--calibrate", str(SAMPLES))
    assert SHIPPED.onnx is not None
    assert small.stat().st_size < 0.35 * SHIPPED.onnx.stat().st_size
    # It is 0.0050 where the first convolutions are in 8 bits too.
    assert 0 < region_difference(small) < 0.004


@pytest.mark.parametrize("options", [["--fp16"], ["--int8", "--calibrate", str(SAMPLES)]])
@pytest.mark.parametrize("most", [1_000_000, 7_400_000])
def test_where_files_cannot_grow_the_sentence_names_one(
    options: list[str], most: int, tmp_path: Path
) -> None:
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most})); "
    command = ["export", "--weights", SHIPPED.name, "--out", str(tmp_path / "out.onnx"), *options]
    done = subprocess.run(
        [sys.executable, "-c", f"{code}from craftlite.cli import main; exit(main({command}))"],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:  # the limit was large enough
        assert (tmp_path / "out.onnx").is_file() and most > 1_000_000
        return
    [line] = done.stderr.splitlines()
    assert line.startswith(f"craftlite export: {tmp_path}/") and "File too large" in line
    assert not (tmp_path / "out.onnx").exists()


def test_tuned_thresholds_go_along_and_are_never_overwritten(tmp_path: Path) -> None:
    out = exported(tmp_path / "plain.onnx")
    again = find_weights(out)
    assert (again.thresholds, again.long_side) == (SHIPPED.thresholds, SHIPPED.long_side)
    beside = tmp_path / "plain.json"
    own = json.loads(beside.read_text()) | {"long_side": 960}
    beside.write_text(json.dumps(own))
    exported(out)
    assert find_weights(out).long_side == 960


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--int8"], "add --calibrate"),
        (["--int8", "--fp16"], "choose one"),
        (["--fp16", "--calibrate", str(SAMPLES)], "only used with --int8"),
        (["--int8", "--calibrate", str(Path(__file__).parent)], "holds no picture"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    out = str(tmp_path / "x.onnx")
    assert main(["export", "--weights", "craftlite-small", "--out", out, *options]) == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
