"""Checkpoints: whatever happens while one is written, a whole one is on the disk."""

import multiprocessing
import os
import random
import time
from pathlib import Path

import pytest
import torch

from craftlite import files
from craftlite.errors import CraftliteError, WeightsError
from craftlite.files import ABANDONED, UNFINISHED
from craftlite.train.checkpoint import load_checkpoint, save_checkpoint


def state(step: int) -> dict[str, object]:
    return {"step": step, "model": {"weight": torch.full((300, 1000), float(step))}}


def save_without_end(path: Path) -> None:
    step = 0
    while True:
        step += 1
        save_checkpoint(path, state(step))


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    for step in (1, 2):
        save_checkpoint(path, state(step))
        loaded = load_checkpoint(path)
        assert loaded["step"] == step
        assert torch.equal(loaded["model"]["weight"], torch.full((300, 1000), float(step)))
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_while_writing_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, state(1))
    before = path.read_bytes()
    with pytest.raises((AttributeError, TypeError, RuntimeError), match="pickle"):
        save_checkpoint(path, state(2) | {"cannot be written": (n for n in range(3))})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def unfinished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the next checkpoint is written to before it is whole."""
    monkeypatch.setattr(files.secrets, "token_hex", lambda count: "next")
    return tmp_path / UNFINISHED.format("next")


def test_a_folder_that_cannot_be_written_leaves_the_old_checkpoint(
    tmp_path: Path, unfinished: Path
) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, state(1))
    # A folder of that name cannot be opened for writing, even by root.
    unfinished.mkdir()
    with pytest.raises(CraftliteError, match=r"checkpoint\.pt: cannot be written \(Is a directory"):
        save_checkpoint(path, state(2))
    assert load_checkpoint(path)["step"] == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk needs Linux's /dev/full")
def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path, unfinished: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, state(1))
    unfinished.symlink_to("/dev/full")
    with pytest.raises(CraftliteError, match=r"cannot be written .*the previous checkpoint"):
        save_checkpoint(path, state(2))
    assert load_checkpoint(path)["step"] == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    # The fork server imports torch once, so that every writer starts at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["craftlite.train.checkpoint"])
    path = tmp_path / "checkpoint.pt"
    delays = random.Random(0)
    for _ in range(10):
        path.unlink(missing_ok=True)
        writer = context.Process(target=save_without_end, args=(path,), daemon=True)
        writer.start()
        deadline = time.monotonic() + 120
        while not path.exists():
            assert writer.is_alive(), "the writer stopped by itself"
            assert time.monotonic() < deadline, "the writer wrote nothing"
            time.sleep(0.001)
        time.sleep(delays.uniform(0, 0.05))
        writer.kill()
        writer.join()
        loaded = load_checkpoint(path)
        assert loaded["step"] >= 1
        assert (loaded["model"]["weight"] == loaded["step"]).all()
    unfinished = list(tmp_path.glob(UNFINISHED.format("*")))
    assert unfinished, "no kill came while a checkpoint was written"
    # What a killed writer leaves behind does not hinder the next one, which removes it in time.
    long_ago = time.time() - ABANDONED - 60
    for left in unfinished:
        os.utime(left, (long_ago, long_ago))
    save_checkpoint(path, state(5))
    assert load_checkpoint(path)["step"] == 5
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("spoil", ["cut", "noise", "empty", "flipped"])
def test_a_corrupt_file_is_named_in_the_error(spoil: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, state(1))
    raw = path.read_bytes()
    spoilt = {
        "cut": raw[: len(raw) // 2],
        "noise": b"this is no checkpoint",
        "empty": b"",
        "flipped": bytes(255 - byte for byte in raw[:64]) + raw[64:],
    }
    path.write_bytes(spoilt[spoil])
    with pytest.raises(WeightsError, match=r"checkpoint\.pt"):
        load_checkpoint(path)


def test_a_missing_file_and_a_file_of_others_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no checkpoint"):
        load_checkpoint(tmp_path / "none.pt")
    torch.save({"weight": torch.zeros(3)}, tmp_path / "weights.pt")
    with pytest.raises(WeightsError, match="no step"):
        load_checkpoint(tmp_path / "weights.pt")
