"""The wheel: small, complete for `craftlite detect`, and clear about what it leaves out."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from craftlite import Detector
from craftlite.weights import catalogue, find_weights, folder

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "data" / "samples" / "images" / "plate.jpg"
MOST_BYTES = 12_000_000
RUN_BY_DETECT = ("craftlite-small", "craftlite-small-int8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    builder = pytest.importorskip("hatchling.builders.wheel")
    out = tmp_path_factory.mktemp("wheel")
    return Path(next(builder.WheelBuilder(str(ROOT)).build(directory=str(out))))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that has the wheel's content, and no clone around it."""
    target = tmp_path_factory.mktemp("target")
    with ZipFile(wheel) as file:
        file.extractall(target)
    return target


def run(installed: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "craftlite.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=installed,
        env=os.environ | {"PYTHONPATH": str(installed)},
    )


def test_the_wheel_holds_what_detect_runs_and_no_more_weights(wheel: Path) -> None:
    assert wheel.stat().st_size <= MOST_BYTES
    names = ZipFile(wheel).namelist()
    weights = {Path(name).name for name in names if name.startswith("craftlite/_weights/")}
    kept = {f"{name}{suffix}" for name in RUN_BY_DETECT for suffix in (".onnx", ".md")}
    assert weights == kept | {"catalogue.json", "backbones.json"}
    samples = {Path(name).name for name in names if name.startswith("craftlite/_samples/")}
    assert samples == {path.name for path in PICTURE.parent.iterdir()}
    code = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "craftlite").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert code <= set(names)
    assert all(name.startswith(("craftlite/", "craftlite-")) for name in names)


@pytest.mark.parametrize("name", RUN_BY_DETECT)
def test_the_wheel_finds_the_words_that_the_clone_finds(name: str, installed: Path) -> None:
    options = ["--weights", name, "--long-side", "640", "--format", "icdar", "--out", name]
    found = run(installed, "detect", PICTURE, *options)
    assert found.returncode == 0, found.stderr
    [lines] = (installed / name).glob("*.txt")
    assert (
        len(lines.read_text("utf-8").splitlines())
        == len(Detector(name, long_side=640)(PICTURE))
        > 0
    )


def test_training_from_weights_that_a_wheel_lacks_says_where_they_are(installed: Path) -> None:
    data, name = ROOT / "data" / "samples", "craftlite-small"
    options = ["--dataset", "quads", "--data", data, "--out", "out", "--init", name]
    refused = run(installed, "train", *options)
    assert refused.returncode == 2
    error = refused.stderr.splitlines()[-1]
    assert error.startswith("craftlite train: ") and f"{name}.safetensors" in error
    assert "weights/ folder of a clone" in error
    assert not (installed / "out").exists()


def test_weights_of_a_clone_keep_their_thresholds_wherever_they_lie(tmp_path: Path) -> None:
    entry = catalogue()["craftlite-small-synth"]
    assert entry.torch is not None
    copy = tmp_path / entry.torch.name
    copy.write_bytes(entry.torch.read_bytes())
    found = find_weights(copy)
    assert (found.thresholds, found.tuned) == (entry.thresholds, entry.tuned)
    copy.write_bytes((folder() / "rexnet-lite.safetensors").read_bytes())
    assert find_weights(copy).tuned is None
