"""The snippets of README and docs run, or say why not, and all of their commands parse.

docs/CONTRIBUTING.md has the rule. Pages of experiments record what was run at their own commit.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import pytest

from craftlite.cli import parse_command

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(ROOT.glob("*/README.md")),
]
FENCE = re.compile(r"(?:<!-- not run: ([^\n]+) -->\n)?```(bash|python)\n(.*?)```", re.DOTALL)
# A training that is run takes two steps of tiny crops, whatever its snippet says.
SHORT = "--steps 2 --warmup 1 --freeze-steps 0 --pseudo-every 0 --batch 2 --crop 64 --workers 0"
SHORT += " --threads 1 --validate-long-side 320 --tune-pictures 0"


class Snippet(NamedTuple):
    """A fenced block of a page, and why it is not run, or None."""

    place: str
    language: str
    text: str
    reason: str | None


def snippets() -> Iterator[Snippet]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in FENCE.finditer(text):
            line = text.count("\n", 0, found.start(3))
            reason, language, content = found.groups()
            yield Snippet(f"{page.relative_to(ROOT)}:{line}", language, content, reason)


ALL = list(snippets())


def programs() -> Iterator[Snippet]:
    """What is run: each shell snippet, and the Python snippets of a page one after another."""
    pages: dict[str, list[Snippet]] = {}
    for one in ALL:
        if one.reason is None and one.language == "bash":
            yield one
        elif one.reason is None:
            pages.setdefault(one.place.partition(":")[0], []).append(one)
    for page, parts in pages.items():
        yield Snippet(page, "python", "\n".join(part.text for part in parts), None)


RUN = list(programs())
SHELL = [one for one in ALL if one.language == "bash"]


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command in a shell snippet, without comments."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while "&&" in words:
            end = words.index("&&")
            yield words[:end]
            words = words[end + 1 :]
        yield words


def craftlite_arguments(words: list[str]) -> list[str]:
    """What `craftlite` is given in a command, by torchrun too; [] where it does not run."""
    for start, count in ((["craftlite"], 1), (["-m", "craftlite.cli"], 2)):
        for place in range(len(words)):
            if words[place : place + count] == start and (place == 0 or "-m" in words):
                rest = words[place + count :]
                return rest[: rest.index(">")] if ">" in rest else rest
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where snippets run: pictures, small stand-ins for datasets, weights, and the programs."""
    samples = ROOT / "data" / "samples"
    icdar15 = tmp_path / "data" / "icdar15"
    for name in ("street.jpg", "plate.jpg", "hall.jpg", "receipt.jpg"):
        for copy in ("my-pictures", "my-data/images", "data/samples/images", "photographs"):
            _copy(samples / "images" / name, tmp_path / copy / name)
        truth = f"gt_{Path(name).stem}.txt"
        _copy(samples / "gt" / truth, tmp_path / "data/samples/gt" / truth)
    for number, stem in {1: "street", 2: "hall", 901: "plate"}.items():
        picture = icdar15 / "ch4_training_images" / f"img_{number}.jpg"
        truths = icdar15 / "ch4_training_localization_transcription_gt"
        _copy(samples / "images" / f"{stem}.jpg", picture)
        _copy(samples / "gt" / f"gt_{stem}.txt", truths / f"gt_img_{number}.txt")
    (tmp_path / "DIR").mkdir()
    quads = re.findall(r"^(?:\d+,){7}\d+", (samples / "gt/gt_plate.txt").read_text(), re.MULTILINE)
    test = icdar15 / "Challenge4_Test_Task1_GT" / "gt_img_1.txt"
    _copy(samples / "gt/gt_plate.txt", test)
    with ZipFile(tmp_path / "submission.zip", "w") as submission:
        submission.writestr("res_img_1.txt", "\n".join(quads))
    (tmp_path / "DIR/res_img_901.txt").write_text("\n".join(quads), encoding="utf-8")
    for name in ("photo.jpg", "page.jpg", "image.jpg"):
        _copy(samples / "images" / "street.jpg", tmp_path / name)
    _copy(samples / "images" / "receipt.jpg", tmp_path / "receipt.jpg")
    (tmp_path / "weights").symlink_to(ROOT / "weights")
    _copy(ROOT / "weights/craftlite-small.safetensors", tmp_path / "runs/real/best.safetensors")
    for name in ("a.onnx", "b.onnx"):
        _copy(ROOT / "weights/craftlite-small-int8.onnx", tmp_path / name)
    # What pip would install is there already.
    programs = {"python": f'{sys.executable} "$@"', "pip": "true"}
    programs["craftlite"] = f'{sys.executable} -m craftlite.cli "$@"'
    (tmp_path / "bin").mkdir()
    for name, program in programs.items():
        short = f'[ "$1" = train ] && set -- "$@" {SHORT}\n' if name == "craftlite" else ""
        file = tmp_path / "bin" / name
        file.write_text(f"#!/bin/sh\n{short}exec {program}\n", encoding="utf-8")
        file.chmod(0o755)
    return tmp_path


def _copy(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, to)


@pytest.mark.slow
@pytest.mark.parametrize("snippet", RUN, ids=[one.place for one in RUN])
def test_a_snippet_runs(snippet: Snippet, folder: Path) -> None:
    if "reading" in snippet.text or "craftlite read" in snippet.text:
        pytest.importorskip("rapidocr")
    program = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*program[snippet.language], snippet.text],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("snippet", SHELL, ids=[one.place for one in SHELL])
def test_the_commands_of_a_snippet_parse(snippet: Snippet) -> None:
    for words in commands(snippet.text):
        arguments = craftlite_arguments(words)
        if arguments:
            names = parse_command(arguments)
            module = import_module(".".join(("craftlite.commands", *names)))
            module.parser().parse_args(arguments[len(names) :])
        for tool in re.findall(r"python(?: -m)? (tools[./]\w+)", " ".join(words)):
            assert find_spec(tool.replace("/", "."))


def test_the_extras_that_pages_name_exist() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    texts = [page.read_text("utf-8") for page in PAGES]
    found = [re.findall(r"pip install (?:-e )?'\.\[([\w,]+)\]'", text) for text in texts]
    named = {extra for lists in found for one in lists for extra in one.split(",")}
    assert {"train", "demo"} <= named
    assert all(f"\n{extra} = [" in project for extra in named)


def test_every_mark_has_a_reason_and_the_tests_that_it_names_exist() -> None:
    assert {one.language for one in RUN} == {"bash", "python"}
    for reason in (one.reason for one in ALL if one.reason is not None):
        assert reason.strip()
        assert all(
            (ROOT / place).exists() for place in re.findall(r"tests/[\w/.]+|\.ci/run", reason)
        )
