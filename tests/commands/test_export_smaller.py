"""Exported files that are smaller find what the float32 file finds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from craftlite import Detector
from craftlite.cli import main
from craftlite.export.contract import contract
from craftlite.runtime import METADATA, OnnxRuntime
from craftlite.weights import find_weights, settings_text, tuned_settings

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


def check_contract(file: Path) -> None:
    """A file's metadata are those of the shipped weights."""
    network = OnnxRuntime(file, "cpu")
    facts = json.loads(network.session.get_modelmeta().custom_metadata_map[METADATA])
    assert facts == contract(network.network, SHIPPED)


def test_half_precision_takes_half_the_bytes(tmp_path: Path) -> None:
    half = exported(tmp_path / "half.onnx", "--fp16")
    assert SHIPPED.onnx is not None
    assert half.stat().st_size < 0.55 * SHIPPED.onnx.stat().st_size
    assert region_difference(half) < 1e-3
    check_contract(half)
    beside = find_weights(half)
    assert SHIPPED.calibration is not None
    assert (beside.thresholds, beside.long_side) == (SHIPPED.thresholds, SHIPPED.long_side)
    assert beside.calibration == SHIPPED.calibration


def test_integers_take_a_third_of_the_bytes(tmp_path: Path) -> None:
    some = tmp_path / "some"
    some.mkdir()
    for path in sorted(SAMPLES.iterdir())[:3]:
        with Image.open(path) as picture:
            picture.reduce(4).save(some / path.name)  # of which --calibrate doubles the sides
    small = exported(tmp_path / "small.onnx", "--int8", "--calibrate", str(some))
    assert SHIPPED.onnx is not None
    assert small.stat().st_size < 0.35 * SHIPPED.onnx.stat().st_size
    # It is 0.0050 where the first convolutions are in 8 bits too.
    assert 0 < region_difference(small) < 0.004
    check_contract(small)


@pytest.mark.parametrize(
    "call", ["write_half(full, out)", "write_int8(full, out, [])"], ids=["half", "integers"]
)
def test_where_files_cannot_grow_the_sentence_names_one(call: str, tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    program = (
        "import resource, sys; from pathlib import Path; full, out = map(Path, sys.argv[1:]); "
    )
    program += "from craftlite.export.quantise import write_half, write_int8; "
    program += f"resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6)); {call}"
    done = subprocess.run(
        [sys.executable, "-c", program, str(SHIPPED.onnx), str(out)],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and f": {tmp_path}/" in last and "File too large" in last
    assert not out.exists()


def test_thresholds_that_are_there_stay(tmp_path: Path) -> None:
    settings = tuned_settings(SHIPPED.thresholds, 960, "on mine", None, {})
    (tmp_path / "plain.json").write_text(settings_text(settings))
    plain = exported(tmp_path / "plain.onnx")
    assert region_difference(plain) < 1e-4
    assert find_weights(plain).long_side == 960


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--int8"], "needs --calibrate DIR"),
        (["--int8", "--fp16"], "choose one"),
        (["--fp16", "--calibrate", str(SAMPLES)], "only be used with --int8"),
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
