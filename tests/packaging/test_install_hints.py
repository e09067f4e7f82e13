"""Hints of what to install are commands that pip understands where craftlite came from."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import craftlite
from craftlite.cli import EXTRAS, missing_package
from craftlite.install import install_hint
from craftlite.providers import PACKAGES

ROOT = Path(craftlite.__file__).parents[1]


def hint_of(site: Path, origin: object) -> str:
    """The hint of a copy of craftlite in a folder of packages, with pip's note of its origin."""
    (site / "craftlite").mkdir()
    for name in ("__init__.py", "install.py"):
        (site / "craftlite" / name).write_bytes((ROOT / "craftlite" / name).read_bytes())
    facts = site / "craftlite-0.1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: craftlite\nVersion: 0.1.0\n")
    if origin is not None:
        (facts / "direct_url.json").write_text(json.dumps(origin))
    program = "from craftlite.install import install_hint; print(install_hint('train'))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=site,
        env=os.environ | {"PYTHONPATH": str(site)},
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("origin", "what"),
    [
        (None, "'craftlite[train]'"),
        (
            {"url": "file:///dl/craftlite-0.1.0-py3-none-any.whl", "archive_info": {}},
            "'craftlite[train] @ file:///dl/craftlite-0.1.0-py3-none-any.whl'",
        ),
        (
            {"url": "file:///src/my%20craftlite", "dir_info": {}},
            "-e '/src/my craftlite[train]'",
        ),
        (
            {"url": "https://host.example/craftlite", "vcs_info": {"vcs": "git", "commit_id": "1"}},
            "'craftlite[train] @ git+https://host.example/craftlite'",
        ),
    ],
)
def test_an_extra_comes_from_where_craftlite_came_from(
    origin: object, what: str, tmp_path: Path
) -> None:
    assert hint_of(tmp_path, origin) == f"pip install {what}"


def test_in_a_clone_the_hint_names_the_clone() -> None:
    assert install_hint("report") == f"pip install -e '{ROOT}[report]'"


def test_every_extra_of_a_hint_exists() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for extra in {*EXTRAS.values(), "train", "gpu", "openvino"}:
        assert f"\n{extra} = [" in text


def test_who_lacks_torch_hears_of_its_small_build() -> None:
    hint = missing_package(ModuleNotFoundError(name="torch"))
    assert install_hint("train") in hint
    assert "CPU build" in hint and "docs/training.md" in hint
    to_run = missing_package(ModuleNotFoundError(name="torch"), "detect")
    assert install_hint("gpu") in to_run and "CPU build" in to_run
    assert "CPU build" not in missing_package(ModuleNotFoundError(name="onnx"))


def test_no_extra_brings_a_second_owner_of_the_module_onnxruntime() -> None:
    required = re.findall(r'"([\w-]+)[\[<>=]', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert {"onnxruntime", "openvino", "torch"} <= set(required)
    assert not {"opencv-python", "onnxruntime-openvino", *PACKAGES.values()} & set(required)
