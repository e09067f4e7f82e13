"""Generated datasets on disk: the same bytes every time, read by other tools and by ours."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from craftlite.data.readers import read_dataset
from craftlite.errors import ConfigError
from craftlite.geometry import signed_area
from craftlite.synth import writer
from craftlite.synth.generator import Generator
from craftlite.synth.synthtext import word_quad
from craftlite.synth.typesetting.fonts import FaceId
from craftlite.synth.writer import write_dataset


@pytest.fixture
def made(dejavu_file: Path) -> Generator:
    return Generator(faces={"latin": (FaceId(str(dejavu_file)),)}, size=(256, 192), seed=4)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PICTURES_A_BLOCK", 5)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_bytes_are_the_same_each_time_whatever_the_workers(
    made: Generator, tmp_path: Path
) -> None:
    totals = write_dataset(made, tmp_path / "a", 12, workers=1)
    assert write_dataset(made, tmp_path / "b", 12, workers=2) == totals
    one, other = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert one == other
    assert {"gt.mat", "words.jsonl", "manifest.json", "images/000002/words.jsonl"} <= set(one)
    assert sum(name.endswith(".jpg") for name in one) == 12
    manifest = json.loads(one["manifest.json"])
    assert manifest["seed"] == 4
    assert manifest["versions"]["numpy"] == np.__version__
    assert manifest["totals"] == totals
    assert totals["pictures"] == 12
    assert totals["characters"] > totals["words"] > totals["dont_care"] >= 0


def test_an_interrupted_run_goes_on_and_ends_the_same(made: Generator, tmp_path: Path) -> None:
    write_dataset(made, tmp_path / "whole", 12)
    write_dataset(made, tmp_path / "part", 12)
    for name in ("gt.mat", "words.jsonl", "images/000001/words.jsonl", "images/000001/synth_7.jpg"):
        (tmp_path / "part" / name).unlink()
    kept = tmp_path / "part/images/000000/words.jsonl"
    before = kept.stat().st_mtime_ns
    write_dataset(made, tmp_path / "part", 12, resume=True)
    assert contents(tmp_path / "part") == contents(tmp_path / "whole")
    assert kept.stat().st_mtime_ns == before


def test_folders_of_others_and_other_settings_are_refused(made: Generator, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.jpg").write_bytes(b"precious")
    with pytest.raises(ConfigError, match="is not empty"):
        write_dataset(made, tmp_path / "mine", 5)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".craftlite-0123.tmp").touch()  # of a run that was killed at once
    write_dataset(made, tmp_path / "out", 5)
    with pytest.raises(ConfigError, match="--resume"):
        write_dataset(made, tmp_path / "out", 5)
    with pytest.raises(ConfigError, match="was started with count 5"):
        write_dataset(made, tmp_path / "out", 6, resume=True)
    assert len(contents(tmp_path / "mine")) == 1


def test_gt_mat_has_the_layout_of_synthtext(made: Generator, tmp_path: Path) -> None:
    write_dataset(made, tmp_path / "out", 12)
    truth = loadmat(tmp_path / "out/gt.mat")
    assert truth["imnames"].shape == truth["wordBB"].shape == truth["txt"].shape == (1, 12)
    records = [json.loads(line) for line in (tmp_path / "out/words.jsonl").open()]
    for k, record in enumerate(records):
        assert truth["imnames"][0, k].tolist() == [record["image"]]
        assert (tmp_path / "out" / record["image"]).is_file()
        words = record["words"]
        boxes, characters = truth["wordBB"][0, k], truth["charBB"][0, k]
        if len(words) == 1:
            boxes = boxes[..., None]
        assert boxes.shape == (2, 4, len(words))
        assert [text.strip() for text in truth["txt"][0, k]] == [word["text"] for word in words]
        quads = [quad for word in words for quad in word["characters"]]
        expected = np.array(quads).reshape(-1, 4, 2).transpose(2, 1, 0)
        assert np.allclose(characters.reshape(2, 4, -1), expected, atol=0.01)
        for column, word in enumerate(words):
            if len(word["polygon"]) == 4:
                assert np.allclose(boxes[..., column].T, word["polygon"], atol=0.01)


def test_our_readers_read_what_is_written(made: Generator, tmp_path: Path) -> None:
    write_dataset(made, tmp_path / "out", 12)
    ours = read_dataset("words", tmp_path / "out", "train")
    theirs = read_dataset("synthtext", tmp_path / "out", "train")
    assert len(ours.samples) == len(theirs.samples) == 12
    assert not theirs.problems
    by_name = {Path(s.name).name: s for s in theirs.samples}
    for sample in ours.samples:
        original = made.sample(int(sample.name.rpartition("_")[2]))
        again = by_name[Path(sample.name).name]
        assert sample.pixels().shape == again.pixels().shape == (192, 256, 3)
        assert abs(sample.pixels().astype(int) - original.pixels()).mean() < 15
        for word, read, other in zip(original.words, sample.words, again.words, strict=True):
            assert read.ignore == word.ignore
            assert other.text == word.text
            assert np.allclose(read.polygon, word.polygon, atol=0.01)
            assert word.characters is not None
            assert other.characters is not None
            assert np.allclose(other.characters, word.characters, atol=0.01)
            if not word.ignore:
                assert read.text == word.text
                assert read.characters is not None
                assert np.allclose(read.characters, word.characters, atol=0.01)


def test_a_curved_word_has_the_smallest_rectangle_from_where_reading_starts() -> None:
    bow = [[0, 10], [10, 4], [20, 10], [20, 20], [10, 14], [0, 20]]
    quad = word_quad(bow)
    assert quad.shape == (4, 2)
    assert signed_area(quad) == pytest.approx(20 * 16, rel=0.01)
    assert np.allclose(quad[0], [0, 4])
    plain = [[1, 2], [3, 2], [3, 4], [1, 4]]
    assert word_quad(plain).tolist() == plain


def test_killed_at_any_moment_it_can_be_resumed(tmp_path: Path, dejavu_file: Path) -> None:
    command = [
        *(sys.executable, "-m", "craftlite.cli", "synth", "--out", str(tmp_path / "out")),
        *("--count", "100", "--size", "256x192", "--fonts", str(dejavu_file.parent)),
        *("--workers", "1"),
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    manifest = tmp_path / "out/manifest.json"
    while not manifest.exists() or not any((tmp_path / "out").rglob("*.jpg")):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "out/gt.mat").exists()
    subprocess.run([*command, "--resume"], check=True, stderr=subprocess.DEVNULL)
    lines = (tmp_path / "out/words.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 100
