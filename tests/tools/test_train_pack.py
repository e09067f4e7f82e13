"""Training on packs in so many minutes: what it is told, what it leaves, and the whole of it."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from craftlite.data.readers import read_dataset
from craftlite.model.files import read_model
from tools.train_pack import dataset_options, generate, hand_out, parse_arguments

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder as unpacked packs leave it."""
    mix = {"datasets": [{"name": "1-icdar15", "weight": 3}, {"name": "2-quads", "weight": 1}]}
    (tmp_path / "mix.json").write_text(json.dumps(mix))
    return tmp_path


def test_generated_pictures_get_their_share_of_the_crops(data: Path) -> None:
    (data / "generated").mkdir()
    (data / "generated" / "words.jsonl").touch()
    (data / "start.safetensors").touch()
    options = dataset_options(data, synth=0.2)
    assert options == [
        *("--dataset", "words:3", "--data", str(data / "datasets" / "1-icdar15")),
        *("--dataset", "words:1", "--data", str(data / "datasets" / "2-quads")),
        *("--dataset", "words:1", "--data", str(data / "generated")),
        *("--init", str(data / "start.safetensors")),
    ]


def test_without_generated_pictures_and_weights_it_starts_from_the_backbone(data: Path) -> None:
    options = dataset_options(data, synth=0.2)
    assert str(data / "generated") not in options
    assert options[-2:] == ["--init", "backbone"]


def test_what_follows_the_dashes_goes_to_the_training() -> None:
    line = "a.tar b.tar --minutes 2 --out o --synth 0.4 -- --batch 64 --crop 512"
    job = parse_arguments(line.split())
    assert job.packs == [Path("a.tar"), Path("b.tar")]
    assert job.synth == 0.4
    assert job.settings == ["--batch", "64", "--crop", "512"]
    assert 0 < job.left() <= 120


def test_weights_are_handed_out_beside_all_that_is_small(tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    hand_out(run, out)
    assert list(out.iterdir()) == []
    run.mkdir()
    for name in ("weights.safetensors", "checkpoint.pt", "log.jsonl", "card.md", "weights.onnx"):
        (run / name).write_text(name)
    hand_out(run, out)
    assert sorted(path.name for path in out.iterdir()) == ["run.tar", "weights.safetensors"]
    with tarfile.open(out / "run.tar") as tar:
        assert tar.getnames() == ["run/card.md", "run/log.jsonl"]


def test_pictures_are_generated_until_the_time_is_up_and_others_added(tmp_path: Path) -> None:
    count = generate(tmp_path, 1.0)
    folder = tmp_path / "generated"
    assert count == len(read_dataset("words", folder, "train").samples) > 0
    before = {path: path.read_bytes() for path in (folder / "images").iterdir()}
    more = generate(tmp_path, 1.0)
    samples = read_dataset("words", folder, "train").samples
    assert more == len(samples) > count
    assert all(path.read_bytes() == content for path, content in before.items())
    assert all(word.characters is not None or word.ignore for s in samples for word in s.words)


@pytest.mark.slow
def test_packs_are_trained_on_from_start_to_end(quads: Path, tmp_path: Path) -> None:
    pack = [sys.executable, "-m", "tools.pack", "--dataset", "quads", "--data", quads]
    pack += ["--init", "craftlite-small", "--out", tmp_path / "packs"]
    subprocess.run(pack, check=True, cwd=TOOLS.parent)
    options = ["--minutes", "1.1", "--generate", "0.1", "--tune", "0.1"]
    settings = "--batch 2 --crop 64 --workers 0 --log-every 1 --pseudo-every 0 --crops device"
    places = ["--work", tmp_path / "work", "--out", tmp_path / "out"]
    packs = sorted((tmp_path / "packs").glob("*.tar"))
    command = [sys.executable, TOOLS / "train_pack.py", *packs, *places, *options, "--"]
    done = subprocess.run(
        [*command, *settings.split()],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "generated pictures" in done.stdout
    name, _ = read_model(tmp_path / "out" / "weights.safetensors")
    assert name == "craftlite-small-v2"
    with tarfile.open(tmp_path / "out" / "run.tar") as tar:
        assert {"run/log.jsonl", "run/card.md", "run/config.yaml"} <= set(tar.getnames())
