"""Each arm leaves something out, and makes other pictures than the generator as it is."""

import json
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from tools.synth_arms import ARMS

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def made(arm: str, out: Path) -> list[bytes]:
    """The JPEG files of an arm, in a process of its own: an arm changes modules."""
    command = [sys.executable, "-m", "tools.synth_arms", arm, "--out", str(out)]
    command += ["--fonts", str(FONTS), "--seed", "3"]
    subprocess.run(
        [*command, "--count", "24", "--side", "96", "--workers", "1", "--typical-words", "90"],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    lines = (out / "words.jsonl").read_text("utf-8").splitlines()
    return [(out / json.loads(line)["image"]).read_bytes() for line in lines]


@pytest.mark.parametrize("arm", ["no-blur", "no-forms"])
def test_an_arm_changes_some_pictures(arm: str, tmp_path: Path) -> None:
    base, changed = made("base", tmp_path / "base"), made(arm, tmp_path / "arm")
    assert len(base) == len(changed) == 24
    assert base != changed


def test_every_arm_names_what_is_there() -> None:
    for changes in ARMS.values():
        for module, name, value in changes:
            assert type(getattr(module, name)) is type(value)
            assert getattr(module, name) != value
