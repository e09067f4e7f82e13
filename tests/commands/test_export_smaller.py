"""Exported files that are smaller find what the float32 file finds."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from craftlite import Detector
from craftlite.cli import main
from craftlite.export.contract import contract
from craftlite.runtime import METADATA, OnnxRuntime
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


def check_settings(file: Path) -> None:
    """What is inside and beside a file is what the shipped weights have."""
    network = OnnxRuntime(file, "cpu")
    facts = json.loads(network.session.get_modelmeta().custom_metadata_map[METADATA])
    assert facts == contract(network.network, SHIPPED)
    assert SHIPPED.calibration is not None
    assert find_weights(file).calibration == SHIPPED.calibration


def test_half_precision_takes_half_the_bytes(tmp_path: Path) -> None:
    half = exported(tmp_path / "half.onnx", "--fp16")
    assert SHIPPED.onnx is not None
    assert half.stat().st_size < 0.55 * SHIPPED.onnx.stat().st_size
    assert region_difference(half) < 1e-3
    check_settings(half)


def test_integers_take_a_third_of_the_bytes(tmp_path: Path) -> None:
    some = tmp_path / "some"
    some.mkdir()
    for path in sorted(SAMPLES.iterdir())[:3]:
        shutil.copy(path, some)
    small = exported(tmp_path / "small.onnx", "--int8", "--calibrate", str(some))
    assert SHIPPED.onnx is not None
    assert small.stat().st_size < 0.35 * SHIPPED.onnx.stat().st_size
    # It is 0.0050 where the first convolutions are in 8 bits too.
    assert 0 < region_difference(small) < 0.004
    check_settings(small)


@pytest.mark.parametrize(
    "code",
    [
        "from craftlite.cli import main; "
        "sys.exit(main(['export', '--weights', 'craftlite-small', '--fp16', '--out', out]))",
        "from craftlite.export.quantise import write_int8; write_int8(Path(full), Path(out), [])",
    ],
    ids=["half", "integers"],
)
def test_where_files_cannot_grow_the_sentence_names_one(code: str, tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    limit = "import resource, sys; from pathlib import Path; full, out = sys.argv[1:]; "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6)); "
    done = subprocess.run(
        [sys.executable, "-c", limit + code, str(SHIPPED.onnx), str(out)],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and f": {tmp_path}/" in last and "File too large" in last
    assert not out.exists()


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
