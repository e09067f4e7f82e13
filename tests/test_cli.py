"""The command line from outside: help, exit codes, and one sentence for what is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from craftlite.cli import COMMANDS, GROUPS, main

# Every command, those of groups by both of their words.
NAMES = [*COMMANDS, *(f"{group} {name}" for group, names in GROUPS.items() for name in names)]
PLATE = Path(__file__).parents[1] / "data/samples/images/plate.jpg"


def usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What stderr says; the exit code must be that of wrong usage."""
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code  # type: ignore[assignment]
    assert code == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)


@pytest.mark.parametrize("command", NAMES)
def test_every_command_explains_its_options(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*command.split(), "--help"])
    assert stop.value.code == 0
    assert "--" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        ("--help", "numpy cv2 torch"),
        ("detect --help", "torch matplotlib gradio uharfbuzz"),
        ("eval --help", "torch matplotlib gradio uharfbuzz"),
        ("inspect --help", "torch gradio uharfbuzz"),
        ("convert --help", "torch onnxruntime matplotlib gradio uharfbuzz"),
        ("train --help", "torch onnxruntime uharfbuzz"),
        ("serve --help", "torch fastapi uvicorn gradio"),
        ("objects --help", "numpy cv2 torch"),
        ("objects detect --help", "torch matplotlib gradio uharfbuzz pycocotools"),
        ("objects train --help", "torch onnxruntime uharfbuzz pycocotools"),
    ],
)
def test_help_imports_what_its_command_needs_alone(arguments: str, heavy: str) -> None:
    program = (
        "import sys\nfrom craftlite.cli import main\ntry: main(sys.argv[1].split())\n"
        "except SystemExit: print(set(sys.argv[2].split()) & set(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, arguments, heavy]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"


def test_help_shows_no_types_of_python(capsys: pytest.CaptureFixture[str]) -> None:
    for command in NAMES:
        with pytest.raises(SystemExit):
            main([*command.split(), "--help"])
        shown = capsys.readouterr().out
        assert "type:" not in shown
        assert "null" not in shown
        assert "<class" not in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "nonsense"),
        (["detect", "x.jpg", "--no-such-option"], "no-such-option"),
        (["detect", "x.jpg", "--text-threshold", "1.5"], "text"),
        (["detect", "x.jpg", "--weights", "nowhere"], "nowhere"),
        (["train", "--steps", "many"], "steps"),
        (["train", "--dataset", "nowhere"], "nowhere"),
        (["train"], "--dataset"),
        (["train", "--dataset", "synth", "--crop", "100"], "multiple of 32"),
        (["export", "--weights", "x", "--out", "y.txt"], ".onnx"),
        (["bench", "--size", "12"], "1280x736"),
        (["bench", "--size", "100x100"], "multiples of 32"),
    ],
)
def test_wrong_usage_is_two_and_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in usage_error(arguments, capsys)


def test_a_recipe_with_an_unknown_key_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("stepz: 3\n")
    said = usage_error(["train", "--dataset", "synth", "--recipe", str(recipe)], capsys)
    assert "stepz" in said


def test_a_missing_dataset_says_what_was_looked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "--dataset", "icdar15", "--data", str(tmp_path / "none")]) == 1
    assert str(tmp_path / "none") in capsys.readouterr().err


def test_info_counts_the_networks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    networks = {entry["name"]: entry for entry in facts["networks"]}
    assert networks["craftlite-small"]["parameters"] <= 2_310_000
    assert networks["craftlite-small"]["macs"] <= 10e9
    assert networks["craft-vgg16"]["parameters"] == pytest.approx(20.77e6, rel=1e-3)
    assert networks["craft-vgg16"]["macs"] == pytest.approx(335e9, rel=1e-2)
    shipped = {entry["name"]: entry for entry in facts["weights"]}
    assert facts["default_weights"] == "craftlite-small-int8"
    assert main(["info"]) == 0
    assert f"{shipped['craftlite-small']['hmean']:.1%}" in capsys.readouterr().out


def test_bench_times_networks_and_postprocessing(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["bench", "--weights", "craftlite-small", "--size", "640x384", "--runs", "2"]
    assert main([*arguments, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["networks"][0]["median_ms"] > 0
    assert facts["postprocess"]["words_found"] == facts["postprocess"]["words_drawn"] == 50


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = [sys.executable, "-m", "craftlite.cli", "detect", str(PLATE), "--long-side", "64"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None and run.stderr is not None
    run.stdout.close()
    said = run.stderr.read().decode()
    assert run.wait() == 1
    assert "Traceback" not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["detect", str(PLATE), "--long-side", "64"],
        ["bench", "--weights", "craftlite-small", "--size", "64x64", "--runs", "1"],
    ],
    ids=["detect", "bench"],
)
def test_a_full_disk_under_standard_output_is_named(arguments: list[str], buffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "craftlite.cli", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": buffered},
        )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"craftlite {arguments[0]}: [Errno 28]") and "'standard output'" in last
    assert "Exception" not in done.stderr and "Traceback" not in done.stderr


def test_what_was_typed_obeys_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = usage_error(["detect", "x.jpg", "--\x1b[31mred"], capsys)
    assert "--\\x1b[31mred" in said
    assert main(["detect", f"{tmp_path}/a\nb\x1b.jpg"]) == 1
    said = capsys.readouterr().err
    assert said == f"craftlite: {tmp_path}/a\\nb\\x1b.jpg: there is no such file\n"
    assert main(["eval", "--dataset", "icdar15", "--data", f"{tmp_path}/\x1b"]) == 1
    assert "\x1b" not in capsys.readouterr().err
